"""The types that each shell fills in: how it splits text into statements, quotes values and is driven."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from .driver import Driver
from .quoting import Context

if TYPE_CHECKING:
    from .posix.parser import ParsedScript

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


def _define_nothing(code: str) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class SnapshotFormat:
    """The code that writes down a shell's variables, functions and aliases, and how its output is read."""

    build_code: Callable[[str, Iterable[str]], str]  # a file, functions that were redefined -> the code
    parse: Callable[[bytes], dict[str, str]]  # the output -> code, by kind and name of what that makes
    find_callable_names: Callable[[bytes, Mapping[str, str]], frozenset[str]]  # … and what `parse` returned
    assignment: re.Pattern[str]  # a statement that only sets one variable, the first group, to fixed texts
    removals: Mapping[str, str]  # by kind, the command that removes a thing by its name
    find_defined_functions: Callable[[str], tuple[str, ...]] = _define_nothing  # those for `build_code`


@dataclass(frozen=True, slots=True)
class Shell:
    """All that the rest of the program asks of a shell.

    The languages of its blocks and the commands that start it are in the registry, because they are needed
    before the shell is loaded.
    """

    name: str
    install_hint: str
    scan: Callable[[str], Scan]  # a script -> its statements and the quoting of every stretch; never raises
    fill: Callable[[str, Sequence[Filling]], tuple[Piece, ...]]  # raises QuotingError
    check: Callable[[Sequence[str]], list[Complaint | None]]  # raises FileNotFoundError without its program
    driver: Driver
    snapshot: SnapshotFormat
    list_unknown: tuple[str, ...]  # arguments with which it prints those of the names after them it lacks
    highlight_as: str  # the language in which Pygments highlights it
    parse: Callable[[str], ParsedScript] | None = None  # for shells with here-documents
    pattern_option: tuple[str, str] | None = None  # a word of pages, and the statement that it belongs to
