"""Defines a live shell: what a session gives the engine, and the messages that it yields.

The session on a far host uses this module too, so it runs with Python 3.9.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

from ..light_classes import NamedTuple

if TYPE_CHECKING:
    from typing import TypeAlias


class OutputChunk(NamedTuple):
    """Output that the terminal received."""

    data: bytes


class Silence(NamedTuple):
    """No output for a moment; `seconds` is how long the statement has been running."""

    seconds: float


class Done(NamedTuple):
    """How a statement ended."""

    status: int
    pipestatus: tuple[int, ...]
    cwd: str
    killed: bool = False  # a signal ended the shell itself
    ended: str = ""  # the reason why the session ended; "" while the shell is alive
    timed_out: bool = False
    interrupted: bool = False
    suspended: bool = False  # ^Z was typed and a stopped job is left
    waited_for_key: str = ""  # the program that was ended because it waited for a key without an operator
    last_line: str = ""  # the line that this program printed last
    folder: str = ""  # the identity of the working directory; "" if unknown
    is_in_background: bool = False  # it has not ended, and the run goes on
    unready_after: float = 0.0  # seconds after which it was ended, as it had not printed its `until`


# the reports of a session while a statement runs; Done is the last
Message: TypeAlias = "OutputChunk | Silence | Done"


def require_done(done: Done | None) -> Done:
    """Return the end of a statement; raises RuntimeError if the session has reported none."""
    if done is None:
        raise RuntimeError("the session has not reported the end of a statement")
    return done


class LiveShell(Protocol):
    """The part of a session that the engine needs."""

    def start(self) -> Iterator[Message]:
        """Start the shell."""

    def run(self, code: bytes, timeout: float | None = None) -> Iterator[Message]:
        """Run one statement; `timeout` is in seconds."""

    def end(self) -> Generator[OutputChunk | Silence, None, tuple[str, ...]]:
        """Let the shell exit, and return the commands of the jobs that were ended with it."""

    def take_snapshot(self, redefined: Iterable[str] = ()) -> bytes:
        """Return the shell's variables and functions; those from its start only if `redefined`."""

    def ask_line(self) -> Generator[OutputChunk | Silence, None, str | None]:
        """Let the operator type a line, and return it, or None at the end of input."""


class Keyboard(Protocol):
    """The operator's terminal, as far as a session uses it."""

    def fileno(self) -> int:
        """Return the descriptor that keys are read from."""

    def take(self) -> None:
        """Make the terminal raw: it passes every key to the program and interprets none."""

    def give_back(self) -> None:
        """Restore the modes that the terminal had before."""

    def size(self) -> tuple[int, int]:
        """Return the number of rows and of columns."""
