"""D504: the files that relative links and images name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...diagnostics.finding import Finding
from ...diagnostics.problem import Severity
from ...diagnostics.rule import RuleInfo
from ...document.links import Link, find_links, has_links
from ...document.page_names import strip_page_suffix
from ...text.lazy_pattern import LazyPattern
from ...text.source import make_span
from ..facts.link_targets import (
    follows_unknown_rules,
    is_known_link,
    link_candidates,
    pages_of_wikilink,
    path_of_link,
)
from ..facts.site_kind import is_vault, makes_pages
from ..facts.workspace import Workspace
from ..facts.workspace_finder import find_workspace
from ..rule import Example, Page, Rule
from .example_pages import HOME_PAGE

_BARE = LazyPattern(r"[^/.]*")  # a label of the site's own, or text that is code: `handlers[i](event)`

_HOST = LazyPattern(r"(?:[\w-]+\.)+(?:com|org|net|io|dev|app|so|ai|info|edu|gov|de|fr|uk)(?:/.*)?", re.DOTALL)


def broken_link(page: Page) -> Iterator[Finding]:
    """Report relative links and images that lead to no file."""
    here = find_workspace(page) if has_links(page.runbook.text) else None
    if here is None or here[0].ask(makes_pages):
        return
    workspace, source = here
    missing: list[tuple[Link, str, list[str]]] = []
    for link in find_links(page.runbook):
        path = path_of_link(link.destination)
        if path is None or is_known_link(page, path):
            continue
        if strip_page_suffix(path) == path and (
            _BARE.fullmatch(path) or follows_unknown_rules(workspace, source)
        ):
            continue
        places = list(link_candidates(path, source))
        if places[0].startswith("..") or any(workspace.ask(Workspace.exists, place) for place in places):
            continue
        if _is_found_by_name(page, workspace, path, source):
            continue
        missing.append((link, path, places))
    ignored = (
        workspace.ask(Workspace.find_ignored, *(places[0] for _, _, places in missing)) if missing else ()
    )
    for link, path, places in missing:
        if places[0] not in ignored:
            yield Finding(
                f"there is no `{places[0]}`",
                make_span(page.runbook.text, link.start, link.end),
                _hint(workspace, path, source),
            )


def _is_found_by_name(page: Page, workspace: Workspace, path: str, source: str) -> bool:
    """Return whether Obsidian finds the file by its name, which it does for Markdown links too."""
    if path.startswith(("./", "../")) or not (workspace.ask(is_vault) or page.runbook.wikilinks):
        return False
    return pages_of_wikilink(workspace, path, source) is not None


def _hint(workspace: Workspace, path: str, source: str) -> str:
    if path.lower().startswith("www.") or _HOST.fullmatch(path):
        return "a link to the web begins with `https://`"
    name = path.rstrip("/").rpartition("/")[2]
    same = workspace.names.pages_for(name)
    if len(same) == 1:
        return f"there is a `{same[0]}`"
    return "correct the path: it is relative to this page"


RULES = (
    Rule(
        RuleInfo(
            "D504",
            "broken-link",
            does="Reports a link to a file that does not exist. URLs, paths that begin with `/` or leave "
            "the repository, and files that git ignores are not checked.",
            why="The file was moved or renamed. The link is dead in the repository and on the site.",
            severity=Severity.ERROR,
        ),
        broken_link,
        bad=(
            Example("See [it](hme.md).\n", at=(1, 10), files=HOME_PAGE),
            Example('![a diagram](<img/a b.png> "A")\n', at=(1, 15)),
            Example("See [it][1].\n\n[1]: docs/start.md#a\n", at=(3, 6)),
        ),
        good=(
            Example("See [it](home.md).\n", files=HOME_PAGE),
            Example(
                '[a](home.md) [b](./home.md#x) [c](home.md "Home") [d](home) [e](home/)\n', files=HOME_PAGE
            ),
            Example(
                "`[a](b.md)` [b](https://x.org/c.md) [c](/d.md) [d](../e.md) [e](mailto:a@b.c) f[i](x)\n"
            ),
            Example("![a](<a b.png>) ![b](a%20b.png)\n\n[1]: unused.md\n", files={"a b.png": ""}),
            Example("[a]({{ url }}/a.md) <!-- [b](b.md) -->\n\n    [c](c.md)\n"),
        ),
    ),
)
