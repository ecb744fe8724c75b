"""Finds the workspace of a page; each workspace is made once for all pages of a run."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from ...document.discovery import find_site_root
from ..inputs import STANDARD_INPUT
from ..rule import LintContext, Page
from .workspace import Workspace


def find_workspace(page: Page) -> tuple[Workspace, str] | None:
    """Return the workspace of a page and the page's path in it.

    Returns None if nothing marks the root of its links.
    """
    folder, found = _workspace_finder(page.context).locate(page.path)
    if folder:
        root = None if found is None else str(found[0].root)
        page.context.query_log.record((find_root.__name__, folder), root)
    return found


def find_root(context: LintContext, folder: Path | str) -> str | None:
    """Return the root of the links on the pages in a folder; None if nothing marks one."""
    root = _workspace_finder(context).find_root(Path(folder))
    return None if root is None else str(root)


def get_workspace(context: LintContext, root: str) -> Workspace:
    """Return the workspace with this root."""
    return _workspace_finder(context).get_workspace(root)


class _WorkspaceFinder:
    """Finds the workspaces of one run of the linter, and remembers them."""

    def __init__(self, context: LintContext) -> None:
        self._context = context
        self._roots: dict[Path, Path | None] = {}
        self._workspaces: dict[str, Workspace] = {}
        # one rule after the other asks for the same page
        self._latest: tuple[Path, str, tuple[Workspace, str] | None] | None = None

    def locate(self, path: Path) -> tuple[str, tuple[Workspace, str] | None]:
        """Return the folder of a page, and its workspace with the page's path in it.

        Standard input has no folder.
        """
        if self._latest is None or self._latest[0] is not path:
            full = path.absolute()
            folder = "" if str(path) == STANDARD_INPUT else str(full.parent)
            root = self.find_root(full.parent) if folder else None
            workspace = None if root is None else self.get_workspace(str(root))
            found = None if workspace is None else (workspace, workspace.relative_path(full))
            self._latest = (path, folder, found)
        return self._latest[1], self._latest[2]

    def find_root(self, folder: Path) -> Path | None:
        """Return the root of the links on the pages in a folder."""
        if folder not in self._roots:
            self._roots[folder] = find_site_root(folder / "page.md")
        return self._roots[folder]

    def get_workspace(self, root: str) -> Workspace:
        """Return the workspace with this root."""
        if root not in self._workspaces:
            self._workspaces[root] = Workspace(self._context, Path(root))
        return self._workspaces[root]


@lru_cache(maxsize=1)
def _workspace_finder(context: LintContext) -> _WorkspaceFinder:
    return _WorkspaceFinder(context)
