"""Follows a run by its journal, from which everything about a run comes that an agent sees."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from ..engine.events import Answered, Asked, Edited, Event, RunEnded, RunStarted, StatementStarted
from ..engine.state import State, apply
from ..journal.event_lines import from_line
from ..journal.index import is_locked
from ..journal.paths import LONGEST_LINE, open_journal
from ..plan.builder import make_page_plan
from ..plan.model import Plan
from ..runs.record import document_path, read_document_text, rebuild_plan


class RunJournal:
    """A run as far as its journal was read; `refresh` reads on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.started: RunStarted | None = None  # the last start: the run may have been resumed
        self.ended: RunEnded | None = None
        self.state = State()
        self.current: StatementStarted | None = None  # the statement that runs now
        self.is_running = False
        self._offsets: list[int] = []  # of each line
        self._end = 0  # of what was read
        self._text = ""  # of the page, as the run has it
        self._reading = threading.Lock()  # two calls may ask about the same run

    @property
    def last(self) -> int:
        """Return the number of the last event."""
        return len(self._offsets)

    @property
    def question(self) -> Asked | None:
        """Return the question that the run asks now."""
        return self.state.question if self.is_running and self.ended is None else None

    @property
    def document(self) -> str:
        """Return the path of the page; "" if it is not known."""
        return str(document_path(self.started)) if self.started else ""

    def refresh(self) -> None:
        """Read the lines that are new; raises OSError."""
        with self._reading, open_journal(self.path) as file:
            self.is_running = is_locked(file.fileno())
            file.seek(self._end)
            while (line := file.readline(LONGEST_LINE)).endswith(b"\n"):
                self._offsets.append(self._end)
                self._end += len(line)
                if (event := _parse_line(line)) is not None:
                    self._apply(event)

    def read_events(self, after: int, end: int) -> Iterator[tuple[int, Event]]:
        """Yield the events after a number up to another, each with its number; raises OSError."""
        if not 0 <= after < end:
            return
        with open_journal(self.path) as file:
            file.seek(self._offsets[after])
            for number in range(after + 1, end + 1):
                if (event := _parse_line(file.readline(LONGEST_LINE))) is not None:
                    yield number, event

    def make_plan(self) -> Plan | None:
        """Return the plan of the page as the run has it; None if its text is lost."""
        plan = rebuild_plan(self._text, self.started) if self.started else None
        return make_page_plan(plan.runbook, plan.procedure) if plan else None

    def _apply(self, event: Event) -> None:
        self.state = apply(self.state, event)
        match event:
            case RunStarted():
                self.started, self.ended, self.current = event, None, None
                self._text = read_document_text(event)
            case Edited():
                self._text = event.text
            case RunEnded():
                self.ended, self.current = event, None
            case StatementStarted():
                self.current = event
            case Answered() | Asked():
                pass
            case _:
                if event.event == "statement_finished":
                    self.current = None


def _parse_line(line: bytes) -> Event | None:
    try:
        return from_line(line.decode())
    except ValueError:
        return None
