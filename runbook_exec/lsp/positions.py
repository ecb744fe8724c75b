"""Maps offsets in the text of a page to the positions of an editor, and back."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping

from lsprotocol.types import Position, PositionEncodingKind, Range

from ..text.source import parse_source


def _utf8_units(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


_UNITS: Mapping[str, Callable[[str], int]] = {
    PositionEncodingKind.Utf8: _utf8_units,
    PositionEncodingKind.Utf16: _utf16_units,
    PositionEncodingKind.Utf32: len,
}


class PositionMap:
    """The lines of a text, with columns in the units that the client has chosen.

    A line ends with `\\n`, `\\r\\n` or `\\r`, as the protocol says. A tab is one unit.
    """

    def __init__(self, text: str, encoding: str = PositionEncodingKind.Utf16) -> None:
        source = parse_source(text)
        self._text = text
        self._lines = source.lines
        self._starts = [0, *source.starts[1:]]  # a byte order mark is a character of the first line
        self._count = _UNITS.get(encoding, _utf16_units)
        self._is_ascii = text.isascii()
        self.encoding = encoding

    def line_start(self, line: int) -> int:
        """Return the offset where a line begins; lines count from 0."""
        return self._starts[min(max(line, 0), len(self._starts) - 1)]

    def line_end(self, line: int) -> int:
        """Return the offset where a line ends, before its line end."""
        line = min(max(line, 0), len(self._starts) - 1)
        return self._starts[line] + len(self._lines[line]) + (self._has_mark() if line == 0 else 0)

    def position(self, offset: int) -> Position:
        """Return the position of the character at an offset.

        Inside a line end it is the end of the line.
        """
        offset = min(max(offset, 0), len(self._text))
        line = bisect_right(self._starts, offset) - 1
        start = self._starts[line]
        offset = min(offset, self.line_end(line))
        before = self._text[start:offset]
        return Position(line, len(before) if self._is_ascii else self._count(before))

    def range(self, start: int, end: int) -> Range:
        """Return the range of `text[start:end]`."""
        return Range(self.position(start), self.position(end))

    def offset(self, position: Position) -> int:
        """Return the offset of a position. One beyond its line, or beyond the text, is at its end.

        A position inside a character is before it.
        """
        if position.line < 0:
            return 0
        if position.line >= len(self._starts):
            return len(self._text)
        start, end = self._starts[position.line], self.line_end(position.line)
        wanted = max(position.character, 0)
        line = self._text[start:end]
        if line.isascii():
            return start + min(wanted, len(line))
        low, high = 0, min(len(line), wanted)  # a character has at least one unit
        while low < high:  # the longest beginning of the line with at most so many units
            middle = (low + high + 1) // 2
            if self._count(line[:middle]) <= wanted:
                low = middle
            else:
                high = middle - 1
        return start + low

    def offsets(self, wanted: Range) -> tuple[int, int]:
        """Return the offsets of a range, in order."""
        start, end = self.offset(wanted.start), self.offset(wanted.end)
        return min(start, end), max(start, end)

    def _has_mark(self) -> int:
        return int(self._text.startswith("\ufeff"))
