"""What stands around a page: the pages and files that its links may mean, found once for all pages."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from ...document.anchors import Headings, find_headings
from ...document.discovery import find_site_root
from ...document.page_names import PageNames, read_aliases, select_preferred, strip_page_suffix
from ...system.git import list_git_files
from ..rule import LintContext, Page

STANDARD_INPUT = "-"


_MOST_FILES = 300_000  # beyond that nobody waits: everything counts as being there

_MOST_HEADINGS = 2000  # pages whose headings are kept

_VAULT = (".obsidian", "quartz.config.ts")

_LABEL_FIRST = ("dendron.yml", "dendron.code-workspace", "_Sidebar.md", ".gollum")

# sites whose links mean more than files, and whose anchors are made in ways of their own
_OTHER_RULES = (
    "_config.yml", "hugo.toml", "hugo.yaml", "config.toml", "docusaurus.config.js", "docusaurus.config.ts",
    "conf.py", "gatsby-config.js", "astro.config.mjs", ".vitepress", ".vuepress", "antora.yml", "_quarto.yml",
    "myst.yml", "book.toml", "config.rb",
)  # fmt: skip

_MAKES_PAGES = re.compile(r"\b(?:gen-files|monorepo|multirepo|autoapi|api-autonav|mkdoxy)\b")

_OWN_ANCHORS = re.compile(r"\b(?:slugify|separator)\b")

_CLOSE = 50  # how often a name that is near is looked for, since that takes long


class Workspace:
    """The files below the folder whose pages may link to each other; paths are relative to `base`.

    What a rule asks here is noted for the page, so that what was found on it holds as long as the answers
    are the same.
    """

    def __init__(self, site: LintContext, root: Path) -> None:
        self.root = root
        self._named = str(root)
        repository = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)
        self.base = repository or root
        self._start = os.path.join(self.base, "")  # noqa: PTH118
        self.in_repository = repository is not None
        self.given_pages = find_given_pages(site, self.base)
        self.suggestions_left = _CLOSE
        self.linked_pages: frozenset[str] | None = (
            None  # the pages that another leads to, once they are known
        )
        self.context = site
        self._headings: dict[str, Headings] = {}
        self._digests: dict[str, str] = {}
        self._outlines: dict[str, str] = {}
        self._resolved: dict[tuple[str, str], list[str] | None] = {}
        self._there: dict[str, bool] = {}
        self._other: dict[str, bool] = {}

    def ask(
        self,
        question: QueryFunction,
        *details: str,
        unless: QueryFunction | None = None,
        about: Sequence[str] = (),
    ) -> Any:
        """The answer to one of the questions in `answers`, noted for the page that is looked at.

        It need not be asked again as long as the answer to the question `unless`, with the details `about`,
        is the same.
        """
        asked = (question.__name__, self._named, *details)
        if (known := self.context.query_log.get(asked)) is not None:
            return known[0]
        answer = question(self, *details)
        guard = None
        if unless is not None:
            guard = (unless.__name__, self._named, *about), unless(self, *about)
        self.context.query_log.record(asked, answer, guard)
        return answer

    def relative_path(self, path: Path | str) -> str:
        """An absolute path as seen from the base; empty where it is not below it."""
        return _path_below(self._start, path)

    @cached_property
    def mkdocs(self) -> str:
        """The settings of MkDocs at the root; empty where there are none."""
        try:
            return (self.root / "mkdocs.yml").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    @cached_property
    def paths(self) -> Sequence[str]:
        """The files that git does not ignore, or all there are; and the pages that were given."""
        listed = list_git_files(self.base)
        return tuple(dict.fromkeys((*(self._disk_paths if listed is None else listed), *self.given_pages)))

    @cached_property
    def names(self) -> PageNames:
        """The same by name."""
        return PageNames(self.paths)

    @cached_property
    def pages_by_folder(self) -> Mapping[str, Sequence[str]]:
        """The pages by the folder they are in."""
        found: dict[str, list[str]] = {}
        for path in self.paths:
            if strip_page_suffix(path) != path:
                found.setdefault(path.rpartition("/")[0], []).append(path)
        return found

    @cached_property
    def _root_prefix(self) -> str:
        """How the paths below the root begin."""
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
        """The files on the disk by name, those too that git ignores."""
        return PageNames(self._disk_paths)

    @cached_property
    def _aliases(self) -> PageNames:
        """The other names that pages give themselves, as if there were a page of that name."""
        pages = (path for path in self.paths if strip_page_suffix(path) != path)
        return PageNames(f"{alias}.md" for path in pages for alias in read_aliases(self.base / path))

    def resolve_wikilink(self, target: str, folder: str) -> list[str] | None:
        """The pages that a wikilink on a page in `folder` may mean, by Obsidian's rule: one, if it is clear.

        None where there is nothing of that name; empty where it is no page but a file, a folder or an alias.
        """
        if target.startswith(("./", "../")):
            relative = os.path.normpath(os.path.join(folder or ".", target))  # noqa: PTH118
            if relative.startswith(".."):
                return []  # outside of what is known
            target = "/" + relative.replace(os.sep, "/")
        key = (target, folder)
        if key not in self._resolved:
            self._resolved[key] = self._look_up_wikilink(target, folder)
        return self._resolved[key]

    def _look_up_wikilink(self, target: str, folder: str) -> list[str] | None:
        if candidates := self.names.pages_for(target):
            below = [path for path in candidates if path.startswith(self._root_prefix)] or candidates
            return list(select_preferred(below, target, folder, self._is_obsidian))
        there = self.names.has(target) or self._aliases.has(target) or self._ignored_names.has(target)
        return [] if there or len(self._disk_paths) > _MOST_FILES else None

    def headings(self, path: str) -> Headings:
        """The headings of a page, of which it is noted what they were."""
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
        """A digest of a page's headings and other anchors."""
        if path not in self._outlines:
            known = self._read_headings(path)
            parts = (*known.titles, "\0", *sorted(known.ids), "\0", str(known.included))
            said = "\n".join(parts).encode("utf-8", "surrogatepass")
            self._outlines[path] = hashlib.sha256(said).hexdigest()
        return self._outlines[path]

    def text_digest(self, path: str) -> str:
        """A digest of a page's text; empty where it cannot be read."""
        if path not in self._digests:
            try:
                given = self.given_pages.get(path)
                self._digests[path] = (
                    self.context.pages.digest(given)
                    if given is not None
                    else hashlib.sha256((self.base / path).read_bytes()).hexdigest()
                )
            except OSError:
                self._digests[path] = ""
        return self._digests[path]

    def _read_content(self, path: str) -> bytes | None:
        try:
            with open(f"{self._start}{path}", "rb") as file:  # noqa: PTH123 - a thousand paths take their time
                return file.read()
        except OSError:
            return None

    def exists(self, path: str) -> bool:
        """Whether there is a file or a folder at this path, which is relative to the base."""
        known = self._there.get(path)
        if known is None:
            try:
                known = os.path.exists(f"{self._start}{path}")  # noqa: PTH110
            except (OSError, ValueError):
                known = True  # a name that no file can have: who knows what is meant
            self._there[path] = known
        return known

    def find_ignored(self, *paths: str) -> list[str]:
        """Those of the paths, there or not, that git would ignore: made when the site is built."""
        if not paths or not self.in_repository:
            return []
        command = ["git", "-C", str(self.base), "check-ignore", "-z", "--stdin"]
        sent = b"".join(os.fsencode(path) + b"\0" for path in paths)
        try:
            done = subprocess.run(command, input=sent, capture_output=True, check=False)
        except OSError:
            return []
        return [os.fsdecode(path) for path in done.stdout.split(b"\0") if path]

    def has_unknown_link_rules(self, folder: str) -> bool:
        """Whether a folder belongs to a site whose links and anchors follow rules that are not known here."""
        known = self._other.get(folder)
        if known is None:
            known = any(self.exists(f"{folder}/{name}".lstrip("/")) for name in _OTHER_RULES)
            known = known or (
                self.has_unknown_link_rules(folder.rpartition("/")[0])
                if folder
                else _OWN_ANCHORS.search(self.mkdocs) is not None
            )
            self._other[folder] = known
        return known

    def is_vault(self) -> bool:
        """Whether the root is a vault of Obsidian or Quartz."""
        return any((self.root / name).exists() for name in _VAULT)

    def needs_lists(self) -> bool:
        """Whether a program is at work that takes no text with commas for a list."""
        return any((self.root / name).exists() for name in ("mkdocs.yml", ".obsidian"))

    def allows_label_first(self) -> bool:
        """Whether wikilinks may be written `[[label|page]]`, as Dendron and wikis do."""
        return self.base.name.endswith(".wiki") or any(map(self.exists, _LABEL_FIRST))

    def makes_pages(self) -> bool:
        """Whether pages come to be only when the site is built."""
        return _MAKES_PAGES.search(self.mkdocs) is not None


QueryFunction = Callable[..., Any]  # of `Around` and details that are texts; the answer is as in JSON

QUESTIONS: Sequence[QueryFunction] = (
    Workspace.resolve_wikilink,
    Workspace.text_digest,
    Workspace.outline_digest,
    Workspace.exists,
    Workspace.find_ignored,
    Workspace.has_unknown_link_rules,
    Workspace.is_vault,
    Workspace.needs_lists,
    Workspace.allows_label_first,
    Workspace.makes_pages,
)


def _path_below(start: str, path: Path | str) -> str:
    full = os.path.abspath(path)  # noqa: PTH100
    return full.removeprefix(start).replace(os.sep, "/") if full.startswith(start) else ""


def find_given_pages(site: LintContext, base: Path) -> dict[str, str]:
    """The names of the pages that were given and are below a folder, by their path as seen from there."""
    start = os.path.join(base, "")  # noqa: PTH118
    return {inside: name for name in site.pages if (inside := _path_below(start, name))}


def find_workspace(page: Page) -> tuple[Workspace, str] | None:
    """What stands around a page, and the page's place in it; None where nothing tells what its links mean."""
    folder, found = _get_workspaces(page.context).locate(page.path)
    if folder:
        root = None if found is None else str(found[0].root)
        page.context.query_log.record((find_root.__name__, folder), root)
    return found


def find_root(site: LintContext, folder: Path | str) -> str | None:
    """The root of the pages in a folder."""
    root = _get_workspaces(site).find_root(Path(folder))
    return None if root is None else str(root)


def get_workspace(site: LintContext, root: str) -> Workspace:
    """What is below a root."""
    return _get_workspaces(site).get_workspace(root)


class _WorkspaceCache:
    """What was found around the pages of one run of the linter."""

    def __init__(self, site: LintContext) -> None:
        self._context = site
        self._roots: dict[Path, Path | None] = {}
        self._around: dict[str, Workspace] = {}
        self._last: tuple[Path, str, tuple[Workspace, str] | None] | None = (
            None  # every rule asks for the same
        )

    def locate(self, path: Path) -> tuple[str, tuple[Workspace, str] | None]:
        """The folder of a page, and what is around it; no folder for standard input."""
        if self._last is None or self._last[0] is not path:
            full = path.absolute()
            folder = "" if str(path) == STANDARD_INPUT else str(full.parent)
            root = self.find_root(full.parent) if folder else None
            here = None if root is None else self.get_workspace(str(root))
            self._last = (path, folder, None if here is None else (here, here.relative_path(full)))
        return self._last[1], self._last[2]

    def find_root(self, folder: Path) -> Path | None:
        """The root for the pages in a folder."""
        if folder not in self._roots:
            self._roots[folder] = find_site_root(folder / "page.md")
        return self._roots[folder]

    def get_workspace(self, root: str) -> Workspace:
        """What is below a root."""
        if root not in self._around:
            self._around[root] = Workspace(self._context, Path(root))
        return self._around[root]


@lru_cache(maxsize=1)
def _get_workspaces(site: LintContext) -> _WorkspaceCache:
    return _WorkspaceCache(site)


@lru_cache(maxsize=1024)
def _join_path(folder: str, path: str) -> str:
    return os.path.normpath(os.path.join(folder or ".", path)).replace(os.sep, "/")  # noqa: PTH118


def link_candidates(path: str, source: str) -> Iterable[str]:
    """The places, relative to the base, that a relative link on a page may mean, the plain one first.

    A site may serve `page.md` as `page/`, and a link to what is no page be relative to that. Places outside
    begin with `..`.
    """
    folder = source.rpartition("/")[0]
    for start in (folder, strip_page_suffix(source)) if strip_page_suffix(path) == path else (folder,):
        place = _join_path(start, path)
        yield place
        for suffix in (".md", ".markdown", ".mdx", ".html"):
            yield place + suffix
        if place.endswith((".html", ".htm")):
            yield place.rpartition(".")[0] + ".md"
