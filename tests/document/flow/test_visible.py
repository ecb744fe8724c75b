"""What a reader sees runs where it stands; what nobody sees never runs; nothing is dropped unsaid."""

# ruff: noqa: E501 - pages are easier to read on one line

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runbook_exec.document.model import Block
from runbook_exec.document.parser import parse_runbook
from tests.support.paths import DATA

CASES = DATA / "cases"


def outline(text: str, path: str = "page.md") -> list[str]:
    """Each block of the page's procedures: its commands with the alternatives they belong to, or why not."""
    runbook = parse_runbook(text.encode(), path)
    assert not runbook.problems, runbook.problems
    return [
        line for procedure in runbook.procedures for step in procedure.steps for line in _lines(step.blocks)
    ]


def _lines(blocks: tuple[Block, ...]) -> Iterator[str]:
    for block in blocks:
        if not block.runs:
            yield f"{block.code.split(chr(10))[0]} -- {block.why_not}"
            continue
        for statement in block.statements:
            labels = [branch.labels[branch.number - 1] for branch in block.branches]
            if statement.alternative:
                labels.append((block.alternatives, *block.forks)[statement.fork][statement.alternative - 1])
            yield statement.text + "".join(f" [{label}]" for label in labels)


def page(*parts: str) -> str:
    """Return a page with one procedure of these parts."""
    return "# Page\n\n## Procedure\n\n" + "\n\n".join(parts) + "\n"


def fence(*commands: str, indent: int = 0, info: str = "bash") -> str:
    """Return a block, indented."""
    lines = (f"```{info}", *commands, "```")
    return "\n".join(" " * indent + line for line in lines)


HIDDEN = {
    "obsidian": ("%%", "%%"),
    "obsidian with words": ("%% not yet", "done %%"),
    "mdx": ("{/*", "*/}"),
    "mdx with words": ("{/* not yet", "*/}"),
    "liquid": ("{% comment %}", "{% endcomment %}"),
    "liquid without white space": ("{%- comment -%}", "{%- endcomment -%}"),
    "hugo": ("{{/*", "*/}}"),
    "hugo shortcode": ("{{</*", "*/>}}"),
    "hugo percent": ("{{%/*", "*/%}}"),
    "hugo comment": ("{{% comment %}}", "{{% /comment %}}"),
    "hugo comment tag": ("{{< comment >}}", "{{< /comment >}}"),
    "jinja": ("{#", "#}"),
    "kramdown": ("{::comment}", "{:/comment}"),
    "hidden html": ("<div hidden>", "</div>"),
    "html without display": ('<div style="display: none">', "</div>"),
}


@pytest.mark.parametrize("between", ["\n", "\n\n"], ids=["tight", "loose"])
@pytest.mark.parametrize("kind", HIDDEN)
def test_a_block_in_a_comment_never_runs(kind: str, between: str) -> None:
    """It is listed as not run, because no reader sees it; the blocks around it run."""
    begins, ends = HIDDEN[kind]
    hidden = between.join((begins, fence("echo no"), "### Not a heading", ends))
    text = page(fence("echo a"), hidden, fence("echo b"))
    for ends in ("\n", "\r\n"):
        first, second, last = outline(text.replace("\n", ends))
        assert (first, last) == ("echo a", "echo b")
        assert second.startswith("echo no -- in a ")
        assert second.endswith("that no reader sees")


def test_a_block_in_an_html_comment_is_no_block() -> None:
    """As before: it is not listed either."""
    text = page(fence("echo a"), "<!--\n" + fence("echo no") + "\n-->", "<!-- x -->", fence("echo b"))
    assert outline(text) == ["echo a", "echo b"]


@pytest.mark.parametrize(
    "prose",
    [
        "It is 50%% full.",
        "%% one line %%",
        "`%%` begins a comment",
        "%%bash\n\ntext\n\n%%time x",
        "`{% comment %}` hides text",
        "Write `{/*` before it.",
        "{# an unclosed one",
        "{{< comment >}} with `x`",
        "{/* one line */}",
        "{{/* one line */}}",
        "[//]: # (one line)",
        "{% raw %}",
    ],
)
def test_text_that_only_looks_like_a_comment_hides_nothing(prose: str) -> None:
    """A comment that ends on its line, is in code, or is never closed, hides no block."""
    assert outline(page(fence("echo a"), prose, fence("echo b"))) == ["echo a", "echo b"]


def test_a_comment_inside_a_block_is_a_command() -> None:
    """What begins a comment in prose is code in a block."""
    assert outline(page(fence("echo '{/*'", "echo '%%'"), fence("echo '*/}'"))) == [
        "echo '{/*'",
        "echo '%%'",
        "echo '*/}'",
    ]


def test_an_unclosed_comment_of_obsidian_hides_the_rest() -> None:
    """So does Obsidian."""
    _, hidden = outline(page(fence("echo a"), "%%", fence("echo no")))
    assert "no reader sees" in hidden


BOXES = {
    "admonition": '!!! danger "Back up first"\n\n    ```bash\n    echo in\n    ```',
    "admonition without a blank line": "!!! note\n    ```bash\n    echo in\n    ```",
    "open details": "???+ note\n\n    ```bash\n    echo in\n    ```",
    "docusaurus": ":::tip\n\n```bash\necho in\n```\n\n:::",
    "vitepress": "::: warning Careful\n```bash\necho in\n```\n:::",
    "myst": ":::{note}\n```bash\necho in\n```\n:::",
    "myst in a fence": "````{warning}\n```bash\necho in\n```\n````",
    "pymdown": "/// note | Careful\n\n```bash\necho in\n```\n\n///",
    "open html": "<details open>\n<summary>x</summary>\n\n```bash\necho in\n```\n\n</details>",
    "gitbook": '{% hint style="info" %}\n```bash\necho in\n```\n{% endhint %}',
    "hugo": "{{< alert >}}\n```bash\necho in\n```\n{{< /alert >}}",
    "jsx": "<Note>\n```bash\necho in\n```\n</Note>",
    "one tab": '=== "Debian"\n\n    ```bash\n    echo in\n    ```',
    "steps in jsx": "<Steps>\n  <Step>\n    ```bash\n    echo in\n    ```\n  </Step>\n</Steps>",
}


@pytest.mark.parametrize("kind", [kind for kind in BOXES if kind != "steps in jsx"])
def test_a_block_in_a_box_runs_where_it_stands(kind: str) -> None:
    """Notes, warnings and other boxes are in the flow of the step."""
    text = page(fence("echo a"), BOXES[kind], fence("echo b"))
    assert outline(text) == ["echo a", "echo in", "echo b"]


def test_indented_blocks_of_mdx_run() -> None:
    """MDX has no indented code."""
    text = page(fence("echo a"), BOXES["steps in jsx"], fence("echo b"))
    assert outline(text, "page.mdx") == ["echo a", "echo in", "echo b"]


FOLDED = {
    "details": "<details>\n<summary>More</summary>\n\n```bash\necho in\n```\n\n</details>",
    "details without blank lines": "<details><summary>More</summary>\n```bash\necho in\n```\n</details>",
    "question marks": '??? note "More"\n\n    ```bash\n    echo in\n    ```',
    "vitepress": "::: details More\n```bash\necho in\n```\n:::",
    "myst": ":::{dropdown} More\n```bash\necho in\n```\n:::",
    "myst in a fence": "````{dropdown} More\n```bash\necho in\n```\n````",
    "hugo": '{{< details "More" >}}\n```bash\necho in\n```\n{{< /details >}}',
    "accordion": '<Accordion title="More">\n\n```bash\necho in\n```\n\n</Accordion>',
    "pymdown": "/// details | More\n\n```bash\necho in\n```\n\n///",
}


@pytest.mark.parametrize("kind", FOLDED)
def test_a_block_in_a_folded_section_is_shown_and_not_run(kind: str) -> None:
    """A reader decides whether to open it; the program says so and runs what is around it."""
    text = page(fence("echo a"), FOLDED[kind], fence("echo b"))
    assert outline(text) == ["echo a", "echo in -- in a folded section (“More”)", "echo b"]


def test_a_block_indented_by_four_spaces_is_reported() -> None:
    """Most sites show it as text; it is listed as not run."""
    text = page(fence("echo a"), "Write:", fence("echo in", indent=4), "text", fence("echo b"))
    assert outline(text) == [
        "echo a",
        "echo in -- indented by four spaces: most sites show it as text",
        "echo b",
    ]


def test_what_is_around_a_box_is_not_part_of_it() -> None:
    """Headings and numbered items in a box or tab are no steps of the page."""
    text = "# P\n\n## Steps\n\n### 1. One\n\n```bash\na\n```\n\n!!! note\n\n    ## Two\n\n    1. x\n\n### 2. Two\n\n```bash\nb\n```\n"
    runbook = parse_runbook(text.encode(), "page.md")
    assert [step.title for step in runbook.procedures[0].steps] == ["One", "Two"]


def test_the_page_with_a_box_and_a_tab() -> None:
    """The backup in the box runs first, and the block in the only tab is not lost."""
    text = (CASES / "bugs" / "05-tabs-admonition.md").read_text(encoding="utf-8")
    assert outline(text) == ["echo BACKUP", "echo UPGRADE", "echo DEB"]


def test_the_page_with_hidden_comments() -> None:
    """Only the block that a reader sees runs."""
    text = (CASES / "bugs" / "06-hidden-comments.md").read_text(encoding="utf-8")
    assert outline(text) == [
        "echo OBSIDIAN-COMMENT -- in a comment, `%%`, that no reader sees",
        "echo MDX-COMMENT -- in a comment, `{/* … */}`, that no reader sees",
        "echo VISIBLE",
    ]


UNSEEN = {
    "div hidden": ("<div hidden>", "</div>"),
    "article hidden": ("<article hidden>", "</article>"),
    "main hidden": ("<main hidden>", "</main>"),
    "p hidden": ("<p hidden>", "</p>"),
    "blockquote hidden": ("<blockquote hidden>", "</blockquote>"),
    "figure hidden": ("<figure hidden>", "</figure>"),
    "ul hidden": ("<ul hidden>", "</ul>"),
    "table hidden": ("<table hidden>", "</table>"),
    "form hidden": ("<form hidden>", "</form>"),
    "fieldset hidden": ("<fieldset hidden>", "</fieldset>"),
    "span hidden": ("<span hidden>", "</span>"),
    "b hidden": ("<b hidden>", "</b>"),
    "section hidden": ("<section hidden>", "</section>"),
    "center hidden": ("<center hidden>", "</center>"),
    "custom-el hidden": ("<custom-el hidden>", "</custom-el>"),
    "display none center": ('<center style="display:none">', "</center>"),
    "entity": ("<div style='display:&#110;one'>", "</div>"),
    "css escape": ("<div style='displa\\79 :none'>", "</div>"),
    "css comment": ("<div style='display:/* x */none'>", "</div>"),
    "gt in value": ('<div title="a>b" hidden>', "</div>"),
    "lt in value": ('<div title="<" hidden>', "</div>"),
    "lt": ("<div < hidden>", "</div>"),
    "no space": ('<div title="a"hidden>', "</div>"),
    "template": ("<template>", "</template>"),
    "dialog": ("<dialog>", "</dialog>"),
    "script in div": ("<div><script>", "</script></div>"),
    "style in div": ("<div><style>", "</style></div>"),
    "noscript": ("<noscript>", "</noscript>"),
    "never closed": ("<div hidden>", ""),
    "self closed": ("<div hidden/>", ""),
    "never closed template": ("<template>", ""),
    "comment with close": ("<div hidden>\n<!-- </div> -->", "</div>"),
    "comment in div": ("<div>\n<!--", "-->\n</div>"),
    "nested same": ("<article hidden>\n<article>\n</article>", "</article>"),
    "multi line": ('<article\n  class="x"\n  hidden\n>', "</article>"),
    "upper": ("<ARTICLE HIDDEN>", "</ARTICLE>"),
    "in list": ("- <article hidden>", "</article>"),
    "visibility": ('<div style="visibility:hidden">', "</div>"),
    "font-size": ('<div style="font-size:0">', "</div>"),
    "opacity": ('<div style="opacity:0.0">', "</div>"),
    "jsx": ('<div style={{display: "none"}}>', "</div>"),
    "until-found": ('<article hidden="until-found">', "</article>"),
    "prose before": ("Text <article hidden>", "</article>"),
    "odd backtick": ("Press ` now. <article hidden>", "</article>"),
    "close in code": ("<article hidden>\n\n`` </article> ``", "</article>"),
    "close escaped": ("<article hidden>\n\nx \\</article>", "</article>"),
    "close with words": ("<article hidden>\n\nx </article foo>", "</article>"),
    "close in name": ('<article hidden>\n<i></article"x></i>', "</article>"),
    "close in value": ('<article hidden>\n<i title="</article>"></i>', "</article>"),
    "close in template": ("<article hidden>\n<template></article></template>", "</article>"),
    "close in script": ('<article hidden>\n<div><script>"</article>"</script></div>', "</article>"),
    "close in table": ("<article hidden>\n<table><tr><td></article></td></tr></table>", "</article>"),
    "close in pipe table": ("<article hidden>\n\n| a |\n|---|\n| </article> |", "</article>"),
    "type 2 twice": ("<!-- a --> <!-- b", "-->"),
    "escaped twice": ("a \\\\<article hidden>", "</article>"),
    "template in text": ("Text <template>", "<div></template></div>"),
}

SEEN = {
    "plain article": ("<article>", "</article>"),
    "open dialog": ("<dialog open>", "</dialog>"),
    "aria-hidden": ('<div aria-hidden="true">', "</div>"),
    "input hidden": ('<input type="hidden" name="x">', ""),
    "br hidden": ("<br hidden>", ""),
    "closed before": ("<article hidden>\nx\n</article>", ""),
    "opacity": ('<div style="opacity:0.5">', "</div>"),
    "font-size": ('<div style="font-size:0.9em">', "</div>"),
    "prose": ("Some hidden <span of text, and `<div hidden>` in code.", ""),
    "span inline": ("A <span hidden>word</span> here.", ""),
    "title placeholder": ("Write <title> there, in style.", ""),
    "data-hidden": ('<div data-hidden="x">', "</div>"),
    "title attr": ('<div title="the hidden one">', "</div>"),
    "escaped": ("a \\<article hidden> x", ""),
    "code span": ("Use `` `<article hidden>` `` there.", ""),
    "style prose": ('<Note style="x">', "</Note>"),
    "html comment": ("<!-- <div hidden> -->", ""),
    "table": ("<table><tr><td hidden>x</td></tr></table>", ""),
    "script": ("<script>\nx\n</script>", ""),
    "style el": ("<style>\n.x {display: none}\n</style>", ""),
    "video": ('<video controls>\n<source src="x">\n</video>', ""),
    "list of placeholders": ('Copy <template> to <name>, <object> and <audio hidden="x">y</audio>.', ""),
}


@pytest.mark.parametrize("kind", UNSEEN)
def test_a_block_in_an_element_that_no_reader_sees_never_runs(kind: str) -> None:
    """A browser decides what is in an element, and hides it by an attribute, a style or its name."""
    begins, ends = UNSEEN[kind]
    assert "echo no" not in outline(page(fence("echo a"), begins, fence("echo no"), ends))


@pytest.mark.parametrize("kind", SEEN)
def test_a_block_below_other_html_runs(kind: str) -> None:
    """Text and elements that only look like hidden ones, or have ended, hide no block."""
    begins, ends = SEEN[kind]
    assert outline(page(fence("echo a"), begins, fence("echo b"), ends)) == ["echo a", "echo b"]
