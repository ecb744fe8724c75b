"""Delivers the events of a run: to the journal at once, to the eyes of people a little later.

The recording gets them last and several at a time, because that costs much less than one by one.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

from ..engine.events import (
    Answered,
    Captured,
    Event,
    Outcome,
    Output,
    RunEnded,
    ShellChanged,
    StatementFinished,
    StatementStarted,
)
from ..engine.questions import Choice
from ..journal.asciicast import AsciicastWriter
from ..journal.journal import Journal
from ..system.signals import defer_interrupts
from ..system.streams import OutputStream
from .observers import JournalObserver, Observer

Result = TypeVar("Result")

# what is recorded later: after so many events or seconds, or when a statement takes longer than a moment
_RECORDED_LATER = (Output, ShellChanged, Captured, StatementFinished, Answered, StatementStarted)
_MOST_UNRECORDED, _LONGEST_UNRECORDED = 64, 0.1
_LARGE = 4096  # characters of an output that is recorded at once

_BETWEEN_STATEMENTS = (ShellChanged, Captured, StatementFinished, Answered, StatementStarted)


class EventDelivery:
    """Writes each event to the journal, and shows it.

    If it `is_late`, the events between two statements are shown when the shell has been given the next one:
    both then work at the same time. The journal joins the end of the one with the start of the other. No
    observer learns of an event before it is written. Whatever may take time calls `catch_up` first, and while
    a statement runs that takes time, `record_waiting` is called.
    """

    def __init__(
        self, journal: Journal, stream: OutputStream, notice: Callable[[str], None], *, is_late: bool
    ) -> None:
        """Deliver to the journal and to displays; `stream` is what the terminal's display writes to.

        `notice` reports that the recording cannot be written; the run continues.
        """
        self.journal = journal
        self._stream = stream
        self._is_late = journal.joins = is_late
        self._waiting: deque[Event] = deque()  # written, or held by the journal, and not shown
        self._displays: Sequence[Observer] = ()
        self._recording: AsciicastWriter | None = None
        self._notice = notice
        self._unrecorded: list[Event] = []  # shown, and not recorded
        self._record_at = 0.0  # a moment of the monotonic clock

    def deliver_all(
        self,
        events: Generator[Event],
        journal: JournalObserver,
        displays: Sequence[Observer],
        recording: AsciicastWriter,
    ) -> Outcome:
        """Write, show and record all events, and return the outcome of the run. Raises JournalError.

        The next event is asked for when one is written. An interrupt counts at the next wait for a statement
        or a person.
        """
        self._displays, self._recording = displays, recording
        with defer_interrupts():
            for event in events:
                journal.observe(event)
                if not (self._is_late and isinstance(event, Answered) and event.answer == Choice.RUN):
                    self._waiting.append(event)  # that an option has run a statement is shown by its start
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
        """Show the events that wait, and record them, now or a little later."""
        while self._waiting:
            event = self._waiting.popleft()
            for display in self._displays:
                display.observe(event)
            if not self._unrecorded:
                self._record_at = time.monotonic() + _LONGEST_UNRECORDED
            self._unrecorded.append(event)
            if (
                len(self._unrecorded) >= _MOST_UNRECORDED
                or not isinstance(event, _RECORDED_LATER)
                or (isinstance(event, Output) and len(event.text) >= _LARGE)
                or time.monotonic() >= self._record_at
            ):
                self.record_waiting()

    def record_waiting(self) -> None:
        """Record the events that were shown and are not recorded yet."""
        recording, waiting, self._unrecorded = self._recording, self._unrecorded, []
        if recording is not None:
            for number, event in enumerate(waiting, 1):
                if problem := recording.add(event, more=number < len(waiting)):
                    self._notice(problem)

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
