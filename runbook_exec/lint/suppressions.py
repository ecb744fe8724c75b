"""Comments that suppress findings: `<!-- runbook: ignore=CODE -->`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..document.model import Runbook
from ..light_classes import NamedTuple
from ..text.lazy_pattern import LazyPattern
from ..text.source import split_lines

_IGNORE = LazyPattern(r"(?<!\S)ignore=(?:\"([^\"]*)\"|'([^']*)'|(\S++))")

_CODE = LazyPattern(r"[^,\s]++")

_OPENING = LazyPattern(r"<!--\s{0,40}runbook:")

_COMMENT_LINE = LazyPattern(r"[ \t>]*<!--.*-->[ \t]*")


class Suppression(NamedTuple):
    """A code in a comment, at `text[start:end]` of the page."""

    code: str
    start: int
    end: int


def suppressed_codes_by_line(runbook: Runbook) -> Mapping[int, frozenset[str]]:
    """Return the suppressed codes by line.

    A comment covers its line and the next line, or the whole next block.
    """
    found: dict[int, frozenset[str]] = {}
    if "ignore=" not in runbook.text:
        return found
    lines = split_lines(runbook.text)
    starts = {block.span.line: block for block in runbook.blocks}
    for start, end in _comments(runbook.text):
        codes = frozenset(ignored.code for ignored in _parse_suppressions(runbook.text, start, end))
        first, last = (lines.span(offset, offset).line for offset in (start, end))
        below = last + 1
        while below <= len(lines.lines) and _COMMENT_LINE.fullmatch(lines.lines[below - 1]):
            below += 1
        if (block := starts.get(below)) is not None:
            last = lines.span(block.span.end, block.span.end).line - 1
        for number in range(first, last + 2) if codes else ():
            found[number] = found.get(number, frozenset()) | codes
    return found


def find_suppressions(text: str) -> Iterator[Suppression]:
    """Yield the codes in the comments of a page."""
    if "ignore=" in text:
        for start, end in _comments(text):
            yield from _parse_suppressions(text, start, end)


def _comments(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    while (opening := _OPENING.search(text, at)) is not None:
        at = text.find("-->", opening.end()) + len("-->")
        if at < len("-->"):
            return
        yield opening.start(), at


def _parse_suppressions(text: str, start: int, end: int) -> Iterator[Suppression]:
    for match in _IGNORE.finditer(text, start, end - len("-->")):
        for code in _CODE.finditer(text, *match.span(match.lastindex or 0)):
            yield Suppression(code[0], code.start(), code.end())
