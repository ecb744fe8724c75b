"""Defines what the engine is given: a shell, a context, and the facts of a resumed run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Protocol

from ..light_classes import NamedTuple, dataclass, field
from ..masking.masker import Masker
from ..plan.model import Plan, Value
from ..shells.live_shell import (
    Done,
    Keyboard,
    LiveShell,
    Message,
    OutputChunk,
    Silence,
    require_done,
)
from ..shells.snapshot import StateChange
from .events import Outcome
from .questions import Decide

__all__ = [
    "Done",
    "KeptShell",
    "Keyboard",
    "LiveShell",
    "Message",
    "OpenShell",
    "OutputChunk",
    "PastShell",
    "Resumption",
    "RunContext",
    "Silence",
    "Stop",
    "require_done",
]


class BackgroundShell(LiveShell, Protocol):
    """A shell for one statement, which can be left running."""

    @property
    def is_sent_away(self) -> bool:
        """Return whether the operator has sent the statement to the background."""

    def leave(self) -> None:
        """Let the running statement go on."""

    def take_output(self) -> bytes:
        """Return what the statement has printed since the last call."""

    def find_status(self) -> int | None:
        """Return the exit status of the statement if it has ended."""

    def ask_to_end(self) -> None:
        """Send SIGTERM to the statement."""

    def wait_for_end(self) -> None:
        """Wait until the statement has ended; one that does not end is killed."""

    def close(self) -> None:
        """End the statement and the shell."""


class Nesting(Protocol):
    """Runs statements that open and leave other shells inside the run's own."""

    @property
    def depth(self) -> int:
        """Return how many shells are open inside."""

    @property
    def inner_shell(self) -> str:
        """Return the name of the innermost, such as `bash`; "" if none is open."""

    def open_shell(self, code: bytes, timeout: float | None = None) -> Iterator[Message]:
        """Run a statement that opens a shell, until that answers or the statement ends."""

    def leave_shell(self, code: bytes, timeout: float | None = None) -> Iterator[Message]:
        """Run a statement that leaves the innermost shell."""


class Wait(NamedTuple):
    """A wait before the next attempt at a statement."""

    seconds: float
    attempt: int  # the number of the next attempt
    since: float  # the moment of the monotonic clock at which the first wait began
    problem: str = ""  # how the attempt before has failed, if that is not shown otherwise


@dataclass(frozen=True, slots=True)
class KeptShell:
    """The state of a shell that a run keeps for its resumption, in its private store."""

    definitions: Mapping[str, str] = field(default_factory=dict)  # code by key, only what statements changed
    cwd: str = ""
    folder: str = ""  # the identity of the working directory
    host: str = ""  # "" for this machine

    def __repr__(self) -> str:
        """Return the size only; the definitions may hold secrets."""
        return f"KeptShell({len(self.definitions)} definitions)"


@dataclass(frozen=True, slots=True)
class RunContext:
    """The services and facts that the engine is given; it looks up none of them itself."""

    run: str  # the run's id
    now: Callable[[], str]  # the time, RFC 3339
    clock: Callable[[], float]  # seconds, monotonic
    place: str
    source: Callable[[str, Plan, Mapping[str, Value]], Value | None]  # a value without a question
    on_silence: Callable[[float], None] = lambda seconds: (
        None
    )  # called with the seconds that a silent statement has been running
    echo: Callable[[bytes], None] = lambda data: None  # shows the output of the shell's own prompt; no event
    today: Callable[[], datetime] = datetime.now
    folder: str = ""  # the working directory of the program
    commit: str = ""  # of the document's repository
    dirty: bool = False  # whether the document differed from that commit
    options: tuple[str, ...] = ()  # of the command line, with which the run can be resumed
    pid: int = 0
    find_stop: Callable[[], str] = lambda: ""  # the reason not to begin anything more, "" if there is none
    socket: str = ""  # to which other terminals attach
    agent: str = ""  # the coding agent that has started it
    terminal: str = ""  # the device of the operator's terminal; "" without a person
    keep_secrets: Callable[[Mapping[str, str], Iterable[str]], None] | None = (
        None  # saves secrets while the run is unfinished
    )
    keep_shell: Callable[[KeptShell], None] | None = None  # saves the state of the shell, likewise
    key: bytes = b""  # of the digests of that state; b"" if it is not saved
    before_wait: Callable[[], None] = lambda: None  # called before a wait of another kind
    pause: Callable[[Wait], bool] = lambda wait: True  # waits; returns False if the operator ends the wait
    open_shell: Callable[[str], BackgroundShell] | None = None  # opens a shell beside that of the run
    notice: Callable[[str], None] = lambda text: None  # shows the operator a message; no event
    masker: Masker = field(default_factory=Masker)  # masks the run's output, and learns its secrets
    available_secrets: Callable[[Plan], Iterable[str]] = (
        lambda plan: ()
    )  # secrets that can be read before they are used
    on_value: Callable[[str, Value], None] | None = None  # called with each value that is bound
    environment: Collection[str] = ()  # the names of the variables that the shell is started with
    find_end: Callable[[str, int], Done | None] = (
        lambda host, seq: None  # asks a host how the statement has ended that began at this event
    )
    nesting: Nesting | None = None  # follows statements into other shells; without it, all run in one
    sign: Callable[[str], str] | None = None  # makes a digest from which no text can be guessed
    decide: Decide | None = None  # answers what needs no person; without it no question is an event
    asks_for_variables: bool = (
        True  # whether the environment is the operator's: what is unset there is missing
    )


OpenShell = Callable[[str], LiveShell]  # a host, or "" for this machine -> its shell, the same every time


class Stop(Exception):
    """The run is over."""

    def __init__(self, outcome: Outcome, reason: str = "", question: str = "") -> None:
        """`question` is the id of the question that a waiting run asks."""
        super().__init__(outcome)
        self.outcome = outcome
        self.reason = reason
        self.question = question


class PastShell(NamedTuple):
    """The state of the shell of a run that is resumed, as far as a new shell differs."""

    change: StateChange = StateChange({}, ())  # its definitions whose code is known
    lost: tuple[str, ...] = ()  # the keys of those whose code is not known any more
    exported: frozenset[str] = frozenset()  # the keys of the variables that programs get, too
    cwd: str = ""  # its working directory; "" if it has finished no statement
    shown_cwd: str = ""  # with secrets masked
    folder: str = ""  # the identity of that; "" if unknown
    is_hidden: bool = False  # whether `cwd` is not known, because a secret was masked in it
    pipestatus: tuple[int, ...] = (0,)  # of its last statement that succeeded
    status: int = 0
    inside: str = ""  # where its last statement ran, if inside another shell
    inner_cwd: str = ""  # the working directory there, with secrets masked

    @property
    def is_used(self) -> bool:
        """Return whether a statement has finished in it."""
        return bool(self.cwd or self.is_hidden)


class Resumption(NamedTuple):
    """The facts of a run that is resumed, in addition to its state."""

    values: Mapping[str, Value]
    seen_tokens: tuple[str, ...]  # tokens that its output has shown
    output: str  # of the statement that was running when the run was killed
    shells: Mapping[str, PastShell]  # by host; "" is this machine
    seq: int  # of its last event
    started: int  # the number of the event of the start of its last statement
    edited: bool  # whether the document has changed since
