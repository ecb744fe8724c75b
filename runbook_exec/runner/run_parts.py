"""Defines the parts of one run, and what can take part in it from within."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Protocol

from ..engine.events import Event
from ..engine.ports import Keyboard, Resumption, RunContext
from ..engine.questions import Ask
from ..engine.state import State
from ..journal.journal import Journal
from ..journal.secret_store import SecretStore
from ..journal.user_key import UserKey
from ..light_classes import NamedTuple
from ..plan.model import Plan
from ..session.inner.holding_session import HoldingSession
from ..system.streams import OutputStream
from ..system.tty import OperatorTty
from ..terminal.reporter import TerminalReporter
from .answers.live_run import LiveRun
from .event_delivery import EventDelivery
from .options import RunOptions

if TYPE_CHECKING:
    from .resume import UnfinishedRun

Interactive = Callable[[TerminalReporter, Callable[[], Exception | None] | None], Ask]


class Instrument(Protocol):
    """Takes part in a run from within, for example to record its programs."""

    def session(
        self, shell: str, *, clean: bool, cwd: str | None, keyboard: Keyboard | None
    ) -> HoldingSession:
        """Return the session to run in."""

    def context(self, context: RunContext) -> RunContext:
        """Return the context for the engine, made from the default one."""

    def watch(self, events: Generator[Event]) -> Generator[Event]:
        """Pass the events on."""

    def finish(self) -> str:
        """Return the text to show the operator after the run."""


class RunParts(NamedTuple):
    """The parts of one run."""

    identity: str
    plan: Plan
    options: RunOptions
    terminal: TerminalReporter
    output: OutputStream  # standard output
    delivery: EventDelivery
    keyboard: OperatorTty | None  # None without a person to ask
    secrets: SecretStore | None  # where secrets are kept while the run is unfinished
    past: UnfinishedRun | None
    state: State  # at its beginning
    resumption: Resumption | None
    key: UserKey | None
    live: LiveRun | None  # of a run that other terminals can attach to

    @property
    def journal(self) -> Journal:
        """Return the journal of the run."""
        return self.delivery.journal
