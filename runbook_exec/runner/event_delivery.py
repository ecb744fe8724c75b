"""Delivers the events of a run: to the journal at once, to the eyes of people a little later."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

from ..engine.events import (
    Answered,
    Captured,
    Event,
    Outcome,
    RunEnded,
    ShellChanged,
    StatementFinished,
    StatementStarted,
)
from ..journal.journal import Journal
from ..system.signals import defer_interrupts
from ..system.streams import OutputStream
from .observers import JournalObserver, Observer

Result = TypeVar("Result")

_BETWEEN_STATEMENTS = (ShellChanged, Captured, StatementFinished, Answered, StatementStarted)


class EventDelivery:
    """Writes each event to the journal, and shows it.

    If it `is_late`, the events between two statements are shown when the shell has been given the next one:
    both then work at the same time. The journal joins the end of the one with the start of the other. No
    observer learns of an event before it is written. Whatever may take time calls `catch_up` first.
    """

    def __init__(self, journal: Journal, stream: OutputStream, *, is_late: bool) -> None:
        """Deliver to the journal and to displays; `stream` is what the terminal's display writes to."""
        self.journal = journal
        self._stream = stream
        self._is_late = journal.joins = is_late
        self._waiting: deque[Event] = deque()  # written, or held by the journal, and not shown
        self._displays: Sequence[Observer] = ()

    def deliver_all(
        self, events: Generator[Event], journal: JournalObserver, displays: Sequence[Observer]
    ) -> Outcome:
        """Write and show all events, and return the outcome of the run. Raises JournalError.

        The next event is asked for when one is written. An interrupt counts at the next wait for a statement
        or a person.
        """
        self._displays = displays
        with defer_interrupts():
            for event in events:
                journal.observe(event)
                self._waiting.append(event)
                if not (self._is_late and isinstance(event, _BETWEEN_STATEMENTS)):
                    self.show_waiting()
                journal.require_intact()
                if isinstance(event, RunEnded):
                    return Outcome(event.outcome)
        return Outcome.STOPPED

    def show_waiting(self) -> None:
        """Show the events that are not shown yet."""
        if len(self._waiting) < 2:  # nothing to gather, and an output can be large
            self._show_all()
            return
        with self._stream.gather():
            self._show_all()

    def _show_all(self) -> None:
        while self._waiting:
            event = self._waiting.popleft()
            for display in self._displays:
                display.observe(event)

    def catch_up(self) -> None:
        """Write the events that the journal holds, and show all that wait. Raises JournalError."""
        self.journal.write_held()
        self.show_waiting()

    def catch_up_before(self, function: Callable[..., Result]) -> Callable[..., Result]:
        """Return the function, with `catch_up` before each call."""

        def call(*given: object) -> Result:
            self.catch_up()
            return function(*given)

        return call
