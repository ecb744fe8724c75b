"""Reads an unfinished run from its journal, and finds how its page has changed since."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import chain
from pathlib import Path

from ..engine.bindings import MASK
from ..engine.events import (
    Captured,
    Output,
    RunStarted,
    StatementStarted,
    ValueGiven,
)
from ..engine.ports import PastShell, Resumption
from ..engine.shell_history import ShellHistories
from ..engine.state import State, carry_marks
from ..journal.journal import read_journal, read_whole_lines
from ..journal.secret_store import SecretStore
from ..journal.user_key import UserKey
from ..light_classes import dataclass
from ..masking.masker import Masker
from ..plan.alternatives import describe_choices
from ..plan.item_marks import ItemMark, mark_items, match_items
from ..plan.model import Plan, PlanItem, Value
from ..runs.record import Record, RecordFold
from ..text.ansi import escape_unprintable_code

_END = 4000  # characters; the end of a doubtful statement's output that is kept


@dataclass(frozen=True, slots=True)
class UnfinishedRun:
    """A run that can be resumed."""

    path: Path
    record: Record
    values: Mapping[str, str]  # without secrets
    output: str  # the end of the output of the last statement
    shells: ShellHistories
    seq: int
    started: int  # the number of the event of the start of the last statement
    key: UserKey | None = None  # of this user
    is_own: bool = False  # whether this user wrote all of the journal, on this machine

    @property
    def start_event(self) -> RunStarted:
        """Return the first event of the run."""
        return self.record.started

    def is_current(self) -> bool:
        """Return whether the journal is unchanged since it was read; raises JournalError."""
        return max((event.seq for event in read_journal(self.path)), default=0) == self.seq

    def make_resumption(self, plan: Plan, secrets: SecretStore | None) -> tuple[State, Resumption]:
        """Return the state of the run in the present page, and the facts for resuming it."""
        values, seen = secrets.read() if secrets else ({}, ())
        state = self.record.state
        old, new = self._list_marks(plan, values.values())
        # even if the page is the same, the plan can be of another part of it, or of another page it includes
        edited = self.record.digest != plan.runbook.digest or (bool(old) and old != new)
        if edited and old:
            state = carry_marks(state, old, new)
        # a text in which a secret was masked is no value
        public = {name: text for name, text in self.values.items() if MASK not in text}
        known = {name: Value(text, False, "earlier") for name, text in public.items()}
        known |= {name: Value(text, True, "earlier") for name, text in values.items()}
        names = {each.name for item in plan.items for each in item.placeholders} | set(plan.inputs)
        return (
            state._replace(outcome=None),
            Resumption(
                values={name: value for name, value in known.items() if name in names},
                seen_tokens=seen,
                output=self.output,
                shells=self._recall_shells(secrets),
                seq=self.seq,
                started=self.started,
                edited=edited,
            ),
        )

    def _recall_shells(self, secrets: SecretStore | None) -> dict[str, PastShell]:
        if secrets is None:
            return self.shells.recall(lambda host: (), b"")
        return self.shells.recall(secrets.read_shell, secrets.key)

    def _list_marks(
        self, plan: Plan, secrets: Iterable[str]
    ) -> tuple[tuple[ItemMark, ...], tuple[ItemMark, ...]]:
        """Return the marks of the items as they were and as they are now.

        The journal of an older version, or of another user, has only the text with its secrets masked.
        """
        if self.record.marks is not None and self.is_own and self.key is not None:
            sign = partial(self.key.sign_text, self.start_event.run)
            return self.record.marks, mark_items(plan.items, sign)
        mask = _make_mask(secrets)
        old = self.record.plan.items if self.record.plan else ()
        return mark_items(old, mask), mark_items(plan.items, mask)

    def diff_commands(self, plan: Plan, secrets: SecretStore | None) -> list[str]:
        """Return how the commands have changed, as the lines of `diff -u`; nothing if they have not."""
        values, _ = secrets.read() if secrets else ({}, ())
        old, new = self._list_marks(plan, values.values())
        matched = match_items(old, new)
        mask = _make_mask(values.values())
        was = self.record.plan.items if self.record.plan else ()
        texts = {item.where: _describe_item(item, str) for item in was}
        now = [_describe_item(item, mask) for item in plan.items]
        before = []
        for index, mark in enumerate(old):
            there = matched.get(index)
            if there is not None and _list_digests(mark) == _list_digests(new[there]):
                before.append(now[there])
            else:
                before.append(texts.get(mark.where, [f"{mark.where!s:<5} (its text was not kept)"]))
        lines = difflib.unified_diff(
            list(chain.from_iterable(before)),
            list(chain.from_iterable(now)),
            "as it was",
            "as it is now",
            n=2,
            lineterm="",
        )
        return list(map(escape_unprintable_code, lines))


def _list_digests(mark: ItemMark) -> tuple[str, ...]:
    return (mark.digest, *(digest for _, digest in mark.choices))


def _make_mask(secrets: Iterable[str]) -> Callable[[str], str]:
    masker = Masker()
    for text in secrets:
        masker.add(text)
    return masker.mask_text


def _describe_item(item: PlanItem, mask: Callable[[str], str]) -> list[str]:
    """Return the lines by which an item is shown in a difference."""
    text = mask(item.statement.text) if item.statement else f"(by hand) {item.step.title}"
    if choices := describe_choices(item):
        text += f"\n({choices})"
    return [f"{item.label:<5} {line}" for line in text.split("\n")]


def read_unfinished(path: Path, key: UserKey | None = None) -> UnfinishedRun:
    """Read a journal; raises JournalError if it is damaged or cannot be read.

    `key` is that of this user: a journal whose last line it has not signed is somebody else's.
    """
    fold = RecordFold(path)
    values: dict[str, str] = {}
    shells = ShellHistories()
    output, seq, started = "", 0, 0
    data = b""
    for line in read_whole_lines(path):
        fold.add_line(line)
        event, data = line.event, line.data
        seq = event.seq
        shells.add(event)
        match event:
            case RunStarted():
                values.update(event.values)
            case ValueGiven() | Captured():
                values.pop(event.name, None)
                if event.value is not None:
                    values[event.name] = event.value
            case StatementStarted():
                output, started = "", seq
            case Output():
                output = (output + event.text)[-_END:]
    is_own = key is not None and key.has_signed(data)
    return UnfinishedRun(path, fold.make_record(), values, output, shells, seq, started, key, is_own)
