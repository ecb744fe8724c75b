"""Finds files by name, as Obsidian and Quartz resolve a wikilink."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ..system.regular_file import read_regular_file
from ..text.lazy_pattern import LazyPattern

PAGES = (".md", ".markdown", ".mdx", ".qmd")


def fold_name(name: str) -> str:
    """Return a name in the form in which spellings compare: case folded, with `-` for spaces."""
    return unicodedata.normalize("NFC", name).casefold().replace(" ", "-")


def strip_page_suffix(path: str) -> str:
    """Return the path without the suffix of a page."""
    before, dot, suffix = path.rpartition(".")
    return before if dot and f".{suffix.lower()}" in PAGES else path


class PageNames:
    """An index of files by name; paths are relative to one folder, with `/` between their parts."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._pages: dict[str, list[str]] = {}
        self._others: set[str] = set()  # files and folders
        folders: set[str] = set()
        for path in paths:
            without = strip_page_suffix(path)
            if without != path:
                for ending in iter_endings(fold_name(without)):
                    self._pages.setdefault(ending, []).append(path)
            self._others.update(iter_endings(fold_name(path)))
            folder = path.rpartition("/")[0]
            while folder and folder not in folders:
                folders.add(folder)
                self._others.update(iter_endings(fold_name(folder)))
                folder = folder.rpartition("/")[0]

    def pages_for(self, target: str) -> Sequence[str]:
        """Return the pages with this name, or with a path that ends in this path.

        The suffix of the target is optional.
        """
        wanted = fold_name(target).strip("/")
        return self._pages.get(wanted) or self._pages.get(strip_page_suffix(wanted)) or ()

    def has(self, target: str) -> bool:
        """Return whether a page, a file or a folder has this name, or a path that ends in it."""
        return bool(self.pages_for(target)) or fold_name(target).strip("/") in self._others

    def stems(self) -> list[str]:
        """Return the names of the pages, folded, without their folders and suffixes."""
        return [name for name in self._pages if "/" not in name]


def iter_endings(path: str) -> Iterator[str]:
    """Yield the path, then the path without its first folder, without two …, and the name alone."""
    yield path
    at = path.find("/")
    while at >= 0:
        yield path[at + 1 :]
        at = path.find("/", at + 1)


def select_preferred(candidates: Sequence[str], target: str, folder: str, vault: bool) -> Sequence[str]:
    """Return the candidates that Obsidian may choose for a link on a page in `folder`.

    A page at exactly this path comes first, then pages below the page's own folder, then those with the
    shortest path. Outside a `vault`, pages below the same top folder are preferred, because the folders
    beside it may belong to other sites.
    """
    wanted = fold_name(strip_page_suffix(target)).strip("/")
    if exact := [path for path in candidates if fold_name(strip_page_suffix(path)) == wanted]:
        return exact[:1]
    scopes = [f"{folder}/"] if folder else []
    if folder and not vault:
        scopes.append(folder.partition("/")[0] + "/")
    for scope in scopes:
        if near := [path for path in candidates if path.startswith(scope)]:
            candidates = near
            break
    fewest = min((path.count("/") for path in candidates), default=0)
    return [path for path in candidates if path.count("/") == fewest]


_ALIAS_KEY = LazyPattern(
    r"^(?:aliases|alias|permalink):[ \t]*(.*)$((?:\n[ \t]*-[ \t].*)*)", re.MULTILINE | re.I
)

_HEAD = 4096  # characters of a page that are searched for its aliases


def read_aliases(page: Path) -> Iterator[str]:
    """Yield the aliases in a page's front matter; none if the page cannot be read."""
    try:
        text = read_regular_file(page)[: 4 * _HEAD].decode("utf-8", "replace")[:_HEAD]
    except OSError:
        return
    if text.startswith(("---", "\ufeff---")):
        for key in _ALIAS_KEY.finditer(text, 0, max(0, text.find("\n---", 3))):
            for alias in re.split(r",|\n[ \t]*-", key[1].strip().strip("[]") + key[2]):
                if alias := alias.strip(" \t\r\"'/"):
                    yield alias
