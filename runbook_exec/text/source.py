"""Maps offsets in the text of a file to lines and spans, and back."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, count
from operator import add

from ..light_classes import NamedTuple, dataclass
from .lazy_pattern import LazyPattern
from .span import Span

TAB_STOP = 4

_new_tuple = tuple.__new__  # makes a span without a call of ours: a page has a hundred

_LINE_END = LazyPattern(r"\r\n|\r|\n")


class PositionError(Exception):
    """A bug of ours: a line does not hold the text that was read from it.

    Its offsets would be wrong.
    """

    def __init__(self, line: int, expected: str, found: str) -> None:
        super().__init__(f"line {line}: expected the line to end in {expected!r}, found {found!r}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Source:
    """A file as decoded; `lines[n]` is line n + 1 without its end and without a byte order mark."""

    text: str
    lines: Sequence[str]
    starts: Sequence[int]  # the offset of each line's first character

    def index(self, offset: int) -> int:
        """Return the index (from 0) of the line that holds this offset."""
        index = bisect_right(self.starts, offset) - 1
        return index if index > 0 else 0

    def span(self, start: int, end: int) -> Span:
        """Return the stretch `text[start:end]` with its line and column."""
        index = self.index(start)
        column = start - self.starts[index]
        return _new_tuple(Span, (start, end, index + 1, (column if column > 0 else 0) + 1))

    def span_from_rest(self, index: int, rest: str, last: int) -> Span:
        """Return the span from `rest`, the end of line `index`, to the end of line `last`.

        Raises PositionError if that line does not end in `rest`, or if no line `last` exists.
        """
        lines, starts = self.lines, self.starts
        if last >= len(lines):
            raise PositionError(last + 1, rest, "the end of the file")
        line, first = lines[index], starts[index]
        start = first + len(line) - len(rest) if line.endswith(rest) else self.locate_rest(index, rest)[0]
        return _new_tuple(Span, (start, starts[last] + len(lines[last]), index + 1, start - first + 1))

    def end(self, index: int) -> int:
        """Return the offset at which the line with this index ends, before its line end."""
        return self.starts[index] + len(self.lines[index])

    def locate_rest(self, index: int, rest: str) -> tuple[int, int]:
        """Return where `rest`, the end of a line with its tabs expanded, starts in the file.

        That is the offset of its first character that is in the file, and the number of spaces before it:
        the rest of a tab in whose middle `rest` begins. Raises PositionError if the line with this index
        (from 0) does not end in `rest`.
        """
        line = self.lines[index]
        if "\t" not in line:
            if not line.endswith(rest):
                raise PositionError(index + 1, rest, line)
            return self.starts[index] + len(line) - len(rest), 0
        expanded = line.expandtabs(TAB_STOP)
        if not expanded.endswith(rest):
            raise PositionError(index + 1, rest, line)
        wanted = len(expanded) - len(rest)
        column = 0
        for position, character in enumerate(line):
            if column >= wanted:
                return self.starts[index] + position, column - wanted
            column += TAB_STOP - column % TAB_STOP if character == "\t" else 1
        return self.end(index), column - wanted

    def map_lines(self, first: int, rests: Sequence[str]) -> MappedText:
        """Return the ends of the lines from index `first` on.

        `rests` are these ends with tabs expanded.

        The text keeps the tabs of the file. Raises PositionError if a line does not end in its rest, or if
        more than indentation and the `>` of a quote is before it.
        """
        last = first + len(rests)
        if self.lines[first:last] == rests:
            return MappedText("\n".join(rests), tuple(self.starts[first:last]), (0,) * len(rests))
        origins: list[int] = []
        padding: list[int] = []
        parts: list[str] = []
        for index, rest in enumerate(rests, first):
            if index >= len(self.lines):
                raise PositionError(index + 1, rest, "the end of the file")
            origin, spaces = self.locate_rest(index, rest)
            if origin > self.starts[index] and self.text[self.starts[index] : origin].strip(" \t>"):
                raise PositionError(index + 1, rest, self.lines[index])
            origins.append(origin)
            padding.append(spaces)
            parts.append(" " * spaces + self.text[origin : self.end(index)])
        return MappedText("\n".join(parts), tuple(origins), tuple(padding))


def line_starts(lines: Sequence[str], start: int = 0) -> list[int]:
    """Return the offset of each line's first character; the first line begins at `start`.

    The lines are given without their ends, which are one character each.
    """
    return [start, *map(add, accumulate(map(len, lines[:-1])), count(start + 1))]


@lru_cache(maxsize=2)
def parse_source(text: str) -> Source:
    """Divide a decoded file into its lines, which end in `\\n`, `\\r\\n` or `\\r`.

    The last results are remembered: front matter, annotations and the page all have places in the same text.
    """
    mark = 1 if text.startswith("\ufeff") else 0
    body = text[mark:]
    if "\r" not in body:
        lines = body.split("\n")
        return Source(text, lines, line_starts(lines, mark))
    starts = [mark, *(match.end() for match in _LINE_END.finditer(text, mark))]
    return Source(text, _LINE_END.split(body), starts)


@lru_cache(maxsize=4)
def split_lines(text: str) -> Source:
    """Return the text divided into lines; the results for the last few texts are remembered."""
    return parse_source(text)


def make_span(text: str, start: int, end: int) -> Span:
    """Return the stretch `text[start:end]` with its line and column."""
    return split_lines(text).span(start, end)


class MappedText(NamedTuple):
    """Text taken from a file line by line, with the place of each line in the file.

    `origins[k]` is the offset of the first character of line k that is in the file; `padding[k]` is the
    number of spaces before it that are not in the file (the rest of an expanded tab). Line ends of the file,
    also `\\r\\n`, are `\\n` here.
    """

    text: str
    origins: tuple[int, ...]
    padding: tuple[int, ...]

    def offset(self, position: int) -> int:
        """Return the offset in the file of the character at `position` in this text."""
        return self.offsets(position, position)[0]

    def offsets(self, start: int, end: int) -> tuple[int, int]:
        """Return the offsets in the file of the characters at two positions in this text."""
        if not self.origins:
            return 0, 0
        starts = _line_starts(self.text)
        first, last = bisect_right(starts, start) - 1, bisect_right(starts, end) - 1
        return (
            self.origins[first] + max(0, start - starts[first] - self.padding[first]),
            self.origins[last] + max(0, end - starts[last] - self.padding[last]),
        )


@lru_cache(maxsize=4)
def _line_starts(text: str) -> tuple[int, ...]:
    """Return the offset of each line's first character.

    The result is remembered, because callers ask for many offsets in one text.
    """
    return tuple(line_starts(text.split("\n")))
