"""Checks whether a statement did what its author expected."""

from __future__ import annotations

from collections import deque

from ..document.model import Annotation
from ..light_classes import NamedTuple
from ..text.durations import format_duration
from .ports import Done

_SMALL = 4096  # characters; the next piece of output is appended to a piece shorter than this

TAIL_SIZE = 1 << 20  # characters of a block's output, kept for later expectations and for suggestions


class Printed(NamedTuple):
    """The output that a statement is judged by, without masks and escape sequences."""

    by_block: str  # by the statements of its block so far, each at its last attempt
    by_statement: str  # by the statement itself, at this attempt


def is_judged_by_status(says: Annotation) -> bool:
    """Return whether only the exit status of a statement decides whether it has failed."""
    return not (says.expect or says.expect_not or says.until)


def failure_of(says: Annotation, last: bool, done: Done, printed: Printed, timeout: float | None) -> str:
    """Return why the statement counts as failed, or an empty string.

    The expected status and the required output are checked at the block's `last` statement, the forbidden
    output at each statement. `timeout` is in seconds.
    """
    if done.waited_for_key:
        return describe_key_wait(done)
    if done.ended:
        return done.ended
    if done.suspended:
        return "suspended with ^Z; `fg` in the shell continues it"
    if done.timed_out:
        return f"ran longer than its {says.timeout or timeout:g} s and was ended"
    if done.unready_after:
        seconds = format_duration(done.unready_after)
        return f"output did not contain `{says.until}` within {seconds}, and was ended"
    if done.is_in_background:
        return ""
    wanted = says.expect_status if last and says.expect_status is not None else 0
    if done.status != wanted:
        return _describe_status(done.status, wanted, interrupted=done.interrupted)
    plain = printed.by_block.replace("\r\n", "\n")
    for text in says.expect_not:
        if text in plain:
            return f"printed `{text}`, which must not appear"
    for text in says.expect if last else ():
        if text not in plain:
            return f"output did not contain `{text}`"
    if last and says.until and says.until not in printed.by_statement.replace("\r\n", "\n"):
        return f"output did not contain `{says.until}`"
    return ""


def _describe_status(status: int, wanted: int, *, interrupted: bool) -> str:
    """Return an exit status with what shells mean by it, and the one that was expected instead."""
    # a program that ends at ^C in its own way may use any status
    meaning = "interrupted" if interrupted else _MEANINGS.get(status, "")
    notes = [meaning, f"expected {wanted}" if wanted else ""]
    words = "; ".join(filter(None, notes))
    return f"exited {status} ({words})" if words else f"exited {status}"


# What POSIX shells and fish report beside the statuses of programs: 128 and the number of a signal.
_MEANINGS = {
    126: "cannot be executed",
    127: "command not found",
    130: "interrupted",
    131: "quit by ^\\",
    134: "aborted",
    137: "killed",
    139: "crashed: it used memory that is not its own",
    141: "the reader of its output is gone",
    143: "terminated",
}


def describe_key_wait(done: Done) -> str:
    """Return which program waited for a key, and its last line."""
    asked = f": `{done.last_line}`" if done.last_line else ""
    return f"`{done.waited_for_key}` waits for the keyboard{asked}"


class OutputTail:
    """Keeps the end of a statement's output, at most `TAIL_SIZE` characters."""

    def __init__(self) -> None:
        self._parts: deque[str] = deque()
        self._size = 0

    def add(self, text: str) -> None:
        """Add the next piece of output."""
        if self._parts and len(self._parts[-1]) < _SMALL:
            self._parts[-1] += text  # many small strings take far more memory than their text
        else:
            self._parts.append(text)
        self._size += len(text)
        while self._size - len(self._parts[0]) >= TAIL_SIZE:
            self._size -= len(self._parts.popleft())

    def text(self) -> str:
        """Return the end of the output."""
        return "".join(self._parts)[-TAIL_SIZE:]
