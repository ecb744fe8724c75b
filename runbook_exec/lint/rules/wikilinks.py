"""D501, D502 and D508: the pages and files that wikilinks name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from ...diagnostics.finding import Finding, Fix
from ...diagnostics.problem import Severity
from ...diagnostics.rule import RuleInfo
from ...document.links import find_page_links
from ...document.model import Wikilink
from ...document.page_names import fold_name, strip_page_suffix
from ...text.source import make_span
from ...text.suggest import find_near
from ..facts.link_targets import is_known_link, pages_of_wikilink
from ..facts.site_kind import allows_label_first, makes_pages
from ..facts.workspace import Workspace
from ..facts.workspace_finder import find_workspace
from ..rule import Example, Page, Rule
from .example_pages import HOME_PAGE


def broken_wikilink(page: Page) -> Iterator[Finding]:
    """Report wikilinks to pages and attachments that do not exist."""
    here = find_workspace(page) if page.runbook.wikilinks else None
    if here is None or here[0].ask(makes_pages):
        return
    workspace, source = here
    for link in find_page_links(page.runbook):
        target = link.target
        if (
            not target
            or _is_prose(page, link)
            or is_known_link(page, target)
            or target.lower().startswith(("tags/", "tag/"))
        ):
            continue
        if link.label and workspace.ask(allows_label_first):
            continue
        if (
            pages_of_wikilink(workspace, target, source) is None
            and pages_of_wikilink(workspace, unquote(target), source) is None
        ):
            near = _suggest_page(workspace, target)
            other = "correct the name, write it without brackets, or add it to `known-links`"
            embedded = page.runbook.text.startswith("!", link.span.start - 1) and link.span.start > 0
            yield Finding(
                f"there is no {'file' if embedded else 'page'} `{target}`",
                link.span,
                f"did you mean `[[{near}]]`?" if near else other,
            )


def _is_prose(page: Page, link: Wikilink) -> bool:
    """Return whether the brackets are named in prose: `[[ and ]]`."""
    written = page.runbook.text[link.span.start + 2 : link.span.end - 2]
    return written[:1] == " " and written[-1:] == " " and link.target.islower() and link.target.isalpha()


def _suggest_page(workspace: Workspace, target: str) -> str:
    """Return the name of a page that is similar to the target; empty if none is."""
    wanted = fold_name(strip_page_suffix(target)).rpartition("/")[2]
    near = find_near(wanted, workspace.names.stems(), 0.75) if workspace.take_suggestion() else ""
    return strip_page_suffix(workspace.names.pages_for(near)[0]).rpartition("/")[2] if near else ""


def ambiguous_wikilink(page: Page) -> Iterator[Finding]:
    """Report wikilinks that could mean several pages."""
    here = find_workspace(page) if page.runbook.wikilinks else None
    if here is None:
        return
    workspace, source = here
    for link in find_page_links(page.runbook):
        found = (pages_of_wikilink(workspace, link.target, source) if link.target else None) or ()
        if len(found) > 1:
            listed = ", ".join(f"`{path}`" for path in sorted(found)[:3])
            more = f" and {len(found) - 3} more" if len(found) > 3 else ""
            yield Finding(
                f"`{link.target}` is the name of {len(found)} pages: {listed}{more}",
                link.span,
                f"name its folder: `[[{strip_page_suffix(sorted(found)[0])}]]`",
            )


def spaced_wikilink(page: Page) -> Iterator[Finding]:
    """Report wikilinks with blanks beside the page's name."""
    text = page.runbook.text
    for link in find_page_links(page.runbook):
        written = text[link.span.start + 2 : link.span.end - 2]
        name = re.split(r"[|#]", written, maxsplit=1)[0].rstrip("\\")
        if link.target and name != link.target and not _names_brackets(page, link):
            start = link.span.start + 2
            yield Finding(
                f"blanks stand beside the name `{link.target}`",
                make_span(text, start, start + len(name)),
                "take them out: not every reader of wikilinks does",
                Fix(start, start + len(name), link.target),
            )


def _names_brackets(page: Page, link: Wikilink) -> bool:
    """Return whether the link is prose, and no page has its name."""
    here = find_workspace(page) if _is_prose(page, link) else None
    return here is not None and pages_of_wikilink(here[0], link.target, here[1]) is None


_TWICE = {"a/setup.md": "# A\n", "b/setup.md": "# B\n"}


RULES = (
    Rule(
        RuleInfo(
            "D501",
            "broken-wikilink",
            does="Reports a wikilink that leads to no page. Names are resolved as in Obsidian and "
            "Quartz, below the folder that holds `.git`, `mkdocs.yml`, `.obsidian` or "
            '`quartz.config.ts`; without such a folder nothing is reported. `known-links = ["name", '
            '"folder/*"]` in the settings names pages that are elsewhere.',
            why="The page was renamed or removed, and the link leaves the reader alone in the middle of "
            "a procedure.",
            severity=Severity.ERROR,
        ),
        broken_wikilink,
        bad=(
            Example("See [[hme]].\n", at=(1, 5), files=HOME_PAGE),
            Example("- a\n- ![[diagram.png|300]] and [[home|the start]]\n", at=(2, 4), files=HOME_PAGE),
            Example("See [[folder/home]].\n", at=(1, 5), files=HOME_PAGE),
        ),
        good=(
            Example("See [[home]].\n", files=HOME_PAGE),
            Example("See [[Home|start]], [[home.md]], [[home#^abc]] and [[./home]].\n", files=HOME_PAGE),
            Example(
                "![[diagram.png|300]] [[old-name]]\n",
                files={"a/diagram.png": "", "b.md": "---\naliases: [Old name]\n---\n"},
            ),
            Example(
                "[[ a ]] `[[home2]]` [[1]](https://example.org) [[:space:]] [[TOC]] \\[[x]] <!-- [[y]] -->\n"
            ),
            Example("See [[elsewhere/page]].\n", options={"known-links": ["elsewhere/*"]}),
        ),
    ),
    Rule(
        RuleInfo(
            "D502",
            "ambiguous-wikilink",
            does="Reports a wikilink to a name that several pages have. Obsidian takes the page below "
            "the page's own folder, then the one with the shortest path; if neither decides, the "
            "link is reported.",
            why="Each program chooses by its own rule which page the link means. Name the folder.",
        ),
        ambiguous_wikilink,
        bad=(
            Example("See [[setup]].\n", at=(1, 5), files=_TWICE),
            Example("See [[Setup#A|how]].\n", at=(1, 5), files={"x/a/setup.md": "", "x/b/setup.md": ""}),
        ),
        good=(
            Example("See [[a/setup]] and [[b/setup]].\n", files=_TWICE),
            Example("See [[setup]].\n", files={**_TWICE, "setup.md": "# Here\n"}),
            Example("See [[setup]].\n", files={"a/setup.md": "", "a/b/setup.md": ""}),
        ),
    ),
    Rule(
        RuleInfo(
            "D508",
            "spaced-wikilink",
            does="Reports a wikilink with blanks around its name.",
            why="`[[ page ]]` leads to `page` in some programs, and to nothing in others.",
        ),
        spaced_wikilink,
        bad=(
            Example("See [[ home ]].\n", at=(1, 7), files=HOME_PAGE),
            Example("See [[home |the start]].\n", at=(1, 7), files=HOME_PAGE),
        ),
        good=(
            Example("See [[home| the start]] and [[home#before you start]].\n", files=HOME_PAGE),
            Example("`[[ home ]]` and if [[ -f home ]]; keys use [[ and ]]\n", files=HOME_PAGE),
        ),
    ),
)
