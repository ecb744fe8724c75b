"""Follows the journal of a run on this host: where it has got to, and what it asks."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..engine.events import (
    Asked,
    Event,
    Outcome,
    Output,
    RunEnded,
    RunStarted,
    StatementFinished,
    StatementStarted,
)
from ..engine.state import State, apply
from ..errors import Refused
from ..journal.event_lines import from_line
from ..journal.index import find_journal_of, is_locked
from ..journal.paths import open_journal
from ..light_classes import NamedTuple
from .orders import MOST_BYTES, OpenQuestion

_TAIL = 4096  # characters of output that are kept

_LEFT_OUT = {"output", "background_output"}  # events that are not returned

_CHAIN = ("previous", "mark")  # fields of a line that are not returned

_ONLY_HERE = ("text", "items", "terminal", "socket")  # those of the start of a run


class RunFacts(NamedTuple):
    """Where a run has got to."""

    seq: int = 0  # the number of the last event; 0 without a journal
    is_running: bool = False  # whether a process runs it
    is_held: bool = False  # whether that process keeps a question open with the live shell
    question: OpenQuestion | None = None
    outcome: str = ""  # "" if the run has not ended


class JournalView:
    """Reads what is new in the journal of a run whenever it is asked to."""

    def __init__(self, runs: Path, run: str, seen: int) -> None:
        """Follow the journal in the folder `runs`; events after `seen` are kept for a result."""
        self._runs = runs
        self._run = run
        self._seen = seen
        self._at = 0  # the offset of the first byte that was not read
        self._state = State()
        self._started: RunStarted | None = None
        self._asked_at = ""
        self._size = 0
        self.path: Path | None = None
        self.seq = 0
        self.seal = ""
        self.reason = ""
        self.output = ""  # the end of the output of the last statement
        self.has_failed = False  # whether the last statement failed
        self.statement = ""  # the label of the last statement
        self.events: list[Mapping[str, Any]] = []

    def update(self) -> RunFacts:
        """Read the lines that are new, and return where the run has got to.

        Raises Refused if the journal is damaged, and OSError.
        """
        self.path = self.path or find_journal_of(self._runs, self._run)
        running = False
        if self.path is not None and self.path.exists():
            with open_journal(self.path) as file:
                running = is_locked(file.fileno())
                file.seek(self._at)
                while (line := file.readline()).endswith(b"\n"):
                    self._at += len(line)
                    self._add_line(line)
        held = running and self._state.outcome is None and bool(self.socket)
        return RunFacts(self.seq, running, held, self._find_question(), self._state.outcome or "")

    @property
    def socket(self) -> str:
        """Return the address at which the run takes answers; "" if it takes none."""
        return self._started.socket if self._started else ""

    def remove_empty(self) -> None:
        """Remove a journal without any event, which keeps a run with this id from beginning."""
        if self.path is not None and not self.seq:
            self.path.unlink(missing_ok=True)
            self.path = None

    def _add_line(self, line: bytes) -> None:
        try:
            fields = json.loads(line)
            event = from_line(line.decode())
        except (ValueError, RecursionError, TypeError) as problem:
            raise Refused(f"the journal `{self.path}` is damaged: {problem}") from None
        self._follow(event)
        if event.seq <= self._seen or event.event in _LEFT_OUT or self._size > MOST_BYTES:
            return
        kept = {name: value for name, value in fields.items() if name not in _CHAIN}
        if isinstance(event, RunStarted):
            kept = {name: value for name, value in kept.items() if name not in _ONLY_HERE}
        self._size += len(line)
        self.events.append(kept)

    def _follow(self, event: Event) -> None:
        self.seq = event.seq
        self._state = apply(self._state, event)
        match event:
            case RunStarted():
                self._started = event
                self._state = self._state._replace(outcome=None)
                self.seal = self.reason = ""
            case StatementStarted():
                self.statement = f"{event.step}.{event.statement}"
                self.output, self.has_failed = "", False
            case Output():
                self.output = (self.output + event.text)[-_TAIL:]
            case StatementFinished():
                self.has_failed = bool(event.problem)
            case Asked():
                self._asked_at = event.time
            case RunEnded():
                self.reason = event.reason
            case _:
                pass

    def _find_question(self) -> OpenQuestion | None:
        """Return the question that waits for a person.

        A run can wait without one: then a person on the host must do something, and says when.
        """
        asked = self._state.question
        if asked is not None:
            return OpenQuestion(
                asked.id,
                asked.question,
                asked.choices,
                asked.text,
                asked.asks,
                asked.labels,
                asked.name,
                asked.secret,
                asked.output,
                since=self._asked_at,
            )
        if self._state.outcome == Outcome.WAITING:
            return OpenQuestion(f"resume:-:{self.seq}", "resume", ("again", "quit"), asks=self.reason)
        return None


def read_seal(path: Path) -> str:
    """Return the seal of a journal whose run has ended; "" if it has none."""
    with open_journal(path) as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - MOST_BYTES))
        lines = file.read().splitlines()
    try:
        return str(json.loads(lines[-1]).get("seal", "")) if lines else ""
    except (ValueError, AttributeError, RecursionError):
        return ""
