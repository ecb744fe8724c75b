"""What the engine is handed: a shell, a context, and the facts of a run that it resumes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from ..masking.masker import Masker
from ..plan.model import Plan, Value
from ..shells.snapshot import StateChange
from .events import Outcome


@dataclass(frozen=True, slots=True)
class OutputChunk:
    """What the terminal received."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing was printed for a moment; `seconds` is how long the statement has been running."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Done:
    """How a statement ended."""

    status: int
    pipestatus: tuple[int, ...]
    cwd: str
    killed: bool = False  # a signal ended the shell itself
    ended: str = ""  # why the session is over, in words; "" while the shell lives on
    timed_out: bool = False
    interrupted: bool = False
    suspended: bool = False  # ^Z was typed and a stopped job is left


Message = OutputChunk | Silence | Done  # what a session reports while something runs; Done is the last


def require_done(done: Done | None) -> Done:
    """Return the end of a statement; raises RuntimeError if the session has reported none."""
    if done is None:
        raise RuntimeError("the session has not reported the end of a statement")
    return done


class LiveShell(Protocol):
    """What the engine needs of a session."""

    def start(self) -> Iterator[Message]:
        """Start the shell."""

    def run(self, code: bytes, timeout: float | None = None) -> Iterator[Message]:
        """Run one statement; `timeout` is in seconds."""

    def take_snapshot(self, redefined: Iterable[str] = ()) -> bytes:
        """Return the shell's variables and functions; those from its start only if `redefined`."""

    def ask_line(self) -> Generator[OutputChunk | Silence, None, str | None]:
        """Let the operator type a line, which the generator returns, or None for the end."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """What the engine is handed instead of reaching for it."""

    run: str  # the run's id
    now: Callable[[], str]  # the time, RFC 3339
    clock: Callable[[], float]  # seconds, monotonic
    place: str
    source: Callable[[str, Plan, Mapping[str, Value]], Value | None]  # a value that needs no question
    on_silence: Callable[[float], None] = lambda seconds: (
        None
    )  # called with the seconds that a silent statement has been running
    echo: Callable[[bytes], None] = lambda data: None  # shows what the shell's own prompt prints; no event
    today: Callable[[], datetime] = datetime.now
    folder: str = ""  # where the program was started
    commit: str = ""  # of the document's repository
    dirty: bool = False  # whether the document differed from that commit
    options: tuple[str, ...] = ()  # of the command line, with which the run can be resumed
    pid: int = 0
    keep_secrets: Callable[[Mapping[str, str], Iterable[str]], None] | None = (
        None  # secrets, while the run lasts
    )
    notice: Callable[[str], None] = lambda text: None  # shows the operator a message; no event
    masker: Masker = field(default_factory=Masker)  # what the run's output passes; learns its secrets
    available_secrets: Callable[[Plan], Iterable[str]] = (
        lambda plan: ()
    )  # secrets that can be read before they are used
    on_value: Callable[[str, Value], None] | None = None  # called with each value that is bound


class Stop(Exception):
    """The run is over."""

    def __init__(self, outcome: Outcome, reason: str = "") -> None:
        super().__init__(outcome)
        self.outcome = outcome
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Resumption:
    """What is known of a run that is resumed, beside its state."""

    values: Mapping[str, Value]
    seen_tokens: tuple[str, ...]  # tokens that its output has shown
    output: str  # of the statement that was running when it died
    cwd: str  # the shell's working directory; "" if unknown
    state_change: StateChange  # the shell's state, as far as a new shell differs
    seq: int  # of its last event
    edited: bool  # whether the document has changed since


class Keyboard(Protocol):
    """The operator's terminal, as far as a session uses it."""

    def fileno(self) -> int:
        """The descriptor that keys are read from."""

    def take(self) -> None:
        """Make the terminal raw: every key goes to the program, none is interpreted here."""

    def give_back(self) -> None:
        """Leave the terminal as it was found."""

    def size(self) -> tuple[int, int]:
        """Rows and columns."""
