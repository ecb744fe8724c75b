"""Defines contexts of POSIX shell source, and the reasons why some accept no value."""

from __future__ import annotations

from collections.abc import Sequence

from ...light_classes import dataclass
from ..quoting import Context

# The reasons; each completes "a value cannot be written …".
BACKTICKS = "inside backticks; use $( … ) there"

ARITHMETIC = "inside arithmetic; assign it to a variable first and use that"

BRACES = "inside ${ … }; assign it to a variable first and use that"

SUBSCRIPT = "inside [ … ]; quote the brackets, or assign it to a variable first and use that"

PATTERN = "inside a pattern's ( … ); assign it to a variable first and use that"

RANGE = "inside { … .. … }; use seq there"

REGEX = "inside a regular expression; assign it to a variable first and use that"

NAME = "as the name of a variable or a function"

END_WORD = "as the end word of a here-document"

ESCAPED = "after a backslash; take the backslash away"

DOLLAR = "after `$`, where it would name a variable"

TILDE = "after `~`; write the directory out"

COMMAND_PATH = "after `=`, where zsh looks for a command; quote the `=`"

MODIFIER = "after a `:` modifier of zsh; write ${name} in place of $name"

BROKEN_BODY = "in a here-document whose `$` or backticks do not parse; correct it first"

TEST = "inside [[ … ]], where quoted text is a pattern too; use [ … ] there"

NOT_PORTABLE = "inside $'…' in sh, where shells differ; use plain quotes"


class ShellSyntaxError(Exception):
    """Raised if a script does not parse, with the offset and the reason."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message


@dataclass(frozen=True, slots=True)
class Region:
    """A range of source in one context.

    `reason` completes "a value cannot be written …" where it is unsafe.
    """

    start: int
    end: int
    context: Context
    reason: str = ""


def flatten_regions(marks: Sequence[Region]) -> tuple[Region, ...]:
    """Return nested marks as disjoint regions in order.

    The innermost wins, and bare ones are left out.
    """
    flat: list[Region] = []
    around: list[Region] = []
    cursor = 0

    def reach(end: int) -> None:
        nonlocal cursor
        if around and cursor < end and around[-1].context is not Context.BARE:
            flat.append(Region(cursor, end, around[-1].context, around[-1].reason))
        cursor = max(cursor, end)

    # marks are added when they end, so of two equal ones the later one is the outer
    outermost_first = list(reversed(marks))
    outermost_first.sort(key=lambda mark: (mark.start, -mark.end))
    for mark in outermost_first:
        while around and around[-1].end <= mark.start:
            reach(around[-1].end)
            around.pop()
        reach(mark.start)
        around.append(mark)
    while around:
        reach(around[-1].end)
        around.pop()
    return tuple(flat)
