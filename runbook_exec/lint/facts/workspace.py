"""Finds the pages and files that the links of a page may mean, once for all pages."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from ...document.anchors import Headings, find_headings
from ...document.page_names import PageNames, read_aliases, select_preferred, strip_page_suffix
from ...system.git import list_git_files, run_git
from ...system.regular_file import read_regular_file
from ...text.digests import sha256
from ..inputs import path_below
from ..rule import LintContext

_MOST_FILES = 300_000  # with more, the search stops and every file counts as existing

_MOST_HEADINGS = 2000  # pages whose headings are remembered

_MOST_SUGGESTIONS = 50  # searches for a similar name, because each takes long


class Workspace:
    """The files below the folder whose pages may link to each other.

    Paths are relative to `base`. The queries of a rule are logged for its page: the findings on the page hold
    as long as the answers are the same.
    """

    def __init__(self, context: LintContext, root: Path) -> None:
        self.root = root
        self._name = str(root)
        repository = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)
        self.base = repository or root
        self._start = os.path.join(self.base, "")  # noqa: PTH118
        self.in_repository = repository is not None
        self.given_pages = find_given_pages(context, self.base)
        self.linked_pages: frozenset[str] | None = None  # pages that another leads to, once they are known
        self.unknown_link_rules: dict[str, bool] = {}  # by folder: whether its site has link rules of its own
        self.context = context
        self._headings: dict[str, Headings] = {}
        self._digests: dict[str, str] = {}
        self._outlines: dict[str, str] = {}
        self._resolved: dict[tuple[str, str], list[str] | None] = {}
        self._existing: dict[str, bool] = {}
        self._suggestions_left = _MOST_SUGGESTIONS

    def ask(
        self,
        query: QueryFunction,
        *details: str,
        unless: QueryFunction | None = None,
        about: Sequence[str] = (),
    ) -> Any:
        """Return the answer to one of the QUERIES, logged for the page that is checked.

        With `unless`, the query need not be asked again as long as the query `unless`, with the details
        `about`, has the same answer.
        """
        key = (query.__name__, self._name, *details)
        if (known := self.context.query_log.get(key)) is not None:
            return known[0]
        answer = query(self, *details)
        guard = None
        if unless is not None:
            guard = (unless.__name__, self._name, *about), unless(self, *about)
        self.context.query_log.record(key, answer, guard)
        return answer

    def relative_path(self, path: Path | str) -> str:
        """Return the path relative to the base; empty if it is not below the base."""
        return path_below(self._start, path)

    @cached_property
    def mkdocs(self) -> str:
        """Return the settings of MkDocs at the root; empty if the file does not exist."""
        try:
            return read_regular_file(self.root / "mkdocs.yml").decode("utf-8", "replace")
        except OSError:
            return ""

    @cached_property
    def paths(self) -> Sequence[str]:
        """Return the files that git does not ignore, or all files without git; and the given pages."""
        listed = list_git_files(self.base)
        return tuple(dict.fromkeys((*(self._disk_paths if listed is None else listed), *self.given_pages)))

    @cached_property
    def names(self) -> PageNames:
        """Return the paths by name."""
        return PageNames(self.paths)

    @cached_property
    def pages_by_folder(self) -> Mapping[str, Sequence[str]]:
        """Return the pages by their folder."""
        found: dict[str, list[str]] = {}
        for path in self.paths:
            if strip_page_suffix(path) != path:
                found.setdefault(path.rpartition("/")[0], []).append(path)
        return found

    @cached_property
    def _root_prefix(self) -> str:
        """Return the beginning of the paths below the root."""
        return f"{inside}/" if (inside := self.relative_path(self.root)) else ""

    @cached_property
    def _is_obsidian(self) -> bool:
        return (self.root / ".obsidian").exists()

    @cached_property
    def _disk_paths(self) -> Sequence[str]:
        found: list[str] = []
        for folder, folders, files in os.walk(self.base):
            folders[:] = [name for name in folders if not name.startswith(".") and name != "node_modules"]
            inside = self.relative_path(folder)
            found += [f"{inside}/{name}" if inside else name for name in files]
            if len(found) > _MOST_FILES:
                break
        return found

    @cached_property
    def _ignored_names(self) -> PageNames:
        """Return the files on the disk by name, including those that git ignores."""
        return PageNames(self._disk_paths)

    @cached_property
    def _aliases(self) -> PageNames:
        """Return the aliases of pages, each as the path of a page with that name."""
        pages = (path for path in self.paths if strip_page_suffix(path) != path)
        return PageNames(f"{alias}.md" for path in pages for alias in read_aliases(self.base / path))

    def resolve_wikilink(self, target: str, folder: str) -> list[str] | None:
        """Return the pages that a wikilink may mean by Obsidian's rule, one if it is clear.

        `folder` is that of the page with the link. Returns None if nothing has that name. The result is empty
        if it is the name of a file, a folder or an alias, not of a page.
        """
        if target.startswith(("./", "../")):
            relative = os.path.normpath(os.path.join(folder or ".", target))  # noqa: PTH118
            if relative.startswith(".."):
                return []  # outside of the workspace
            target = "/" + relative.replace(os.sep, "/")
        key = (target, folder)
        if key not in self._resolved:
            self._resolved[key] = self._look_up_wikilink(target, folder)
        return self._resolved[key]

    def _look_up_wikilink(self, target: str, folder: str) -> list[str] | None:
        if candidates := self.names.pages_for(target):
            below = [path for path in candidates if path.startswith(self._root_prefix)] or candidates
            return list(select_preferred(below, target, folder, self._is_obsidian))
        exists = self.names.has(target) or self._aliases.has(target) or self._ignored_names.has(target)
        return [] if exists or len(self._disk_paths) > _MOST_FILES else None

    def headings(self, path: str) -> Headings:
        """Return the headings of a page; a digest of them is logged."""
        self.ask(Workspace.outline_digest, path, unless=Workspace.text_digest, about=(path,))
        return self._read_headings(path)

    def _read_headings(self, path: str) -> Headings:
        if path not in self._headings:
            if len(self._headings) >= _MOST_HEADINGS:
                self._headings.clear()
            data = self._read_content(path)
            unknown = Headings(included=True)
            self._headings[path] = unknown if data is None else find_headings(data.decode("utf-8", "replace"))
        return self._headings[path]

    def outline_digest(self, path: str) -> str:
        """Return a digest of a page's headings and other anchors."""
        if path not in self._outlines:
            known = self._read_headings(path)
            parts = (*known.titles, "\0", *sorted(known.ids), "\0", str(known.included))
            outline = "\n".join(parts).encode("utf-8", "surrogatepass")
            self._outlines[path] = sha256(outline).hexdigest()
        return self._outlines[path]

    def text_digest(self, path: str) -> str:
        """Return a digest of a page's text; empty if it cannot be read."""
        if path not in self._digests:
            try:
                given = self.given_pages.get(path)
                self._digests[path] = (
                    self.context.pages.digest(given)
                    if given is not None
                    else sha256(read_regular_file(self.base / path)).hexdigest()
                )
            except OSError:
                self._digests[path] = ""
        return self._digests[path]

    def _read_content(self, path: str) -> bytes | None:
        try:
            return read_regular_file(f"{self._start}{path}")
        except OSError:
            return None

    def exists(self, path: str) -> bool:
        """Return whether a file or a folder has this path, relative to the base."""
        known = self._existing.get(path)
        if known is None:
            try:
                known = os.path.exists(f"{self._start}{path}")  # noqa: PTH110
            except (OSError, ValueError):
                known = True  # no file can have this name: the link means something else
            self._existing[path] = known
        return known

    def find_ignored(self, *paths: str) -> list[str]:
        """Return the paths, existing or not, that git ignores: the build of the site may make them."""
        if not paths or not self.in_repository:
            return []
        sent = b"".join(os.fsencode(path) + b"\0" for path in paths)
        ignored = run_git(self.base, "check-ignore", "-z", "--stdin", given=sent, partly=True) or b""
        return [os.fsdecode(path) for path in ignored.split(b"\0") if path]

    def take_suggestion(self) -> bool:
        """Return whether one more similar name may be searched for; counts this search."""
        self._suggestions_left -= 1
        return self._suggestions_left >= 0


QueryFunction = Callable[..., Any]  # takes a Workspace and texts; the answer is as in JSON

QUERIES: Sequence[QueryFunction] = (
    Workspace.resolve_wikilink,
    Workspace.text_digest,
    Workspace.outline_digest,
    Workspace.exists,
    Workspace.find_ignored,
)


def find_given_pages(context: LintContext, base: Path) -> dict[str, str]:
    """Return the names of the given pages below a folder, by their path relative to it."""
    start = os.path.join(base, "")  # noqa: PTH118
    return {inside: name for name in context.pages if (inside := path_below(start, name))}
