"""Finds the files and pages that the links of a page lead to."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from functools import lru_cache
from urllib.parse import unquote

from ...document.page_names import strip_page_suffix
from ...text.lazy_pattern import LazyPattern
from ..rule import Page
from .site_kind import has_unknown_link_rules
from .workspace import Workspace

# no path of a file: another scheme, a root, a template, several files, a mail address
_ELSEWHERE = LazyPattern(r"[A-Za-z][A-Za-z0-9+.-]*:.*|[/\\~#?].*|.*[{}<>$*|:@\\\x00].*|[.…]*", re.DOTALL)


@lru_cache(maxsize=1024)
def path_of_link(destination: str) -> str | None:
    """Return the path of a relative link without its query and anchor.

    Returns None if the link is not the path of a file.
    """
    path = re.split(r"[?#]", destination, maxsplit=1)[0]
    if _ELSEWHERE.fullmatch(path):
        return None
    path = unquote(path)
    return None if _ELSEWHERE.fullmatch(path) else path


def link_candidates(path: str, source: str) -> Iterable[str]:
    """Yield the paths that a relative link on a page may mean, the plain one first.

    The paths are relative to the base; paths outside of the base begin with `..`. A site may serve `page.md`
    as `page/`, and then a link to anything but a page is relative to that.
    """
    folder = source.rpartition("/")[0]
    for start in (folder, strip_page_suffix(source)) if strip_page_suffix(path) == path else (folder,):
        place = _join_path(start, path)
        yield place
        for suffix in (".md", ".markdown", ".mdx", ".html"):
            yield place + suffix
        if place.endswith((".html", ".htm")):
            yield place.rpartition(".")[0] + ".md"


@lru_cache(maxsize=1024)
def _join_path(folder: str, path: str) -> str:
    return os.path.normpath(os.path.join(folder or ".", path)).replace(os.sep, "/")  # noqa: PTH118


def page_at(source: str, destination: str, exists: Callable[[str], bool]) -> str | None:
    """Return the page that a relative link leads to.

    Returns None if it leads to none, or to another file.
    """
    path = path_of_link(destination)
    if path is None:
        return None
    for place in link_candidates(path, source):
        if not place.startswith("..") and exists(place):
            return place if strip_page_suffix(place) != place else None
    return None


def pages_of_wikilink(workspace: Workspace, target: str, source: str) -> list[str] | None:
    """Return the pages that a wikilink on the page `source` may mean.

    Returns None if nothing has that name.
    """
    found: list[str] | None = workspace.ask(Workspace.resolve_wikilink, target, source.rpartition("/")[0])
    return found


def follows_unknown_rules(workspace: Workspace, source: str) -> bool:
    """Return whether the links of the page `source` follow rules that are not known here."""
    return bool(workspace.ask(has_unknown_link_rules, source.rpartition("/")[0]))


def is_known_link(page: Page, target: str) -> bool:
    """Return whether the settings list the target of a link as correct."""
    known = page.options.get("known-links", ())
    return any(fnmatchcase(target.casefold(), str(pattern).casefold()) for pattern in known)
