"""What every shell module gives: how its text is split into statements, and how a value is written in it."""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter
from typing import NamedTuple

from .quoting import Context

_start = itemgetter(0)


class Scan(NamedTuple):
    """What a shell's grammar makes of a script; all offsets are in that script.

    `statements` are its complete commands in order, each from its first character to the end of its last
    word (here-document bodies included; the separator or newline after it, and comments around it, are not).
    `regions` are the stretches whose quoting is not bare, in order and disjoint (innermost wins); a quoted
    region is the content between its quotes. `comments` are whole comments from `#` to the end of the line,
    in order.
    `problem` is where and why the script does not end or does not parse, as far as splitting can tell.
    """

    statements: tuple[tuple[int, int], ...]
    regions: tuple[tuple[int, int, Context], ...]
    comments: tuple[tuple[int, int], ...]
    problem: tuple[int, str] | None = None

    def context(self, start: int, end: int) -> Context:
        """The context of the stretch, which is unsafe where it lies across the border of two."""
        after = bisect_right(self.regions, start, key=_start)
        if after and start < self.regions[after - 1][1]:
            _, region_end, context = self.regions[after - 1]
            return context if end <= region_end else Context.UNSAFE
        within = after < len(self.regions) and self.regions[after][0] < end
        return Context.UNSAFE if within else Context.BARE

    def in_comment(self, position: int) -> bool:
        """Whether a comment goes on at this position."""
        after = bisect_right(self.comments, position, key=_start)
        return after > 0 and position < self.comments[after - 1][1]


class Filling(NamedTuple):
    """A value to be written at `text[start:end]` of a statement."""

    start: int
    end: int
    context: Context
    value: str  # bytes that are not UTF-8 as surrogate escapes


class Piece(NamedTuple):
    """Part of a filled statement: its own text, or a value as the shell reads it (`filling` is its index)."""

    text: str
    filling: int | None = None


class Complaint(NamedTuple):
    """What a shell says of a script that it does not parse, and where, as far as it says that.

    `line` counts from 1 in the script; `columns` are the offsets in that line where it begins and ends.
    """

    message: str
    line: int | None = None
    columns: tuple[int, int] | None = None

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}" if self.line is not None else self.message


class QuotingError(ValueError):
    """This value cannot be written in this place; the message says what to change in the document."""
