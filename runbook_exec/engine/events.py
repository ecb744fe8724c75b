"""Defines the events of a run; each is one line of JSON in the journal and with `--json`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from ..light_classes import NamedTuple
from .attempts.background_events import BackgroundEnded, BackgroundOutput


class Outcome(StrEnum):
    """How a run ended."""

    SUCCEEDED = "succeeded"
    PARTIAL = "partial"  # it went to its end, but a step failed or was skipped
    FAILED = "failed"
    STOPPED = "stopped"  # by the operator or a signal
    WAITING = "waiting"  # for a person
    REFUSED = "refused"  # the run could not begin; no event has this outcome


FINISHED = (Outcome.SUCCEEDED, Outcome.PARTIAL)  # the outcomes after which nothing is left to resume


class RunStarted(NamedTuple):
    """A run began; `values` are the values known in advance that are not secret."""

    run: str
    seq: int
    time: str
    path: str
    digest: str
    procedure: str
    anchor: str
    shell: str
    place: str
    values: Mapping[str, str] = MappingProxyType({})
    version: str = ""
    text: str = ""  # the text of the document, secrets masked
    folder: str = ""  # the working directory of the program; a relative `path` is relative to it
    commit: str = ""  # of the git repository that the document is in; "" outside of one
    dirty: bool = False  # whether the document differed from that commit
    options: tuple[str, ...] = ()  # of the command line, only those that decide which statements run
    pid: int = 0  # of the process that runs it
    terminal: str = ""  # the device of the operator's terminal; "" without a person
    host: str | None = None  # the host that `--on` names
    items: tuple[str, ...] = ()  # the marks of what is to be done, see `plan/item_marks`
    socket: str = ""  # to which other terminals attach; "" without `--hold`
    agent: str = ""  # the coding agent that has started it; "" for a person or a job

    @property
    def event(self) -> str:
        """Return the name of the kind."""
        return "run_started"


class StatementStarted(NamedTuple):
    """The statement is about to start; `text` is what will run, with secrets masked."""

    run: str
    seq: int
    time: str
    step: int
    block: int
    statement: int
    line: int
    text: str
    attempt: int = 1
    host: str | None = None  # where it ran; None for this machine
    inside: str = ""  # where it runs, such as `on web1`, if not in the shell of the procedure

    @property
    def event(self) -> str:
        """Return the name of the kind."""
        return "statement_started"


class Output(NamedTuple):
    """Output of the statement, secrets masked; bytes that are not UTF-8 as surrogate escapes."""

    run: str
    seq: int
    time: str
    step: int
    block: int
    statement: int
    line: int
    text: str
    host: str | None = None  # where it ran; None for this machine

    @property
    def event(self) -> str:
        """Return the name of the kind."""
        return "output"


class StatementFinished(NamedTuple):
    """The statement ended; `problem` is the reason of a failure, "" for a success."""

    run: str
    seq: int
    time: str
    step: int
    block: int
    statement: int
    line: int
    status: int
    pipestatus: tuple[int, ...]
    duration: float  # seconds
    cwd: str  # secrets masked
    problem: str = ""
    doubt: bool = False  # the shell was killed, so the effects of the statement are unknown
    retry_after: float = 0.0  # seconds until the next attempt that `retry` asks for; 0 if there is none
    inside: str = ""  # as in `StatementStarted`; then `cwd` is a folder there
    cwd_digest: str = ""  # of a `cwd` in which a secret was masked; the private store has the exact one
    background: bool = False  # the statement has not ended: it goes on in the background
    host: str | None = None  # where it ran; None for this machine

    @property
    def event(self) -> str:
        """Return the name of the kind."""
        return "statement_finished"


class Captured(NamedTuple):
    """A value was captured from the output; for a secret only its length is recorded.

    The length is in characters.
    """

    run: str
    seq: int
    time: str
    step: int
    block: int
    statement: int
    line: int
    name: str
    secret: bool
    length: int
    value: str | None = None
    host: str | None = None  # where it ran; None for this machine

    @property
    def event(self) -> str:
        """Return the name of the kind."""
        return "captured"


class ValueGiven(NamedTuple):
    """A placeholder got a value from a source other than output.

    For a secret only the length is recorded.
    """

    run: str
    seq: int
    time: str
    step: int
    block: int
    statement: int
    line: int
    name: str
    origin: str
    secret: bool
    length: int
    value: str | None = None
    host: str | None = None  # where it ran; None for this machine

    @property
    def event(self) -> str:
        """Return the name of the kind."""
        return "value_given"


class ShellChanged(NamedTuple):
    """The shell's state changed: the digests of new definitions, and the names that were removed.

    New definitions are listed by kind and name. Their code is in the run's private store, and never here; in
    journals of earlier versions, `made` has the code.
    """

    run: str
    seq: int
    time: str
    step: int
    block: int
    statement: int
    line: int
    made: Mapping[str, str]
    gone: tuple[str, ...] = ()
    exported: tuple[str, ...] = ()  # the variables of `made` that programs get, too
    host: str | None = None  # where it ran; None for this machine

    @property
    def event(self) -> str:
        """Return the name of the kind."""
        return "shell_changed"


class Asked(NamedTuple):
    """A person is needed; `id` is the question's kind, its statement and this event's number."""

    run: str
    seq: int
    time: str
    step: int
    block: int
    statement: int
    line: int
    question: str  # as in `Answered`
    id: str  # such as `confirm:3.1:27`; an answer to an older question has another id
    choices: tuple[str, ...]  # the answers that can be given without a terminal
    text: str = ""  # what will run, or has run, secrets masked; of a manual step its title
    asks: str = ""  # the question in the words of the page, or why it is asked
    labels: tuple[str, ...] = ()  # of the alternatives
    name: str = ""  # of the value
    secret: bool = False  # whether the value is a secret
    output: str = ""  # the end of the last output, secrets masked

    @property
    def event(self) -> str:
        """Return the name of the kind."""
        return "asked"


class Answered(NamedTuple):
    """A question was answered, by a person or by an option given in advance."""

    run: str
    seq: int
    time: str
    question: str  # run, value, manual, failed, choose, confirm, when, doubt, new, state, return
    answer: str
    note: str = ""
    step: int = 0
    block: int = 0
    statement: int = 0
    line: int = 0
    group: int = 0  # of `choose`: the number of the group of blocks; 0, -1 … for those in one block
    by: str = ""  # the person who answered; "" for an option given in advance
    id: str = ""  # of the `asked` event; "" if no person was needed

    @property
    def event(self) -> str:
        """Return the name of the kind."""
        return "answered"


class Edited(NamedTuple):
    """The operator edited the document; later events number the steps of this text."""

    run: str
    seq: int
    time: str
    digest: str
    text: str  # secrets masked
    items: tuple[str, ...] = ()  # as in `RunStarted`

    @property
    def event(self) -> str:
        """Return the name of the kind."""
        return "edited"


class RunEnded(NamedTuple):
    """The run is over: succeeded, partial, failed, stopped or waiting (for a person), and why."""

    run: str
    seq: int
    time: str
    outcome: str
    reason: str = ""
    question: str = ""  # the id of the question that a waiting run asks; "" if an answer is not enough

    @property
    def event(self) -> str:
        """Return the name of the kind."""
        return "run_ended"


At: TypeAlias = (
    StatementStarted
    | Output
    | StatementFinished
    | Captured
    | ValueGiven
    | ShellChanged
    | Asked
    | BackgroundOutput
    | BackgroundEnded
)
"""An event of one statement; `line` is its line in the document, 0 for a typed line."""

Event: TypeAlias = At | RunStarted | Answered | Edited | RunEnded

KINDS: Mapping[str, type[Event]] = {
    "run_started": RunStarted,
    "statement_started": StatementStarted,
    "output": Output,
    "statement_finished": StatementFinished,
    "captured": Captured,
    "value_given": ValueGiven,
    "shell_changed": ShellChanged,
    "background_output": BackgroundOutput,
    "background_ended": BackgroundEnded,
    "asked": Asked,
    "answered": Answered,
    "edited": Edited,
    "run_ended": RunEnded,
}
