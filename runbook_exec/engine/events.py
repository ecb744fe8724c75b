"""Defines the events of a run; each is one line of JSON in the journal and with `--json`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import ClassVar


class Outcome(StrEnum):
    """How a run ended."""

    SUCCEEDED = "succeeded"
    PARTIAL = "partial"  # it went to its end, but a step failed or was skipped
    FAILED = "failed"
    STOPPED = "stopped"  # by the operator or a signal
    WAITING = "waiting"  # for a person
    REFUSED = "refused"  # the run could not begin; no event has this outcome


FINISHED = (Outcome.SUCCEEDED, Outcome.PARTIAL)  # the outcomes after which nothing is left to resume


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base class of events: the run's id, the event's number in the run, and the time.

    The time is in RFC 3339 format, in UTC.
    """

    event: ClassVar[str]

    run: str
    seq: int
    time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """A run began; `values` are the values known in advance that are not secret."""

    event: ClassVar[str] = "run_started"

    path: str
    digest: str
    procedure: str
    anchor: str
    shell: str
    place: str
    values: Mapping[str, str] = field(default_factory=dict)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class At(Event):
    """An event of one statement; `line` is its line in the document, 0 for a typed line."""

    step: int
    block: int
    statement: int
    line: int
    host: str | None = None  # where it ran; None for this machine


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementStarted(At):
    """The statement is about to start; `text` is what will run, with secrets masked."""

    event: ClassVar[str] = "statement_started"

    text: str
    attempt: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Output(At):
    """Output of the statement, secrets masked; bytes that are not UTF-8 as surrogate escapes."""

    event: ClassVar[str] = "output"

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFinished(At):
    """The statement ended; `problem` is the reason of a failure, "" for a success."""

    event: ClassVar[str] = "statement_finished"

    status: int
    pipestatus: tuple[int, ...]
    duration: float  # seconds
    cwd: str  # secrets masked
    problem: str = ""
    doubt: bool = False  # the shell was killed, so the effects of the statement are unknown
    retry_after: float = 0.0  # seconds until the next attempt that `retry` asks for; 0 if there is none
    cwd_digest: str = ""  # of a `cwd` in which a secret was masked; the private store has the exact one


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured(At):
    """A value was captured from the output; for a secret only its length is recorded.

    The length is in characters.
    """

    event: ClassVar[str] = "captured"

    name: str
    secret: bool
    length: int
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueGiven(At):
    """A placeholder got a value from a source other than output.

    For a secret only the length is recorded.
    """

    event: ClassVar[str] = "value_given"

    name: str
    origin: str
    secret: bool
    length: int
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellChanged(At):
    """The shell's state changed: the digests of new definitions, and the names that were removed.

    New definitions are listed by kind and name. Their code is in the run's private store, and never here; in
    journals of earlier versions, `made` has the code.
    """

    event: ClassVar[str] = "shell_changed"

    made: Mapping[str, str]
    gone: tuple[str, ...] = ()
    exported: tuple[str, ...] = ()  # the variables of `made` that programs get, too


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Event):
    """A question was answered, by a person or by an option given in advance."""

    event: ClassVar[str] = "answered"

    question: str  # run, value, manual, failed, choose, confirm, when, doubt, new, state
    answer: str
    note: str = ""
    step: int = 0
    block: int = 0
    statement: int = 0
    line: int = 0
    group: int = 0  # of `choose`: the number of the group of blocks; 0, -1 … for those in one block


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited(Event):
    """The operator edited the document; later events number the steps of this text."""

    event: ClassVar[str] = "edited"

    digest: str
    text: str  # secrets masked
    items: tuple[str, ...] = ()  # as in `RunStarted`


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded(Event):
    """The run is over: succeeded, partial, failed, stopped or waiting (for a person), and why."""

    event: ClassVar[str] = "run_ended"

    outcome: str
    reason: str = ""


KINDS: Mapping[str, type[Event]] = {
    kind.event: kind
    for kind in (
        RunStarted,
        StatementStarted,
        Output,
        StatementFinished,
        Captured,
        ValueGiven,
        ShellChanged,
        Answered,
        Edited,
        RunEnded,
    )
}


_MOST = 1e15

_RUN = re.compile(r"[\w.@-]{1,80}", re.ASCII)

_YEARS = range(1971, 9000)  # those that can be shown in every time zone

_IS: Mapping[str, Callable[[object], bool]] = {
    "str": lambda value: isinstance(value, str),
    "str | None": lambda value: value is None or isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "int": lambda value: isinstance(value, int),
    "float": lambda value: isinstance(value, int | float) and abs(value) < _MOST,  # neither NaN nor infinite
    "tuple[str, ...]": lambda value: isinstance(value, tuple) and all(isinstance(s, str) for s in value),
    "tuple[int, ...]": lambda value: isinstance(value, tuple) and all(isinstance(n, int) for n in value),
    "Mapping[str, str]": lambda value: (
        isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
    ),
}

_TYPES = {name: {item.name: str(item.type) for item in fields(kind)} for name, kind in KINDS.items()}

_NAMES = {name: tuple(types) for name, types in _TYPES.items()}

_GET_FIELDS: Mapping[str, Callable[[Event], tuple[object, ...]]] = {
    name: attrgetter(*names) for name, names in _NAMES.items()
}

_ENCODER = json.JSONEncoder(separators=(",", ":"), default=dict)  # for other kinds of mappings


def to_line(event: Event, **more: str | int) -> str:
    """Return the event as one line of JSON, without the newline.

    Fields that are None are left out.
    """
    kind = event.event
    data: dict[str, object] = {"event": kind}
    for name, value in zip(_NAMES[kind], _GET_FIELDS[kind](event), strict=True):
        if value is not None:
            data[name] = value
    return _ENCODER.encode(data | more)


def from_line(line: str) -> Event:
    """Return the event in a line of JSON; raises ValueError for anything else."""
    data = json.loads(line)
    if not isinstance(data, dict) or data.get("event") not in KINDS:
        raise ValueError("expected one event of a run as a JSON object")
    kind = data.pop("event")
    make: Callable[..., Event] = KINDS[kind]
    types = _TYPES[kind]
    known = {name: tuple(v) if isinstance(v, list) else v for name, v in data.items() if name in types}
    for name, value in known.items():
        if not _IS[types[name]](value):
            raise ValueError(f"expected `{name}` of a `{kind}` event to be of another kind")
    try:
        event = make(**known)
    except TypeError as error:
        raise ValueError(f"expected a whole `{kind}` event: {error}") from error
    _check_basics(event)
    return event


def _check_basics(event: Event) -> None:
    """Raise ValueError if an event has an id, a time or a path that no run has."""
    if _RUN.fullmatch(event.run) is None:
        raise ValueError("expected the id of a run")
    moment = datetime.fromisoformat(event.time)
    if moment.tzinfo is None or moment.year not in _YEARS:
        raise ValueError(f"expected a time with its zone, got `{event.time}`")
    if isinstance(event, RunStarted) and b"\0" in (event.path + event.folder).encode(
        "utf-8", "surrogateescape"
    ):
        raise ValueError("expected a path without NUL")
