"""Converts wikilinks into links to the pages that Obsidian and Quartz would open."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.inlinepatterns import InlineProcessor

from ..document.anchors import find_headings, fold_heading
from ..document.links import find_page_links
from ..document.markdown.headings import assign_anchors, read_title
from ..document.page_names import PAGES, PageNames, read_aliases, select_preferred, strip_page_suffix
from ..document.parser import parse_runbook
from .builders import PageLocation, list_site_files, warn_about_page

# Before escapes, because a table needs `\|` in a wikilink; after code spans, which stay unchanged.
PRIORITY = 185

_LINK = r"(?<!\\)(!?)\[\[([^\[\]|#\n]*)(?:#([^\[\]|\n]*))?(?:\|([^\[\]\n]*))?\]\]"

_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".avif")

_SIZE = re.compile(r"\d+(?:x\d+)?")


class WikilinkProcessor(InlineProcessor):
    """Converts `[[page#heading|label]]` into a link, and warns about broken ones."""

    def __init__(self, md: Markdown, location: PageLocation, known_links: Sequence[str]) -> None:
        super().__init__(_LINK, md)
        self._location = location
        self._known_links = known_links
        self._lines: dict[tuple[str, str], list[int | None]] | None = None  # by target and heading

    def handleMatch(  # type: ignore[override]
        self, m: re.Match[str], data: str
    ) -> tuple[Element | None, int | None, int | None]:
        """Return the element for a wikilink; None for one without a target, which stays text."""
        target = m[2].rstrip("\\").strip()
        heading = (m[3] or "").rstrip("\\").strip()
        label = (m[4] or "").strip() or " › ".join(filter(None, (target, heading)))
        if not target and not heading:
            return None, None, None
        return self._element(target, heading, label, bool(m[1])), m.start(0), m.end(0)

    def _element(self, target: str, heading: str, label: str, embedded: bool) -> Element:
        location = self._location
        if not target:
            return _link(f"#{self._anchor(location.source, target, heading)}", label)
        if any(fnmatchcase(target.casefold(), pattern.casefold()) for pattern in self._known_links):
            elsewhere = Element("span", {"class": "rb-elsewhere", "title": "a page that is not on this site"})
            elsewhere.text = label
            return elsewhere
        found = _find_file(location.docs, target, posixpath.dirname(location.source))
        if found is None:
            warn_about_page(
                location,
                self._find_line(target, heading),
                f"the wikilink `[[{target}]]` leads to no page of this site",
            )
            broken = Element("span", {"class": "rb-broken"})
            broken.text = label
            return broken
        address = quote(posixpath.relpath(found, posixpath.dirname(location.source) or "."))
        if embedded and found.lower().endswith(_PICTURES):
            return Element("img", {"src": address, "alt": "" if _SIZE.fullmatch(label) else label})
        if heading and found.endswith(PAGES) and (anchor := self._anchor(found, target, heading)):
            address += f"#{anchor}"
        return _link(address, label)

    def _anchor(self, source: str, target: str, heading: str) -> str:
        """Return the anchor of a heading on a page of the site, for a link as it is written.

        The result is empty for a block or an unknown heading.
        """
        if heading.startswith("^"):
            return ""
        wanted = fold_heading(heading.rpartition("#")[2])
        try:
            headings = find_headings(
                (self._location.docs / source).read_text(encoding="utf-8", errors="replace")
            )
        except OSError:
            return ""
        read = [read_title(title) for title in headings.titles]
        for written, (title, _), anchor in zip(headings.titles, read, assign_anchors(read), strict=True):
            if wanted in (fold_heading(title), fold_heading(written)) or anchor == heading:
                return anchor
        if not headings.has_heading(heading):
            line = self._find_line(target, heading)
            warn_about_page(self._location, line, f"the page `{source}` has no heading `{heading}`")
        return ""

    def _find_line(self, target: str, heading: str) -> int | None:
        """Return the line of a wikilink; of the same link in several places, of the next one at each call."""
        if self._lines is None:
            path = self._location.path
            self._lines = {}
            for link in find_page_links(parse_runbook(path.read_bytes(), str(path))):
                self._lines.setdefault((link.target, link.heading), []).append(link.span.line)
        lines = self._lines.get((target, heading)) or [None]
        return lines.pop(0) if len(lines) > 1 else lines[0]


def _link(address: str, label: str) -> Element:
    link = Element("a", {"href": address})
    link.text = label
    return link


@lru_cache(maxsize=4)
def _index_names(files: tuple[str, ...]) -> PageNames:
    return PageNames(files)


@lru_cache(maxsize=4)
def _collect_aliases(docs: Path, files: tuple[str, ...]) -> dict[str, str]:
    """Return the pages by the aliases in their front matter, case folded."""
    found: dict[str, str] = {}
    for source in files:
        if source.endswith(PAGES):
            for alias in read_aliases(docs / source):
                found.setdefault(alias.casefold(), source)
    return found


def _find_file(docs: Path, target: str, folder: str) -> str | None:
    """Return the file of the site for a wikilink on a page in `folder`; None if there is none."""
    if target.startswith(("./", "../")):
        target = posixpath.normpath(posixpath.join(folder or ".", target))
    files = list_site_files(docs)
    names = _index_names(files)
    if candidates := names.pages_for(target):
        return sorted(select_preferred(candidates, target, folder, True))[0]
    if names.has(target):
        wanted = target.strip("/").casefold()
        for source in files:
            if source.casefold() == wanted or source.casefold().endswith(f"/{wanted}"):
                return source
    return _collect_aliases(docs, files).get(strip_page_suffix(target).casefold())
