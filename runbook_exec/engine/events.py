"""Defines the events of a run; each is one line of JSON in the journal and with `--json`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache
from json.encoder import encode_basestring_ascii
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
    question: str  # run, value, manual, failed, choose, confirm, when, doubt, new, state
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


_MOST = 1e15

_RUN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@-]{0,79}|-[\w-]{0,63}", re.ASCII)

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

_ENCODER = json.JSONEncoder(separators=(",", ":"), default=dict)  # for other kinds of mappings


def to_line(event: Event, **more: str | int) -> str:
    """Return the event as one line of JSON, without the newline.

    Fields that are None are left out.
    """
    # an encoder would be made anew for each line, and takes twice as long
    values = zip(_list_openers(event._fields), event, strict=True)
    parts = [opener + _encode_value(value) for opener, value in values if value is not None]
    parts += [f'"{name}":{_encode_value(value)}' for name, value in more.items()]
    return f'{{"event":"{event.event}",{",".join(parts)}}}'


@cache
def _list_openers(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the beginning of each field in the line of an event."""
    return tuple(f'"{name}":' for name in names)


def _encode_value(value: object) -> str:
    """Return a value as JSON; the numbers of events are finite."""
    encode: Callable[..., str] | None = _ENCODERS.get(type(value))
    return encode(value) if encode else _ENCODER.encode(value)


_ENCODERS: Mapping[type, Callable[..., str]] = {
    str: encode_basestring_ascii,
    int: repr,
    float: repr,
    bool: lambda value: "true" if value else "false",
    tuple: lambda value: f"[{','.join(map(_encode_value, value))}]",
}


@cache
def _list_types(kind: str) -> Mapping[str, str]:
    """Return the type of each field of a kind of events, as it is written in its class."""
    written = KINDS[kind].__annotations__.items()  # typing makes a forward reference of each
    return {name: type_ if isinstance(type_, str) else type_.__forward_arg__ for name, type_ in written}


def from_line(line: str) -> Event:
    """Return the event in a line of JSON; raises ValueError for anything else."""
    data = json.loads(line)
    if not isinstance(data, dict) or data.get("event") not in KINDS:
        raise ValueError("expected one event of a run as a JSON object")
    kind = data.pop("event")
    make: Callable[..., Event] = KINDS[kind]
    types = _list_types(kind)
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
