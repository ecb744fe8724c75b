"""Reads an unfinished run from its journal, and finds how its page has changed since."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ..engine.bindings import MASK
from ..engine.events import (
    Captured,
    Output,
    RunStarted,
    StatementStarted,
    ValueGiven,
)
from ..engine.ports import Resumption
from ..engine.shell_history import ShellHistory
from ..engine.state import State, carry_over
from ..journal.hash_chain import Damage, JournalLine, read_lines
from ..journal.journal import JournalError
from ..journal.secret_store import SecretStore
from ..plan.alternatives import describe_choices
from ..plan.model import Plan, Value
from ..runs.record import Record, read_record
from ..text.ansi import escape_unprintable_code

_END = 4000  # characters; the end of a doubtful statement's output that is kept


@dataclass(frozen=True, slots=True)
class UnfinishedRun:
    """A run that can be resumed."""

    path: Path
    record: Record
    values: Mapping[str, str]  # without secrets
    output: str  # the end of the output of the last statement
    shell: ShellHistory
    seq: int

    @property
    def start_event(self) -> RunStarted:
        """Return the first event of the run."""
        return self.record.started

    def is_current(self) -> bool:
        """Return whether the journal is unchanged since it was read; raises JournalError."""
        return read_unfinished(self.path).seq == self.seq

    def make_resumption(self, plan: Plan, secrets: SecretStore | None) -> tuple[State, Resumption]:
        """Return the state of the run in the present page, and the facts for resuming it."""
        state, old = self.record.state, self.record.plan
        edited = self.record.digest != plan.runbook.digest
        if old is not None:
            # even if the page is the same, the plan can be of another part of it
            state = carry_over(state, old, plan) if edited else state
        values, seen = secrets.read() if secrets else ({}, ())
        # a text in which a secret was masked is no value
        public = {name: text for name, text in self.values.items() if MASK not in text}
        known = {name: Value(text, False, "earlier") for name, text in public.items()}
        known |= {name: Value(text, True, "earlier") for name, text in values.items()}
        names = {each.name for item in plan.items for each in item.placeholders} | set(plan.inputs)
        return (
            replace(state, outcome=None),
            Resumption(
                values={name: value for name, value in known.items() if name in names},
                seen_tokens=seen,
                output=self.output,
                shell=self.shell.recall(*((secrets.read_shell(), secrets.key) if secrets else ((), b""))),
                seq=self.seq,
                edited=edited,
            ),
        )


def read_unfinished(path: Path) -> UnfinishedRun:
    """Read a journal; raises JournalError if it is damaged or cannot be read."""
    record = read_record(path)
    values: dict[str, str] = {}
    shell = ShellHistory()
    output, seq = "", 0
    for line in read_lines(path):
        if isinstance(line, Damage):
            raise JournalError(f"{path}:{line.number}: {line.what}")
        if not isinstance(line, JournalLine):
            continue
        event = line.event
        seq = event.seq
        shell.add(event)
        match event:
            case RunStarted():
                values.update(event.values)
            case ValueGiven() | Captured():
                values.pop(event.name, None)
                if event.value is not None:
                    values[event.name] = event.value
            case StatementStarted():
                output = ""
            case Output():
                output = (output + event.text)[-_END:]
    return UnfinishedRun(path, record, values, output, shell, seq)


def diff_commands(old: Plan | None, new: Plan) -> list[str]:
    """Return the difference between the commands of two plans, as the lines of `diff -u`."""
    lines = difflib.unified_diff(
        _command_lines(old), _command_lines(new), "as it was", "as it is now", n=2, lineterm=""
    )
    return list(map(escape_unprintable_code, lines))


def _command_lines(plan: Plan | None) -> list[str]:
    lines: list[str] = []
    for item in plan.items if plan else ():
        text = item.statement.text if item.statement else "(by hand)"
        if choices := describe_choices(item):
            text += f"\n({choices})"
        lines += [f"{item.label:<5} {line}" for line in text.split("\n")]
    return lines
