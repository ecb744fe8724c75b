"""Writes each event of a run to the journal, and shows it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Protocol

from ..engine.engine import Run
from ..engine.events import Event, Outcome, RunEnded, StatementFinished, StatementStarted
from ..engine.state import is_idle
from ..journal.journal import Journal, JournalError
from ..system.streams import OutputStream
from ..terminal.reporter import TerminalReporter
from ..text.ansi import escape_unprintable


class Observer(Protocol):
    """Receives each event of a run."""

    def observe(self, event: Event) -> None:
        """Write or show the event; raises JournalError if the run must not continue without it."""


class JournalObserver:
    """Writes events to the journal.

    If that fails while a statement runs, the statement may finish, and then `require_intact` raises.
    """

    def __init__(self, journal: Journal, notice: Callable[[str], None]) -> None:
        self.line = ""  # the event as it was written; "" if it was not
        self._journal = journal
        self._notice = notice
        self._running = False  # whether a statement is running
        self._failure = ""  # the reason why no more events are written

    def observe(self, event: Event) -> None:
        """Append the event; raises JournalError if that fails while no statement runs."""
        self.line = ""
        try:
            self.line = "" if self._failure else self._journal.append(event)
        except JournalError as error:
            if not self._running:
                raise
            self._failure = str(error)
            self._notice(f"{error}; the run stops when this statement has ended")
        self._running = isinstance(event, StatementStarted) or (
            self._running and not isinstance(event, StatementFinished)
        )

    def require_intact(self) -> None:
        """Raise JournalError if an event was lost and no statement runs any more."""
        if self._failure and not self._running:
            raise JournalError(self._failure)


class TerminalObserver:
    """Shows events to the operator."""

    def __init__(
        self, terminal: TerminalReporter, run: Run, identity: str, journal: str, resumed: bool
    ) -> None:
        self._terminal = terminal
        self._run = run
        terminal.find_state = lambda: run.state
        self._identity = identity
        self._journal = journal
        self._resumed = resumed

    def observe(self, event: Event) -> None:
        """Show the event, and the summary after the last."""
        if isinstance(event, RunEnded):
            idle = not self._resumed and is_idle(event.outcome, self._run.state)
            self._terminal.show_summary(self._run.state, event, self._identity, "" if idle else self._journal)
        else:
            self._terminal.show_event(event)


class JsonObserver:
    """Prints the lines of the journal."""

    def __init__(self, journal: JournalObserver, output: OutputStream) -> None:
        self._journal = journal
        self._output = output

    def observe(self, event: Event) -> None:
        """Print the event as written; the reason for waiting also goes to standard error."""
        if line := self._journal.line:
            self._output.write(f"{line}\n".encode())
        if isinstance(event, RunEnded) and event.outcome == Outcome.WAITING:
            print(escape_unprintable(event.reason), file=sys.stderr)
