"""Finds the links of a page's prose, with their places; skips code and comments."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from ..light_classes import NamedTuple
from ..system.memo import cache_latest
from ..text.lazy_pattern import LazyPattern
from .markdown.wikilinks import find_code_spans
from .model import Runbook, Wikilink

_TOKEN = LazyPattern(r"\\.|\[|\]\(?", re.DOTALL)

_DESTINATION = LazyPattern(
    r"\(\s*+(?:<(?P<bracketed>[^<>\n]*+)>|(?P<bare>(?>(?:[^\s()<>\\]++|\\.|\([^\s()<>]*+\))+)))"
    r"(?:\s++(?:\"[^\"]{0,500}\"|'[^']{0,500}'|\([^()]{0,500}\)))?\s*+\)"
)

_DEFINITION = LazyPattern(
    r"[ \t>]{0,40}\[(?!\^)(?P<label>[^\[\]\n]{1,300})\]:[ \t]*+"
    r"(?:<(?P<bracketed>[^<>\n]*+)>|(?P<bare>[^\s<]\S*+))"
    r"(?:[ \t]++(?:\"[^\"\n]*+\"|'[^'\n]*+'|\([^()\n]*+\)))?[ \t]*+\r?$",
    re.MULTILINE,
)

_FARTHEST = 350  # characters from the beginning of its line to the end of its label

_LABEL = LazyPattern(r"\[([^\[\]\n]{1,300})\](?!:)")

_ESCAPE = LazyPattern(r"\\([!-/:-@\[-`{-~])")

_COMMENT = LazyPattern(r"%%[^\n]*?%%")

_COMMENT_LINE = LazyPattern(r"^[ \t>]*+%%[ \t]*+$", re.MULTILINE)

_HTML_CODE = ("code", "pre", "kbd", "samp", "script", "style")

# names of things other than pages that are also written in double brackets
_NO_NAME = LazyPattern(
    r".*[*\"<>?:={}$\\`].*|[-@!&].*|_?to(?:c|sp)_?|[\d\s.,;_+-]*",
    re.IGNORECASE | re.DOTALL,
)


class Link(NamedTuple):
    """An inline link, an image or a definition; `text[start:end]` is the destination."""

    destination: str  # without escapes and entities
    start: int
    end: int


class TextRanges:
    """Ranges of a text, with a quick test whether an offset is in one of them."""

    def __init__(self, found: Iterable[tuple[int, int]]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(found):
            if not self._ends or start >= self._ends[-1]:
                self._starts.append(start)
                self._ends.append(end)
            else:
                self._ends[-1] = max(self._ends[-1], end)

    def __contains__(self, offset: int) -> bool:
        index = bisect_right(self._starts, offset) - 1
        return index >= 0 and offset < self._ends[index]


@lru_cache(maxsize=4)
def find_hidden_ranges(text: str) -> TextRanges:
    """Return the ranges of a page that are comments, or HTML elements that contain code."""
    found = [*_find_between(text, "<!--", "-->"), *_obsidian_comments(text)]
    if "</" in text:
        lowered = text.lower()
        for tag in _HTML_CODE:
            found += _find_between(lowered, f"<{tag}", f"</{tag}>")
    return TextRanges(found)


def _find_between(text: str, opening: str, closing: str) -> Iterator[tuple[int, int]]:
    start = text.find(opening)
    while start >= 0:
        end = text.find(closing, start + len(opening))
        if end < 0:
            return
        yield start, end + len(closing)
        start = text.find(opening, end + len(closing))


def _obsidian_comments(text: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges of `%% … %%` on one line, and between two lines of `%%`."""
    if "%%" not in text:
        return
    yield from (comment.span() for comment in _COMMENT.finditer(text))
    alone = iter(_COMMENT_LINE.finditer(text))
    yield from ((opening.start(), closing.end()) for opening, closing in zip(alone, alone, strict=False))


@cache_latest
def find_page_links(runbook: Runbook) -> Sequence[Wikilink]:
    """Return the wikilinks of a page.

    These are not wikilinks: `[[1]](…)`, `[[:space:]]`, `[[ -f x ]]` and `[[TOC]]`.
    """
    return tuple(_page_links(runbook))


def _page_links(runbook: Runbook) -> Iterator[Wikilink]:
    hidden = find_hidden_ranges(runbook.text) if runbook.wikilinks else None
    for link in runbook.wikilinks:
        start, end = link.span.start, link.span.end
        beside = (runbook.text[max(0, start - 1) : start], runbook.text[end : end + 1])
        if hidden is None or start in hidden or beside[0] == "[" or beside[1] in ("(", "[", "]"):
            continue
        if not link.target or not _NO_NAME.fullmatch(link.target):
            yield link


def has_links(text: str) -> bool:
    """Return whether a text may contain a link, an image or a definition."""
    return "](" in text or "]:" in text


@cache_latest
def find_links(runbook: Runbook) -> Sequence[Link]:
    """Return the links and images of the prose, and the definitions of used references.

    The definitions come last.
    """
    return tuple(_links(runbook))


def _links(runbook: Runbook) -> Iterator[Link]:
    text = runbook.text
    at = text.find("](")
    hidden = find_hidden_ranges(text) if at >= 0 else TextRanges(())
    for span in runbook.paragraphs:
        if 0 <= at < span.start:
            at = text.find("](", span.start)
        if at < 0:
            break
        if at < span.end:
            yield from (link for link in _inline(text, span.start, span.end) if link.start not in hidden)
    yield from _definitions(runbook)


def _inline(text: str, start: int, end: int) -> Iterator[Link]:
    spans = find_code_spans(text, start, end)
    code = TextRanges(spans) if spans else ()
    depth = 0
    for token in _TOKEN.finditer(text, start, end):
        if token.start() in code:
            continue
        written = token.group()
        depth += written == "["
        if written[0] != "]" or not depth:
            continue
        depth -= 1
        if written == "](" and (found := _DESTINATION.match(text, token.end() - 1, end)):
            yield _link(found)


def _definitions(runbook: Runbook) -> Iterator[Link]:
    text = runbook.text
    found = list(_match_definitions(text))
    if not found:
        return
    hidden = find_hidden_ranges(text)
    used = {label.casefold() for label in _LABEL.findall(text)}
    starts = [block.span.start for block in runbook.blocks]
    for definition in found:
        at = definition.start("label")
        block = bisect_right(starts, at) - 1
        inside = block >= 0 and at < runbook.blocks[block].span.end
        if not inside and at not in hidden and definition["label"].casefold() in used:
            yield _link(definition)


def _match_definitions(text: str) -> Iterator[re.Match[str]]:
    """Yield the definitions of references; only lines with `]:` are matched."""
    line = -1
    at = text.find("]:")
    while at >= 0:
        begin = text.rfind("\n", max(0, at - _FARTHEST), at) + 1
        if begin != line and (begin or at <= _FARTHEST) and (found := _DEFINITION.match(text, begin)):
            yield found
        line = begin
        at = text.find("]:", at + 1)


def _link(found: re.Match[str]) -> Link:
    group = "bare" if found["bracketed"] is None else "bracketed"
    written = found[group]
    if "\\" in written:
        written = _ESCAPE.sub(r"\1", written)
    if "&" in written:
        written = html.unescape(written)
    return Link(written, found.start(group), found.end(group))
