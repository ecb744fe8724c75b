"""Finds the tabs, folded sections and hidden parts of a page, and the blocks in them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from ...light_classes import NamedTuple, dataclass, field
from ...text.lazy_pattern import LazyPattern
from ...text.source import Source
from ..markdown.elements import PROSE, Element, Fence, Heading, Html, Inset, Paragraph, read_page_elements
from ..markdown.headings import strip_markup
from .hidden import find_comments, hide_elements, is_hidden
from .html_tags import SCOPES, find_open_comments, find_unseen_names
from .labels import find_heading_family, is_system
from .marks import Mark, RegionKind, find_marks, has_marks, read_inset

_BREAK = LazyPattern(r"^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t\r]*$", re.MULTILINE)

_TAB_HEADING = LazyPattern(r"\s*\[(.+)\]\(#tab/[^()]*\)\s*")

_FENCE_LABEL = LazyPattern(r"\[([^\]]+)\]|title=[\"']([^\"']+)[\"']|^\S+[ \t]+(\w[^{}=]*)$")


class PageRegion(NamedTuple):
    """A marked part of a page: the elements `first:last`, after its mark at the offset `start`."""

    kind: RegionKind
    label: str
    family: str
    start: int
    first: int
    last: int


class TabPlace(NamedTuple):
    """The tab that a block is in: its group, which an offset identifies, its number there, and its label."""

    group: int
    number: int  # from 1
    label: str


@dataclass(frozen=True, slots=True)
class PageFlow:
    """The elements of a page that a reader sees, and where its fences are; both are numbered by element."""

    elements: tuple[Element, ...]
    reasons: Mapping[int, str] = field(default_factory=dict)  # why a fence does not run
    tabs: Mapping[int, tuple[TabPlace, ...]] = field(default_factory=dict)  # outer ones first


def read_flow(source: Source, start: int, mdx: bool = False) -> PageFlow:
    """Return what the reader of a page sees; its body starts at this offset, which must begin a line.

    In MDX no text is code because it is indented.
    """
    elements, insets = read_page_elements(source, start)
    elements, reasons = hide_elements(elements, find_comments(source.text, start, elements))
    reader = _RegionReader(source, elements)
    regions = [*reader.read_insets(insets)]
    headings = [element.text for element in elements if type(element) is Heading]
    unseen = find_unseen_names(source.text) | find_open_comments(elements)
    if unseen or any("#tab/" in text for text in headings) or has_marks(source.text):
        regions += reader.read_regions(unseen)
    around = [(each.first, each.last) for each in regions]
    for section in reader.read_headings():
        ends = [last for first, last in around if first <= section.first <= last]
        regions.append(section._replace(last=min((section.last, *ends))))
    if not regions:
        return PageFlow(elements, reasons)
    regions.sort(key=lambda region: (region.first, -region.last, region.start))
    shown = tuple(reader.tab_headings.get(index, element) for index, element in enumerate(elements))
    tabs, folded = _place_fences(shown, regions, reader.marked, mdx)
    return PageFlow(shown, folded | reasons, tabs)


@dataclass(slots=True)
class _OpenRegion:
    mark: Mark
    first: int
    level: int = 0  # of a heading that begins a tab


@dataclass(slots=True)
class _RegionReader:
    """Reads the marks of a page, and keeps the regions that are open."""

    source: Source
    elements: Sequence[Element]
    marked: set[int] = field(default_factory=set)  # elements that only hold marks
    tab_headings: dict[int, Paragraph] = field(default_factory=dict)  # headings that only begin a tab
    _open: list[_OpenRegion] = field(default_factory=list)

    def read_regions(self, unseen: frozenset[str]) -> Iterator[PageRegion]:
        """Yield the regions between marks. What is never closed is no region, unless it hides the rest."""
        text = self.source.text
        end = 0
        for index, element in enumerate(self.elements):
            start = element.span.start
            if self.tab_headings and any(each.level for each in self._open):
                if _BREAK.search(text, end, start):
                    yield from self._close_headings(index, 0)
                elif isinstance(element, Heading) and not _TAB_HEADING.fullmatch(element.text):
                    yield from self._close_headings(index, element.level)
            end = element.span.end
            if isinstance(element, Heading):
                yield from self._read_heading(index, element)
            elif isinstance(element, PROSE) and not is_hidden(element):
                is_block = isinstance(element, Html)
                for mark in find_marks(text[start : element.span.end], unseen, is_block=is_block):
                    self.marked.add(index)
                    yield from self._read_mark(mark._replace(start=start + mark.start), index)
        yield from self._close_headings(len(self.elements), 0)
        hiding = (number for number, each in enumerate(self._open) if each.mark.hides_rest)
        if (first := next(hiding, None)) is not None:
            self._open = [self._open[first]]
            yield from self._close_from(0, len(self.elements))

    def _read_mark(self, mark: Mark, index: int) -> Iterator[PageRegion]:
        if mark.family in ("@tab", "=="):
            frames = [n for n, each in enumerate(self._open) if each.mark.kind is RegionKind.TABS]
            if not frames:
                self.marked.discard(index)
                return
            yield from self._close_from(frames[-1] + 1, index)
        if not mark.closes:
            self._open.append(_OpenRegion(mark, index + 1))
            return
        at = next((n for n in reversed(range(len(self._open))) if self._is_closed_by(n, mark)), None)
        if at is not None and self._may_close(at, index):
            yield from self._close_from(at, index)

    def _is_closed_by(self, number: int, mark: Mark) -> bool:
        family = self._open[number].mark.family
        return family == mark.family or (mark.family.startswith(":::") and family.startswith(mark.family))

    def _may_close(self, number: int, index: int) -> bool:
        """Return whether an end tag in an element closes what hides a part of the page.

        In a table and the like it does not, and a paragraph may be a table.
        """
        opened = self._open[number]
        if opened.mark.kind is not RegionKind.HIDDEN:
            return True
        is_known = isinstance(self.elements[index], Html) or opened.first == index + 1
        inside = (each.mark.family.removeprefix("tag:") for each in self._open[number + 1 :])
        return is_known and SCOPES.isdisjoint(inside)

    def _close_from(self, number: int, index: int) -> Iterator[PageRegion]:
        for each in self._open[number:]:
            mark = each.mark
            yield PageRegion(mark.kind, mark.label, mark.family, mark.start, each.first, index)
        del self._open[number:]

    def _read_heading(self, index: int, heading: Heading) -> Iterator[PageRegion]:
        found = _TAB_HEADING.fullmatch(heading.text)
        if found is None:
            return
        yield from self._close_headings(index, 0)
        self.marked.add(index)
        self.tab_headings[index] = Paragraph(heading.span, heading.last, heading.items, heading.quoted)
        mark = Mark("#tab", RegionKind.TAB, found[1].strip(), heading.span.start)
        self._open.append(_OpenRegion(mark, index + 1, heading.level))

    def _close_headings(self, index: int, level: int) -> Iterator[PageRegion]:
        """Close the tab that a heading began, if a heading of this level ends it."""
        at = next((n for n, each in enumerate(self._open) if each.level and level <= each.level), None)
        if at is not None:
            yield from self._close_from(at, index)

    def read_headings(self) -> Iterator[PageRegion]:
        """Yield the sections whose headings are alternatives: names of systems, or counted options."""
        headings = [
            (index, element)
            for index, element in enumerate(self.elements)
            if type(element) is Heading and not element.items and not element.quoted
        ]
        for number, (index, heading) in enumerate(headings):
            title = strip_markup(heading.text)
            if not (family := find_heading_family(title)) or _TAB_HEADING.fullmatch(heading.text):
                continue
            rest = (at for at, other in headings[number + 1 :] if other.level <= heading.level)
            last = next(rest, len(self.elements))
            self.marked.add(index)
            yield PageRegion(
                RegionKind.TAB, title, f"#{heading.level} {family}", heading.span.start, index + 1, last
            )

    def read_insets(self, insets: Sequence[Inset]) -> Iterator[PageRegion]:
        """Yield the regions of indented text."""
        for inset in insets:
            if inset.opening:
                self.marked.add(inset.first - 1)
                start = self.elements[inset.first - 1].span.start
                kind, label = read_inset(inset.opening)
                family = "new" if inset.opening.startswith("===!") else "==="
            else:
                kind, label, family = RegionKind.CODE, "", ""
                start = self.elements[inset.first].span.start if inset.first < inset.last else 0
            yield PageRegion(kind, label, family, start, inset.first, inset.last)


_Places = dict[int, tuple[TabPlace, ...]]


def _place_fences(
    elements: Sequence[Element], regions: Sequence[PageRegion], marked: set[int], mdx: bool
) -> tuple[_Places, dict[int, str]]:
    """Return the tabs of each fence, and why fences in folded, hidden and indented parts do not run."""
    groups = _group_tabs(regions, marked)
    tabs: _Places = {}
    reasons: dict[int, str] = {}
    fences = [index for index, element in enumerate(elements) if isinstance(element, Fence)]
    around: dict[int, list[PageRegion]] = {}
    for region in regions:
        for index in fences[bisect_right(fences, region.first - 1) : bisect_right(fences, region.last - 1)]:
            around.setdefault(index, []).append(region)
    counts: dict[int, int] = {}
    for index, inside in around.items():
        fence = cast(Fence, elements[index])
        if reason := _explain(inside, groups, fence, mdx):
            reasons[index] = reason
            continue
        places = [groups[id(region)] for region in inside if id(region) in groups]
        if inside[-1].kind is RegionKind.TABS or _is_bare_in_tabs(inside):
            frame = next(region for region in reversed(inside) if region.kind is RegionKind.TABS)
            number = counts[frame.start] = counts.get(frame.start, 0) + 1
            label = _find_fence_label(fence.written) or f"{number}"
            places.append(TabPlace(frame.start, number, label))
        if places:
            tabs[index] = tuple(places)
    return tabs, reasons


def _is_bare_in_tabs(inside: Sequence[PageRegion]) -> bool:
    """Return whether the innermost tab frame holds the fence without a tab."""
    kinds = [region.kind for region in inside if region.kind in (RegionKind.TABS, RegionKind.TAB)]
    return bool(kinds) and kinds[-1] is RegionKind.TABS


def _explain(inside: Sequence[PageRegion], groups: Mapping[int, TabPlace], fence: Fence, mdx: bool) -> str:
    for region in inside:
        if region.kind is RegionKind.HIDDEN:
            return "in a part of the page that no reader sees"
        if region.kind is RegionKind.FOLDED and id(region) not in groups:
            named = f" (“{region.label}”)" if region.label else ""
            return f"in a folded section{named}"
    if all(region.kind is not RegionKind.CODE for region in inside):
        return ""
    if not fence.closed:
        return "its fence is never closed"
    framed = any(region.family.startswith(("tag:", "hugo:", "liquid:", ":::")) for region in inside)
    return "" if mdx or framed else "indented by four spaces: most sites show it as text"


def _group_tabs(regions: Sequence[PageRegion], marked: set[int]) -> dict[int, TabPlace]:
    """Return the place of each tab by the identity of its region.

    Tabs belong together in a frame, or where one begins as the other ends. Folded sections that do so, and
    are for different systems, are tabs as well.
    """
    frames: list[PageRegion] = []  # the regions around the present one
    last: dict[int, tuple[PageRegion, TabPlace]] = {}  # the last tab in each frame, or outside of all
    places: dict[int, TabPlace] = {}
    for region in regions:
        while frames and frames[-1].last <= region.first and not (frames[-1].last >= region.last):
            frames.pop()
        frames = [frame for frame in frames if frame.first <= region.first and region.last <= frame.last]
        parent = frames[-1] if frames else None
        frames.append(region)
        folded = region.kind is RegionKind.FOLDED and is_system(region.label)
        if region.kind is not RegionKind.TAB and not folded:
            continue
        key = parent.start if parent else -1
        before = last.get(key)
        framed = parent is not None and parent.kind is RegionKind.TABS
        if before and (framed or _follows(before[0], region, marked)):
            place = TabPlace(before[1].group, before[1].number + 1, region.label)
        else:
            place = TabPlace(parent.start if parent and framed else region.start, 1, region.label)
        place = place._replace(label=region.label or str(place.number))
        last[key] = (region, place)
        places[id(region)] = place
    return places


def _follows(before: PageRegion, region: PageRegion, marked: set[int]) -> bool:
    """Return whether nothing but marks is between two tabs."""
    if region.family == "new" or before.kind is not region.kind:
        return False
    if region.family.startswith("#") and region.family != before.family:
        return False
    return before.last <= region.first and all(n in marked for n in range(before.last, region.first))


def _find_fence_label(written: str) -> str:
    """Return the label of a block among others in a group of code, from the words after its fence."""
    found = _FENCE_LABEL.search(written)
    if found:
        return next(group for group in found.groups() if group).strip()
    return written.split(" ", 1)[0].strip("{}") if written else ""
