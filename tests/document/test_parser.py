"""Parsed pages: documents and their expected outlines, side by side in tests/data/documents.

`python -m tests.document.test_parser` writes the outlines again, for review.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook_exec.diagnostics.problem import Problem, Severity
from runbook_exec.document.model import Block, Procedure, Prose, Runbook, RunbookSettings, Step
from runbook_exec.document.parser import parse_runbook
from runbook_exec.shells.quoting import Context
from tests.support.paths import DATA

DOCUMENTS = DATA / "documents"


def _outline(runbook: Runbook) -> Iterator[str]:
    yield f"{runbook.title} · runs {runbook.chosen or 'nothing unless named'}"
    for procedure in runbook.procedures:
        yield from _procedure(procedure)
    yield ""
    for section in runbook.sections:
        stretch = f"{section.span.start}–{section.end}"
        yield f"section {section.level} #{section.anchor} {section.title} ({stretch})"
    for link in runbook.wikilinks:
        yield f"link {link.span.line}:{link.span.column} {link.target!r} {link.heading!r} {link.label!r}"
    for block in runbook.blocks:
        if block.why_not:
            yield f"block on line {block.span.line} does not run: {block.why_not}"
    yield from map(_problem, runbook.problems)


def _procedure(procedure: Procedure) -> Iterator[str]:
    yield ""
    danger = ", dangerous" if procedure.dangerous else ""
    yield f"procedure #{procedure.anchor} {procedure.title} in {procedure.shell or 'no shell'}{danger}"
    for prose in procedure.prose:
        yield f"    | {prose.text!r}"
    for step in procedure.steps:
        yield from _step(step)


def _step(step: Step) -> Iterator[str]:
    by_hand = " (by hand)" if step.manual else ""
    yield f"  {step.number}. [{step.label}] {step.title} #{step.anchor}{by_hand}"
    for part in step.parts:
        if isinstance(part, Prose):
            yield f"    | {part.text!r}"
        else:
            yield from _block(part)


def _block(block: Block) -> Iterator[str]:
    language = block.language or "no language"
    yield f"    block {block.number}, {language}, {'runs' if block.runs else block.why_not}"
    for number, label in enumerate(block.alternatives, 1):
        yield f"      alternative {number}: {label}"
    for statement in block.statements:
        at = f"{statement.span.line}:{statement.span.column}"
        choice = f" ({statement.alternative})" if statement.alternative else ""
        yield f"      {at}{choice} {statement.text!r}"
        for placeholder in statement.placeholders:
            yield f"        {placeholder.text} is {placeholder.name}, {placeholder.context.value}"
        if statement.expected is not None:
            yield f"        shows {statement.expected!r}"


def _problem(problem: Problem) -> str:
    at = f"{problem.span.line}:{problem.span.column}" if problem.span else "-"
    return f"{problem.severity.value} {at} {problem.code}: {problem.message} ({problem.hint})"


def _outline_path(document: Path) -> Path:
    return document.with_suffix(".outline.txt")


def _read(document: Path) -> str:
    runbook = parse_runbook(document.read_bytes(), document.name)
    return "\n".join(_outline(runbook)) + "\n"


@pytest.mark.parametrize("document", sorted(DOCUMENTS.glob("*.md")), ids=lambda path: str(path.stem))
def test_a_document_has_the_expected_outline(document: Path) -> None:
    """Each document has exactly the outline beside it."""
    assert _read(document) == _outline_path(document).read_text(encoding="utf-8")


def _parse(text: str, **options: str) -> Runbook:
    overlay = RunbookSettings(procedure=options["procedure"]) if "procedure" in options else None
    return parse_runbook(text.encode(), "page.md", overlay, options.get("shell"))


def _fish(*scripts: str) -> str:
    return "".join(f"\n```fish\n{script}\n```\n" for script in scripts)


def test_an_existing_how_to_runs_unchanged() -> None:
    """Its procedure has six steps and seven statements in fish, and two of them need a value."""
    runbook = parse_runbook((DOCUMENTS / "rotate-fly-token.md").read_bytes(), "rotate-fly-token.md")
    (procedure,) = runbook.procedures
    blocks = [block for step in procedure.steps for block in step.blocks]
    statements = [statement for block in blocks for statement in block.statements]
    assert (runbook.chosen, procedure.shell, runbook.problems) == ("procedure", "fish", ())
    assert (len(procedure.steps), len(statements)) == (6, 7)
    assert [step.label for step in procedure.steps] == ["1", "2", "3", "4", "5", "6"]
    assert all(block.runs for block in blocks)
    assert [(found.text, found.context) for statement in statements for found in statement.placeholders] == [
        ("<paste-new-token>", Context.SINGLE),
        ("<old-token-id>", Context.BARE),
    ]


@pytest.mark.parametrize(
    ("title", "chosen"),
    [("Troubleshooting", "deploy"), ("Debugging it", "deploy"), ("Emergency", None), ("Scale", None)],
)
@pytest.mark.parametrize("steps", [1, 2])
def test_with_two_procedures_none_is_the_default(title: str, chosen: str | None, steps: int) -> None:
    """Sections that only help do not count; a section with one numbered step does."""
    deploy, other = (
        "".join(f"\n### {number}. Do\n{_fish(f'echo {number}')}" for number in range(1, count + 1))
        for count in (2, steps)
    )
    runbook = _parse(f"# Page\n\n## Deploy\n{deploy}\n## {title}\n{other}")
    assert [procedure.title for procedure in runbook.procedures] == ["Deploy", title]
    assert runbook.chosen == chosen


def test_a_page_with_two_titles_has_the_procedures_of_both() -> None:
    """If two headings look like the page's title, neither is treated as one."""
    runbook = _parse(
        f"# Deploy\n\n## 1. Do\n{_fish('echo 1')}\n# Stop\n\n## 1. Do\n{_fish('echo 2')}\n"
        f"## 2. Look\n{_fish('echo 3')}"
    )
    assert [procedure.title for procedure in runbook.procedures] == ["Deploy", "Stop"]
    assert runbook.chosen is None


def test_a_numbered_heading_around_steps_is_no_procedure() -> None:
    """The steps are the headings below a heading that is the only one of its kind."""
    inner = f"\n#### 1. Look\n{_fish('echo 1')}\n#### 2. Do\n{_fish('echo 2')}"
    runbook = _parse(f"# Page\n\n## Deploy\n\n### 1. Only part\n{inner}")
    assert [[step.title for step in procedure.steps] for procedure in runbook.procedures] == [["Look", "Do"]]


@pytest.mark.parametrize("title", ["Procedure", "STEPS", "instructions:", "Runbook.", "**Procedure**"])
@pytest.mark.parametrize("level", [2, 3, 6])
def test_a_section_titled_procedure_is_the_default(title: str, level: int) -> None:
    """Level, case, markup and a final stop do not matter; other sections run only if named."""
    page = f"# Page\n\n## First\n{_fish('echo 1')}\n{'#' * level} {title}\n{_fish('echo 2')}"
    runbook = _parse(page)
    assert runbook.chosen == runbook.procedures[0].anchor
    assert [block.code for block in runbook.procedures[0].steps[0].blocks] == ["echo 2"]
    assert [procedure.anchor for procedure in runbook.procedures[1:]] == ["first"]


@pytest.mark.parametrize("headings", ["### 1. A/### 2. B", "## Step 1: A/## Step 2: B", "### 2) A/### 3) B"])
def test_numbered_headings_are_the_steps(headings: str) -> None:
    """Two numbered siblings form a procedure, and their numbers are its labels."""
    first, second = headings.split("/")
    runbook = _parse(f"# Page\n\n{first}\n{_fish('echo 1')}\n{second}\n{_fish('echo 2')}")
    assert runbook.chosen == "page"
    assert [step.title for step in runbook.procedures[0].steps] == ["A", "B"]
    assert [step.label for step in runbook.procedures[0].steps] == [
        first.strip("#Step .:)A"),
        second.strip("#Step .:)B"),
    ]


@pytest.mark.parametrize("heading", ["## 1.0.2", "## 2024 in review", "## 3 ways"])
def test_a_version_a_year_or_a_count_is_no_step_number(heading: str) -> None:
    """A number counts only before a dot, bracket, colon or dash, or after `Step`."""
    runbook = _parse(f"# Page\n\n{heading}\n{_fish('echo 1')}\n{heading} again\n{_fish('echo 2')}")
    assert runbook.chosen is None
    assert len(runbook.procedures) == 2


@pytest.mark.parametrize(
    "title", ["Rollback", "Debugging", "Emergency shutoff", "Disaster recovery", "Tear down"]
)
def test_a_dangerous_section_runs_only_if_named(title: str) -> None:
    """Alone, in the procedure, or above a section called Steps, it runs only if named."""
    alone = _parse(f"# Page\n\n## {title}\n{_fish('echo 1')}")
    assert (alone.chosen, alone.procedures[0].dangerous) == (None, True)
    above = _parse(f"# Page\n\n## {title}\n\n### Steps\n{_fish('echo 1')}")
    assert (above.chosen, above.procedures[0].dangerous) == (None, True)
    inside = _parse(f"## Procedure\n\n### Do it\n{_fish('echo 1')}\n### {title}\n{_fish('echo 2')}")
    assert [step.title for step in inside.procedures[0].steps] == ["Do it"]
    named = _parse(f"# Page\n\n## {title}\n{_fish('echo 1')}", procedure=alone.procedures[0].anchor)
    assert named.chosen == alone.procedures[0].anchor
    page = _parse(f"# {title}\n{_fish('echo 1')}")
    assert page.chosen == page.procedures[0].anchor


def test_a_title_that_only_names_the_page_does_not_run_all_of_it() -> None:
    """`# Runbook` above several sections with blocks is no procedure."""
    page = f"# Runbook\n\n## Deploy\n{_fish('echo 1')}\n## Check status\n{_fish('echo 2')}"
    runbook = _parse(page)
    assert runbook.chosen is None
    assert [procedure.anchor for procedure in runbook.procedures] == ["deploy", "check-status"]


def test_any_section_can_be_named() -> None:
    """A heading that is no procedure by itself becomes one, with the headings below it as steps."""
    page = f"## Deploy\n\n### Build\n{_fish('echo 1')}\n### Push\n{_fish('echo 2')}"
    runbook = _parse(page, procedure="deploy")
    chosen = next(procedure for procedure in runbook.procedures if procedure.anchor == runbook.chosen)
    assert [step.title for step in chosen.steps] == ["Build", "Push"]
    assert runbook.problems == ()


def test_blocks_before_the_first_step_are_a_step_of_their_own() -> None:
    """The step has the section's title; without blocks that run, the text is its prose."""
    steps = f"\n### One\n{_fish('echo 1')}"
    with_blocks = _parse(f"## Procedure\n\nFirst this.\n{_fish('echo 0')}{steps}").procedures[0]
    without = _parse(f"## Procedure\n\nFirst this.\n{steps}").procedures[0]
    assert [step.title for step in with_blocks.steps] == ["Procedure", "One"]
    assert ([step.title for step in without.steps], [prose.text for prose in without.prose]) == (
        ["One"],
        ["First this."],
    )


@pytest.mark.parametrize(
    ("languages", "option", "shell", "running"),
    [
        (["bash", "bash", "fish"], None, "bash", [True, True, False]),
        (["sh", "sh", "bash", "fish", "fish", "fish"], None, "fish", [False, False, False, True, True, True]),
        (["bash", "fish"], None, "fish", [False, True]),
        (["bash", "bash", "fish"], "bash", "bash", [True, True, False]),
        (["zsh", "zsh", "bash"], None, "zsh", [True, True, False]),
        (["sh", "sh", "shell"], None, "bash", [True, True, True]),
        (["sh", "python"], None, "sh", [True, False]),
        (["ash", "busybox sh", "sh"], None, "ash", [True, True, True]),
        (["Busybox  SH", "busybox", "busybox ls", "zsh"], None, "ash", [True, False, False, False]),
        (["sh", "bash", "ash"], "ash", "ash", [True, False, True]),
        (["json"], None, "", [False]),
    ],
)
def test_the_shell_of_a_procedure(
    languages: list[str], option: str | None, shell: str, running: list[bool]
) -> None:
    """The most frequent shell, fish on a tie; a requested shell comes first."""
    page = "## Steps\n" + "".join(f"\n```{language}\necho\n```\n" for language in languages)
    runbook = _parse(page, **({"shell": option} if option else {}))
    assert runbook.procedures[0].shell == shell
    assert [block.runs for block in runbook.blocks] == running
    assert all(block.runs or block.why_not for block in runbook.blocks)


def test_anchors_equal_those_of_the_rendered_page() -> None:
    """Anchors have no markup and punctuation, and repeated titles are numbered."""
    page = (
        "# `a` & **B**!\n\n## Ünïcode [[page|label]]\n\n## a b\n\n## [a  b](https://example.org)\n\n## 日本\n"
    )
    runbook = _parse(page)
    assert [section.anchor for section in runbook.sections] == [
        "a-b",
        "unicode-label",
        "a-b_1",
        "a-b_2",
        "_1",
    ]
    assert [section.title for section in runbook.sections][:2] == ["a & B!", "Ünïcode label"]


def test_bytes_that_are_not_utf_8_are_a_problem_with_a_place() -> None:
    """The rest of the file is parsed."""
    runbook = parse_runbook("# é\n\ncaf".encode() + b"\xe9\n\n## Next\n", "page.md")
    (problem,) = runbook.problems
    assert (problem.code, problem.severity) == ("not-utf-8", Severity.ERROR)
    assert problem.span is not None
    assert (problem.span.line, problem.span.column) == (3, 4)
    assert [section.title for section in runbook.sections] == ["é", "Next"]


def test_output_in_a_console_block_is_never_a_command() -> None:
    """An incomplete command takes in no output that looks like text of it, and is a problem."""
    runbook = _parse("# P\n\n```console\n$ echo 'open\nrm -rf /\n$ echo fine\n```\n\n```fish\necho\n```\n")
    texts = [statement.text for block in runbook.blocks for statement in block.statements]
    assert not any("rm -rf" in text and text.startswith("rm") for text in texts)
    assert [problem.code for problem in runbook.problems] == ["syntax"]


def test_an_empty_line_after_a_backslash_ends_the_command() -> None:
    """The lines below it in a console block are output, and not the rest of the command."""
    runbook = _parse("# P\n\n```console\n$ echo a \\\n\nb\n```\n")
    (statement,) = runbook.blocks[0].statements
    assert (statement.text, statement.expected) == ("echo a", "b")


def test_a_title_with_huge_numbers_is_only_text() -> None:
    """Neither an entity nor a count in an anchor is parsed as a number that Python refuses."""
    long = "9" * 5000
    runbook = _parse(f"# &#{long}; &amp; \\&amp;\n\n# a_{long}\n\n# a_{long}\n")
    assert runbook.title == f"&#{long}; & &amp;"
    assert [section.anchor for section in runbook.sections][1:] == [f"a_{long}", f"a_{long}_1"]


def _write_page(language: str, script: str) -> str:
    return f"# P\n\n``````{language}\n{script}\n``````\n"


# Long pages: if the time grew with the square of their length, most would take minutes or hours.
_WEARISOME = {
    "backticks in a title": "# " + "`" * 200_000,
    "backticks of all lengths": "# " + " ".join("`" * length for length in range(1, 700)) + " [[a]]",
    "a paragraph that nothing ends": "text\n" + "2. x\n[a]: b\n<b>\n    y\n" * 40_000,
    "marks in a title": "# " + "-" * 200_000 + "a" + "{" * 200_000 + "\n```sh\necho\n```",
    "numbered lists": "# a\n" + "2. a\n\n~~~\n~~~\n\n" * 20_000,
    "link definitions": "[a]: b\n" * 40_000,
    "link labels": "[" * 200_000 + "\n" + "[a\n" * 60_000,
    "lazy lines": "> - a\n" + "  lazy\n>   more\n" * 15_000,
    "unclosed fences": "- ```\n\n" * 30_000 + "> ~~~\n\n" * 30_000,
    "unclosed comments": "text\n" + "- <!-- runbook:\n" * 15_000 + "> <!--\n\n" * 20_000,
    "one annotation": "<!-- runbook: " + 'expect="x" ' * 30_000 + "-->\n```fish\necho\n```",
    "sections": "# a\n## b\n### Rollback\n```fish\necho\n```\n" * 6_000,
    "mistakes in the front matter": "---\n"
    + "".join(f"{n}: x\n" for n in range(9_000))
    + "---\n"
    + "a\n" * 200_000,
    "placeholders and comments": _write_page("fish", "echo <a> # <b>\n" * 15_000),
    "brackets": _write_page("bash", "echo " + "[" * 200_000),
    "brackets that close": _write_page("zsh", "echo " + "[" * 100_000 + "]"),
    "braces": _write_page("bash", "echo {" + "." * 200_000),
    "parentheses in comments": _write_page("bash", "((a # (((\n); b)\n" * 12_000),
    "here-documents": _write_page("bash", "cat <<E\n$a\nE\n" * 15_000),
    "one long here-document": _write_page("sh", "cat <<E\n" + "a\\\n" * 60_000 + "E"),
    "a command of many lines": _write_page("console", "$ " + "a && \\\n" * 30_000),
}


@pytest.mark.parametrize("page", _WEARISOME.values(), ids=_WEARISOME.keys())
def test_a_hostile_page_is_parsed_in_linear_time(page: str) -> None:
    """With quadratic time, this test would not end."""
    runbook = _parse(page)
    assert runbook.text == page
    assert runbook.blocks or runbook.sections or "```" not in page


_PIECES = [
    "# Page", "## Procedure", "### 1. One", "### Two `x`", "## Rollback",
    "Some [[link#part|label]] `[[code]]`.", "1. An item", "   - inside",
    "> quoted", "<!-- runbook: id=x -->", "| a |\n|---|", "===", "",
]  # fmt: skip
_SCRIPTS = [
    ["echo <value>", "echo 'a <b c> d' # <no>"], ["$ echo <value>", "out", "$ echo \\", "> two"],
    ["begin", "\techo <x-y>", "end"], ["# or:", "echo 1", "", "# or directly:", "echo \"<q>\""], [],
    ["echo 'open"],
]  # fmt: skip
_INDENTS = ["", "", "", "   ", "> ", "1. ", ">\t", "- \t", "     "]
_FENCES = ["```fish", "~~~ fish", "```console", "````fish {id=y}", "```json"]


def _page(seed: int) -> str:
    chance = random.Random(seed)  # noqa: S311
    lines = []
    for _ in range(chance.randint(1, 9)):
        if chance.random() < 0.5:
            lines.append(chance.choice(_PIECES))
            continue
        indent = chance.choice(_INDENTS)
        below = indent if indent.startswith(">") else " " * len(indent.expandtabs(4))
        opening = chance.choice(_FENCES)
        lines.append(indent + opening)
        lines += [below + line for line in chance.choice(_SCRIPTS)]
        if chance.random() < 0.9:
            lines.append(below + opening[: 3 + opening.startswith("````")])
    end = chance.choice(["\n", "\n", "\r\n", "\r"])
    return chance.choice(["", "\ufeff"]) + end.join(lines) + end


def _claims(runbook: Runbook) -> Iterator[tuple[str, str, int]]:
    """The claims of every span: its text, the required beginning of that text, and its line."""
    text = runbook.text
    blocks = [block for item in runbook.procedures for step in item.steps for block in step.blocks]
    for block in (*runbook.blocks, *blocks):
        fence = text[block.span.start : block.span.end]
        yield fence, "~~~" if fence.startswith("~") else "```", block.span.line
        for statement in block.statements:
            first = statement.text.split("\n", 1)[0]
            yield text[statement.span.start : statement.span.end], first, statement.span.line
            assert block.script.text[statement.start : statement.end] == statement.text
            for found in statement.placeholders:
                yield text[found.span.start : found.span.end], found.text, found.span.line
                assert statement.text[found.start : found.end] == found.text
    for link in runbook.wikilinks:
        yield text[link.span.start : link.span.end], f"[[{link.target}", link.span.line


@pytest.mark.parametrize("part", range(4))
def test_every_span_has_its_text(part: int) -> None:
    """On 4,000 generated pages fences, statements, placeholders and links are at their spans."""
    statements = 0
    for seed in range(part * 1000, part * 1000 + 1000):
        page = _page(seed)
        runbook = parse_runbook(page.encode(), "page.md", None, "fish")
        lines = page.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for found, expected, line in _claims(runbook):
            assert found.startswith(expected), (page, found, expected)
            assert expected in lines[line - 1], (page, expected, line)
            statements += 1
        for problem in runbook.problems:
            assert problem.span is None or 0 <= problem.span.start <= problem.span.end <= len(page)
    assert statements > 1000


if __name__ == "__main__":
    for path in sorted(DOCUMENTS.glob("*.md")):
        _outline_path(path).write_text(_read(path), encoding="utf-8")
