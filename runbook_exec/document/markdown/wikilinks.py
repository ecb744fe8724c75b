"""Finds wikilinks, `[[target#heading|label]]`, and code spans, in which wikilinks are text."""

from __future__ import annotations

from collections import defaultdict, deque

from ...text.lazy_pattern import LazyPattern
from ...text.source import Source
from ..model import Wikilink

_TICKS = LazyPattern(r"`+")

_LINK = LazyPattern(
    r"\[\[(?P<target>[^\[\]|#\n]*)(?:#(?P<heading>[^\[\]|\n]*))?(?:\|(?P<label>[^\[\]\n]*))?\]\]"
)


def find_code_spans(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the code spans of a paragraph or heading from `start` to `end`, in order.

    The spans include the backticks.
    """
    if text.find("`", start, end) < 0:
        return []
    runs = [match.span() for match in _TICKS.finditer(text, start, end)]
    following: dict[int, deque[int]] = defaultdict(deque)
    for index, (first, last) in enumerate(runs):
        following[last - first].append(index)
    spans = []
    index = 0
    while index < len(runs):
        first, last = runs[index]
        if _is_escaped(text, first, start):
            first += 1
        same = following.get(last - first, deque())
        while same and same[0] <= index:
            same.popleft()
        if first < last and same:
            index = same[0]
            spans.append((first, runs[index][1]))
        index += 1
    return spans


def _is_escaped(text: str, position: int, start: int) -> bool:
    before = position
    while before > start and text[before - 1] == "\\":
        before -= 1
    return (position - before) % 2 == 1


def find_wikilinks(source: Source, start: int, end: int) -> list[Wikilink]:
    """Return the wikilinks of a paragraph or heading from `start` to `end`."""
    text = source.text
    found = list(_LINK.finditer(text, start, end)) if text.find("[[", start, end) >= 0 else []
    if not found:
        return []
    # a code span that begins below the last link holds none
    in_code = find_code_spans(text, start, end) if text.find("`", start, found[-1].end()) >= 0 else []
    spans = iter((*in_code, (end, end)))
    first, last = next(spans)
    links = []
    for match in found:
        while last <= match.start() and first < end:
            first, last = next(spans)
        if first < match.end() and match.start() < last:
            continue
        target = match["target"].rstrip("\\").strip()
        heading = (match["heading"] or "").rstrip("\\").strip()
        if (target or heading) and not _is_escaped(text, match.start(), start):
            label = (match["label"] or "").strip()
            links.append(Wikilink(target, heading, label, source.span(match.start(), match.end())))
    return links
