"""Defines what travels between machines: an order, its legs, questions, answers and results.

A data converter writes and reads these values by their fields. Runs of older versions are still open after an
upgrade, so a field is only added, with a default, and never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CONTROL_QUEUE = "runbook-control"  # the task queue of the workers that run workflows

MOST_BYTES = 1 << 20  # of a page, and of the events in a result; a server takes payloads of 2 MiB

DAY = 86400.0  # seconds

NOT_DUE = "not due"  # the outcome of a scheduled run that has not begun


def name_queue(host: str) -> str:
    """Return the task queue that the worker of a host polls."""
    return f"runbook-host-{host}"


@dataclass(frozen=True)
class Order:
    """A page that a host is to run, with everything that decides how; times are in seconds."""

    run: str  # the id of the run, which the submitter chooses
    host: str
    page: str  # the path of the page, relative to the root of its repository
    text: str = field(repr=False)
    anchor: str | None = None  # of the procedure; None for the one that the page runs by default
    options: tuple[str, ...] = ()  # as `RunOptions.to_words` writes them
    values: Mapping[str, str] = field(default_factory=dict, repr=False)  # by placeholder; no secrets
    by: str = ""  # who submitted it
    issued: str = ""  # when that was, RFC 3339
    each: bool = False  # whether each statement is asked for
    on_failure: str = "ask"
    hold: float = 0.0  # how long a question stays open with the live shell
    patience: float = DAY  # how long the host may be away until a person is asked
    heartbeat: float = 20.0  # how long a worker may be silent until another takes over
    answer_within: float = 90 * DAY  # how long a question waits for its answer
    signature: str = field(default="", repr=False)  # of all other fields, by the one who submits it
    schedule: str = ""  # the id of the schedule that orders it; the signature does not name a run then
    every: float = 0.0  # the cadence of a schedule; 0 for that of the page
    amended: int = 0  # how often the text was replaced since the run began


@dataclass(frozen=True)
class OrderHead:
    """What a host is asked before the first leg."""

    run: str
    host: str
    page: str


@dataclass(frozen=True)
class HostPlace:
    """Which state folder serves a host: the `id` is made at random in each."""

    id: str
    version: str = ""
    key: str = ""  # to which secrets are sealed


@dataclass(frozen=True)
class DueFacts:
    """Whether a scheduled page is due on its host; times are RFC 3339 or ""."""

    is_due: bool
    every: float = 0.0  # the cadence in seconds
    succeeded: str = ""  # the last time


@dataclass(frozen=True)
class ScheduleMove:
    """When a schedule is due next: its cadence after a success."""

    schedule: str
    every: float
    succeeded: str


@dataclass(frozen=True)
class DueView:
    """What has come of a time at which a schedule was due."""

    phase: str  # asking, away, running, not due, ended
    run: str = ""
    every: float = 0.0
    succeeded: str = ""
    outcome: str = ""  # of the run


@dataclass(frozen=True)
class OpenQuestion:
    """A question that waits for a person, as in the `asked` event of a journal; secrets are masked."""

    id: str
    kind: str
    choices: tuple[str, ...]
    text: str = ""  # what will run, or has run
    asks: str = ""  # the question in the words of the page
    labels: tuple[str, ...] = ()  # of alternatives
    name: str = ""  # of a value
    secret: bool = False
    output: str = ""  # the end of the last output
    problem: str = ""  # why an earlier answer was refused
    since: str = ""  # when it was asked, RFC 3339


@dataclass(frozen=True)
class RemoteAnswer:
    """An answer to the question with this id, and who gave it."""

    id: str
    choice: str
    value: str = field(default="", repr=False)
    note: str = ""
    by: str = ""
    signature: str = field(default="", repr=False)  # of all other fields and the id of the run
    sealed: bool = False  # whether the value is sealed to the host


@dataclass(frozen=True)
class Leg:
    """A part of a run: from where its journal has got to, up to the next question or the end."""

    order: Order
    place: str  # the id of the state folder that has the journal
    seen: int = 0  # the number of the last event that the workflow knows of
    answers: tuple[RemoteAnswer, ...] = ()
    secrets: Mapping[str, RemoteAnswer] = field(default_factory=dict)  # by placeholder: sealed answers so far


@dataclass(frozen=True)
class LegResult:
    """How a leg ended: an outcome of a run, `waiting` with a question among them."""

    outcome: str
    seen: int = 0
    question: OpenQuestion | None = None
    reason: str = ""  # of the outcome, in words
    events: tuple[Mapping[str, Any], ...] = ()  # since the last leg, without output and texts of pages
    output: str = ""  # the end of the output of the last statement if it failed; secrets masked
    seal: str = ""  # of the journal, if the run has ended


@dataclass(frozen=True)
class RunNotice:
    """What people are told of a run: that it waits for an answer, or how it has ended."""

    run: str
    host: str
    page: str
    state: str  # an outcome, or `waits`
    reason: str = ""
    question: OpenQuestion | None = None


@dataclass(frozen=True)
class RunView:
    """A run as its workflow sees it."""

    run: str
    host: str
    page: str
    phase: str = "queued"  # queued, running, waiting, ended
    question: OpenQuestion | None = None
    answers: tuple[RemoteAnswer, ...] = ()  # all so far, without values
    place: str = ""
    by: str = ""
    key: str = ""  # of the host


@dataclass(frozen=True)
class FleetTarget:
    """A host of a fleet: its name, the id of its run, and the signature of its order."""

    name: str
    run: str
    signature: str = field(default="", repr=False)


@dataclass(frozen=True)
class FleetOrder:
    """A page that many hosts are to run: `order` is that of each, but for the host and the run."""

    fleet: str  # the id
    order: Order
    targets: tuple[FleetTarget, ...]
    at_once: int = 20
    stop_after: int = 3  # no more hosts begin when more have failed
    first: int = 1  # hosts that run before the others


@dataclass(frozen=True)
class FleetHost:
    """A host of a fleet, and how its run has ended."""

    name: str
    run: str
    outcome: str = ""  # "" while it has not ended
    reason: str = ""
    has_begun: bool = False
    seconds: float = 0.0


@dataclass(frozen=True)
class FleetProgress:
    """How far a fleet is."""

    fleet: str
    page: str
    hosts: tuple[FleetHost, ...]
    has_ended: bool = False


@dataclass(frozen=True)
class FetchRequest:
    """A request for a piece of the journal of a run, from a byte on."""

    run: str
    host: str
    place: str = ""  # the id of the state folder that has the journal; "" if the server has forgotten it
    offset: int = 0
    issued: str = ""  # when it was made, RFC 3339
    signature: str = field(default="", repr=False)  # of all other fields


@dataclass(frozen=True)
class JournalPiece:
    """A piece of a journal."""

    name: str  # of its file
    size: int  # of all of it, in bytes
    data: str = field(default="", repr=False)  # Base64
    is_running: bool = False
