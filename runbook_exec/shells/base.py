"""Defines the types that each shell fills in.

They describe how the shell splits text into statements, quotes values and is driven.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING

from ..light_classes import NamedTuple
from ..text.lazy_pattern import LazyPattern
from .driver import Driver
from .quoting import Context
from .simple_command import SimpleCommand

if TYPE_CHECKING:
    from .evaluation.variables import VariableReading
    from .posix.parsed_script import ParsedScript
    from .variables import VariableUse

_start = itemgetter(0)


class Scan(NamedTuple):
    """A script split by a shell's grammar; all offsets are in that script.

    `statements` are its complete commands in order, each from its first character to the end of its last
    word (here-document bodies included; the separator or newline after it, and comments around it, are not).
    `regions` are the stretches whose quoting is not bare, in order and disjoint (innermost wins); a quoted
    region is the content between its quotes. `comments` are whole comments from `#` to the end of the line,
    in order.
    `problem` is the offset and the reason if the script does not end or does not parse, as far as
    splitting can detect it.
    """

    statements: tuple[tuple[int, int], ...]
    regions: tuple[tuple[int, int, Context], ...]
    comments: tuple[tuple[int, int], ...]
    problem: tuple[int, str] | None = None

    def context(self, start: int, end: int) -> Context:
        """Return the context of a stretch: UNSAFE if it crosses the border of two regions."""
        after = bisect_right(self.regions, start, key=_start)
        if after and start < self.regions[after - 1][1]:
            _, region_end, context = self.regions[after - 1]
            return context if end <= region_end else Context.UNSAFE
        within = after < len(self.regions) and self.regions[after][0] < end
        return Context.UNSAFE if within else Context.BARE

    def in_comment(self, position: int) -> bool:
        """Return whether the position is inside a comment."""
        after = bisect_right(self.comments, position, key=_start)
        return after > 0 and position < self.comments[after - 1][1]


class Filling(NamedTuple):
    """A value for the placeholder at `text[start:end]` of a statement."""

    start: int
    end: int
    context: Context
    value: str  # bytes that are not UTF-8 as surrogate escapes


class Piece(NamedTuple):
    """A part of a filled statement: its own text, or a quoted value, whose index is `filling`."""

    text: str
    filling: int | None = None


class Complaint(NamedTuple):
    """A shell's error message for a script that it does not parse, with its place.

    The place is missing if the shell gives none. `line` counts from 1 in the script; `columns` are the
    offsets in that line where it begins and ends.
    """

    message: str
    line: int | None = None
    columns: tuple[int, int] | None = None

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}" if self.line is not None else self.message


class QuotingError(ValueError):
    """Raised for a value that cannot be quoted in its place.

    Its message explains what to change.
    """


class EvaluationError(QuotingError):
    """Raised for a value that its reader would execute.

    `start` is the offset of its placeholder. `is_code` is whether the reader takes any text for code, and not
    only a number or a name.
    """

    def __init__(self, message: str, start: int, advice: str, is_code: bool) -> None:
        super().__init__(f"{message}; {advice}")
        self.is_code = is_code
        self.message = message
        self.start = start
        self.advice = advice


def _find_none(text: str) -> tuple[VariableReading, ...]:
    return ()


def _define_nothing(code: str) -> tuple[str, ...]:
    return ()


class SnapshotFormat(NamedTuple):
    """How a shell prints its variables, functions, aliases and settings, and how that output is parsed."""

    build_code: Callable[[str, Iterable[str]], str]  # a file, functions that were redefined -> the code
    parse: Callable[[bytes], dict[str, str]]  # the output -> code, by kind and name of what that makes
    find_callable_names: Callable[[bytes, Mapping[str, str]], frozenset[str]]  # output, result of `parse`
    assignment: LazyPattern[str]  # a statement that only sets one variable, the first group, to fixed texts
    removals: Mapping[str, str]  # by kind, the command that removes a thing by its name
    find_defined_functions: Callable[[str], tuple[str, ...]] = _define_nothing  # those for `build_code`
    highest_descriptor: int = 0  # that a statement can open for those after it; 0 if the shell has no such
    lists_functions: bool = True  # otherwise only the statements that define them show them


class Shell(NamedTuple):
    """A shell, with everything that the rest of the program needs of it.

    The languages of its blocks and the commands that start it are in the registry, because they are needed
    before the shell is loaded.
    """

    name: str
    install_hint: str
    scan: Callable[[str], Scan]  # a script -> its statements and the quoting of every stretch; never raises
    protect: Callable[[str, Sequence[Filling]], Sequence[Filling]]  # begins `fill`; raises EvaluationError
    fill: Callable[[str, Sequence[Filling]], tuple[Piece, ...]]  # raises QuotingError
    find_commands: Callable[[str], tuple[SimpleCommand, ...]]  # a script -> its commands; never raises
    check: Callable[[Sequence[str]], list[Complaint | None]]  # raises FileNotFoundError without its program
    list_variables: Callable[[str], VariableUse]  # a statement -> the variables that it needs
    driver: Driver
    snapshot: SnapshotFormat
    list_unknown: tuple[str, ...]  # arguments that make it print the names after them that it does not know
    highlight_as: str  # the language in which Pygments highlights it
    fills_arguments: bool = False  # any value fits into a plain argument, without a trial
    find_readings: Callable[[str], Sequence[VariableReading]] = _find_none  # variables that are read again
    parse: Callable[[str], ParsedScript] | None = None  # for shells with here-documents
    assign: str = "export {}="  # the beginning of a statement that sets a variable, for programs too
    pattern_option: tuple[str, str] | None = None  # a word of pages, and the statement that it belongs to
