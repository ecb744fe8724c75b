"""D503: the headings that links name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from urllib.parse import unquote

from ...diagnostics.finding import Finding
from ...diagnostics.problem import Severity
from ...diagnostics.rule import RuleInfo
from ...document.anchors import Headings, find_headings
from ...document.links import find_links, find_page_links, has_links
from ...document.model import Wikilink
from ...text.lazy_pattern import LazyPattern
from ...text.source import make_span
from ...text.span import Span
from ...text.suggest import find_near
from ..facts.link_targets import follows_unknown_rules, page_at, pages_of_wikilink
from ..facts.workspace import Workspace
from ..facts.workspace_finder import find_workspace
from ..rule import Example, Page, Rule
from .example_pages import HOME_PAGE

_INCLUDED = LazyPattern(r"(?:\A|/)(?:_[^/]*|includes?|partials?|snippets|shared|shortcodes)/")

_RANGE = LazyPattern(r",\d|:#")  # of embedded text: `![[page#one,1:#two]]`


def broken_anchor(page: Page) -> Iterator[Finding]:
    """Report links to headings that their page does not have."""
    text = page.runbook.text
    if "#" not in text or not (page.runbook.wikilinks or has_links(text)):
        return
    workspace, source = find_workspace(page) or (None, "")
    for link in find_page_links(page.runbook):
        if (
            link.heading
            and not _RANGE.search(link.heading)
            and (target_page := _headings_of(page, workspace, source, link))
        ):
            path, known = target_page
            if not known.has_heading(link.heading):
                start = text.index("#", link.span.start)
                yield _no_heading(
                    workspace, path, known, link.heading, make_span(text, start, link.span.end - 2)
                )
    if _INCLUDED.search(page.path.as_posix()):
        return  # its headings and its folder are those of the pages that include it
    targets: dict[str, str | None] = {"": ""}
    for place in find_links(page.runbook):
        destination, _, anchor = place.destination.partition("#")
        if not anchor or anchor.startswith("tab/"):  # Microsoft Learn makes tabs of these headings
            continue
        if destination not in targets:
            exists = partial(workspace.ask, Workspace.exists) if workspace else None
            targets[destination] = page_at(source, destination, exists) if exists else None
        target = targets[destination]
        if target is None:
            continue
        known = workspace.headings(target) if workspace and target else find_headings(text)
        if not known.has_anchor(anchor) and not (
            workspace and follows_unknown_rules(workspace, source) and known.has_anchor(anchor, loose=True)
        ):
            start = text.find("#", place.start, place.end)
            span = make_span(text, max(start, place.start), place.end)
            yield _no_heading(workspace, target, known, unquote(anchor), span)


def _headings_of(
    page: Page, workspace: Workspace | None, source: str, link: Wikilink
) -> tuple[str, Headings] | None:
    """Return the page of a wikilink and its headings; None if it means no page or more than one."""
    if not link.target:
        return "", find_headings(page.runbook.text)
    found = (pages_of_wikilink(workspace, link.target, source) if workspace else None) or ()
    return (found[0], workspace.headings(found[0])) if workspace and len(found) == 1 else None


def _no_heading(workspace: Workspace | None, path: str, known: Headings, wanted: str, span: Span) -> Finding:
    near = find_near(wanted, known.titles) if workspace is None or workspace.take_suggestion() else ""
    return Finding(
        f"{f'`{path}`' if path else 'this page'} has no heading `{wanted}`",
        span,
        f"did you mean the heading `{near}`?" if near else "name a heading as it is now",
    )


_SECTIONS = "# Page\n\n## Install & run\n\n## 2. Verify\n\n"


RULES = (
    Rule(
        RuleInfo(
            "D503",
            "broken-anchor",
            does="Reports a link to a heading that does not exist. The anchors of MkDocs and GitHub, "
            "`id=` and `{#id}` are accepted; a wikilink may have the heading's own words.",
            why="The heading was reworded. The link opens the page at its top, and the reader has to search.",
            severity=Severity.ERROR,
        ),
        broken_anchor,
        bad=(
            Example(_SECTIONS + "See [[#Instal]].\n", at=(7, 7)),
            Example(_SECTIONS + "See [it](#verify).\n", at=(7, 10)),
            Example("See [[home#Start]].\n", at=(1, 11), files=HOME_PAGE),
            Example("See [it](home.md#before_you_start).\n", at=(1, 17), files=HOME_PAGE),
        ),
        good=(
            Example(_SECTIONS + "See [[#Install & run]].\n"),
            Example(
                _SECTIONS + "See [[#Install & run]], [a](#install-run), [b](#install--run), [c](#2-verify).\n"
            ),
            Example(
                "See [[home#before you start]], [[home#^block]], [a](home.md#before-you-start).\n",
                files=HOME_PAGE,
            ),
            Example('## A {#own}\n\n<a id="b"></a>\n\n[a](#own) [b](#b) [c](#top) [[nowhere#B]] `[d](#d)`\n'),
            Example("# A\n\n### [Bash](#tab/bash)\n\n### [PowerShell](#tab/powershell)\n\n---\n"),
            Example("(own-label)=\n## A\n\n[a](#own-label)\n"),
            Example("[a](home.md#c)\n", files={"home.md": '# Home\n\n--8<-- "c.md"\n'}),
        ),
    ),
)
