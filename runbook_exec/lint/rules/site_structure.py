"""D505–D507: how the pages of a site are connected. None of these rules is on by default."""

from __future__ import annotations

from collections.abc import Iterator

from ...diagnostics.finding import Finding
from ...diagnostics.rule import RuleInfo
from ...document.links import find_links, find_page_links
from ...document.model import TRANSCRIPT, Runbook
from ...document.page_names import fold_name, iter_endings, strip_page_suffix
from ...document.parser import parse_runbook
from ...system.regular_file import read_regular_file
from ...text.lazy_pattern import LazyPattern
from ...text.source import make_span
from ...text.span import Span
from ..facts.link_targets import page_at
from ..facts.workspace import Workspace
from ..facts.workspace_finder import find_workspace
from ..rule import Example, Page, Rule

_ENTRY = LazyPattern(r"_?(?:index|readme|home|sidebar|navbar|footer|summary|changelog)")

_INDEX = LazyPattern(r"_?(?:index|readme)")

_IN_SETTINGS = LazyPattern(r"[^\s:'\"\[\],]+\.(?:md|markdown)")


def orphan_page(page: Page) -> Iterator[Finding]:
    """Report pages to which no other page links."""
    workspace, path = find_workspace(page) or (None, "")
    if workspace is not None and path and not _is_entry(path) and not workspace.ask(is_linked, path):
        yield Finding(
            "no other page leads here",
            _top(page.runbook),
            "link to it where a reader would look for it",
        )


def is_linked(workspace: Workspace, path: str) -> bool:
    """Return whether another page, or the navigation of MkDocs, links to a page."""
    if workspace.linked_pages is None:
        found: set[str] = set()
        for source in workspace.paths:
            if strip_page_suffix(source) != source:
                found |= _targets(workspace, source) - {source}
        entries = {entry.removeprefix("./") for entry in _IN_SETTINGS.findall(workspace.mkdocs)}
        found |= {page for page in workspace.paths if not entries.isdisjoint(iter_endings(page))}
        workspace.linked_pages = frozenset(found)
    return path in workspace.linked_pages


def _targets(workspace: Workspace, source: str) -> set[str]:
    """Return the pages to which a page links."""
    try:
        runbook = parse_runbook(read_regular_file(workspace.base / source), source)
    except OSError:
        return set()
    folder = source.rpartition("/")[0]
    found = {
        page
        for link in find_page_links(runbook)
        for page in workspace.resolve_wikilink(link.target, folder) or ()
    }
    pages = (page_at(source, link.destination, workspace.exists) for link in find_links(runbook))
    return found | {page for page in pages if page is not None}


def _is_entry(path: str) -> bool:
    """Return whether readers reach this page without a link.

    It is an index, or it has the name of its folder.
    """
    folder, _, name = path.rpartition("/")
    own = fold_name(strip_page_suffix(name))
    if name.endswith(TRANSCRIPT):
        return True  # the runbook beside it leads to it
    return _ENTRY.fullmatch(own) is not None or own == fold_name(folder.rpartition("/")[2])


def duplicate_stem(page: Page) -> Iterator[Finding]:
    """Report pages that share their name with another."""
    workspace, path = find_workspace(page) or (None, "")
    if workspace is None or not path or _is_entry(path):
        return
    if others := workspace.ask(namesakes, path):
        listed = ", ".join(f"`{other}`" for other in others[:3])
        yield Finding(
            f"`{_name(path)}` is also the name of {listed}",
            _top(page.runbook),
            "rename one of them: a wikilink cannot tell them apart by name",
        )


def namesakes(workspace: Workspace, path: str) -> list[str]:
    """Return the other pages that have a page's name."""
    return sorted(other for other in workspace.names.pages_for(_name(path)) if other != path)


def _name(path: str) -> str:
    return strip_page_suffix(path).rpartition("/")[2]


def missing_index(page: Page) -> Iterator[Finding]:
    """Report folders without an index, reported once, on the first of their pages."""
    workspace, path = find_workspace(page) or (None, "")
    if workspace is not None and path and workspace.ask(lacks_index, path):
        yield Finding(
            f"the folder `{path.rpartition('/')[0] or workspace.base.name}` has no index",
            _top(page.runbook),
            "add an `index.md` that says what is in it",
        )


def lacks_index(workspace: Workspace, path: str) -> bool:
    """Return whether a page is the first one given of a folder that has no index."""
    folder = path.rpartition("/")[0]
    above, _, name = folder.rpartition("/")
    pages = workspace.pages_by_folder[folder]
    if path != min(page for page in pages if page in workspace.given_pages):
        return False
    names = [fold_name(_name(page)) for page in pages]
    beside = [fold_name(_name(page)) for page in workspace.pages_by_folder.get(above, ())] if folder else []
    return fold_name(name) not in (*names, *beside) and not any(map(_INDEX.fullmatch, names))


QUERIES = (is_linked, namesakes, lacks_index)


def _top(runbook: Runbook) -> Span:
    """Return the page's first heading, or its first character."""
    if runbook.sections:
        return runbook.sections[0].span
    return make_span(runbook.text, 0, min(1, len(runbook.text)))


RULES = (
    Rule(
        RuleInfo(
            "D505",
            "orphan-page",
            does="Reports a page that no other page links to. The navigation of `mkdocs.yml` counts as a "
            "link.",
            why="Only people who know the page can find it.",
            default=False,
        ),
        orphan_page,
        bad=(
            Example("# Page\n", at=(1, 1), files={"index.md": "# Home\n\n`[[page]]`\n"}),
            Example("---\ntitle: A\n---\n\n# Page\n\n[[page]] [a](page.md)\n", at=(5, 1)),
        ),
        good=(
            Example("# Page\n", files={"index.md": "# Home\n\n[[Page]]\n"}),
            Example("# Page\n", files={"a/index.md": "# Home\n\n[it](../page.md#page)\n"}),
            Example("# Page\n", files={"mkdocs.yml": "nav:\n  - Start: page.md\n"}),
        ),
    ),
    Rule(
        RuleInfo(
            "D506",
            "duplicate-stem",
            does="Reports a page whose name another page has, too.",
            why="Wikilinks use the name of a page. With two pages of one name, each such link is a guess.",
            default=False,
        ),
        duplicate_stem,
        bad=(
            Example("# Page\n", at=(1, 1), files={"a/page.md": "# Other\n"}),
            Example("Text.\n", at=(1, 1), files={"a/b/Page.markdown": "# Other\n"}),
        ),
        good=(
            Example("# Page\n", files={"a/page2.md": "# Other\n", "a/page.txt": ""}),
            Example("# Page\n", files={"a/index.md": "", "b/index.md": ""}),
        ),
    ),
    Rule(
        RuleInfo(
            "D507",
            "missing-index",
            does="Reports a folder without an index. An index is `index.md`, `README.md`, or a page with "
            "the folder's name in it or beside it.",
            why="Readers see the folder as a list of file names.",
            default=False,
        ),
        missing_index,
        bad=(
            Example("# Page\n", at=(1, 1)),
            Example("---\ntitle: A\n---\nText.\n", at=(1, 1), files={"a/index.md": ""}),
        ),
        good=(
            Example("# Page\n", files={"index.md": ""}),
            Example("# Page\n", files={"README.md": ""}),
        ),
    ),
)
