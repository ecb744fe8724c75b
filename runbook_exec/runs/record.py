"""Makes the record of one run: a fold over its events, for reports, lists and checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from ..document.parser import parse_runbook
from ..engine.attempts.background_events import BackgroundEnded, BackgroundOutput
from ..engine.events import (
    Answered,
    At,
    Captured,
    Edited,
    Event,
    Output,
    RunEnded,
    RunStarted,
    StatementFinished,
    StatementStarted,
    ValueGiven,
)
from ..engine.state import State, apply, carry_marks
from ..journal.hash_chain import JournalLine
from ..journal.journal import JournalError, read_whole_lines
from ..light_classes import dataclass, field, replace
from ..masking.masker import Masker
from ..plan.builder import items_of
from ..plan.item_marks import ItemMark, mark_items, match_items, parse_mark
from ..plan.model import ItemId, Plan
from ..system.regular_file import read_regular_file
from ..text.digests import sha256
from .output_excerpt import OutputCollector, OutputExcerpt

NOWHERE = ItemId(0)

NOTHING = OutputExcerpt()

_MOST, _LEAST = 32_768, 2_048  # characters of a statement's output that are shown, at most and at least

_ALL = 1_500_000  # characters of all output together that are shown, unless `_LEAST` needs more


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt at a statement; `finished` is None if its end was not recorded.

    `where` is the place in the last version of the document, NOWHERE if the text was removed. A line typed at
    the shell's own prompt is statement 0 of its step.
    """

    where: ItemId
    line: int
    text: str
    attempt: int
    started: datetime
    printed: OutputExcerpt = NOTHING
    finished: datetime | None = None
    status: int = 0
    duration: float = 0.0  # seconds
    cwd: str = ""
    inside: str = ""  # where it ran, such as `on web1`, if not in the shell of the procedure
    problem: str = ""
    captured: tuple[Captured, ...] = ()
    doubt: bool = False  # it was cut short, and it is unknown how far it had come
    background: bool = False  # it went on in the background; `printed` has all of its output


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer to a question, and its place in the last version of the document."""

    where: ItemId
    time: datetime
    question: str
    answer: str
    note: str
    by: str = ""  # the person who answered; "" for an option given in advance


@dataclass(frozen=True, slots=True)
class Record:
    """A run, as its journal records it."""

    journal: Path
    started: RunStarted
    began: datetime
    last: datetime  # time of the last event
    plan: Plan | None  # for the last version of the document; None if that is lost
    digest: str  # of that document
    edits: int  # how often the operator edited it during the run
    state: State
    attempts: tuple[Attempt, ...]
    answers: tuple[GivenAnswer, ...]
    ended: RunEnded | None
    seal: str  # "" if the journal is not sealed
    values: Mapping[str, str | None]  # of placeholders, in order of their names; None for a secret one
    resumed: tuple[datetime, ...] = ()
    marks: tuple[ItemMark, ...] | None = None  # of the items of the plan, signed; None if not recorded

    @property
    def outcome(self) -> str:
        """Return how the run ended, `unfinished` if it did not."""
        return self.ended.outcome if self.ended else "unfinished"

    @property
    def seconds(self) -> float:
        """Return the seconds from the first event to the last."""
        return (self.last - self.began).total_seconds()


def read_record(path: Path) -> Record:
    """Read the record of a journal. Raises JournalError if it is damaged or cannot be read."""
    fold = RecordFold(path)
    for line in read_whole_lines(path):
        fold.add_line(line)
    return fold.make_record()


@dataclass(slots=True)
class RecordFold:
    """The record of a run after some lines of its journal."""

    path: Path
    started: RunStarted | None = None
    seal: str = ""
    digest: str = ""
    edits: int = 0
    plan: Plan | None = None
    state: State = field(default_factory=State)
    attempts: list[Attempt] = field(default_factory=list)
    answers: list[GivenAnswer] = field(default_factory=list)
    resumed: list[datetime] = field(default_factory=list)
    values: dict[str, str | None] = field(default_factory=dict)
    ended: RunEnded | None = None
    began: datetime | None = None
    last: datetime | None = None
    printing: OutputCollector | None = None
    behind: dict[int, OutputCollector] = field(default_factory=dict)  # of attempts in the background
    shown: int = 0  # characters of output so far
    marks: tuple[ItemMark, ...] | None = None

    def add_line(self, line: JournalLine) -> None:
        """Apply the next line; raises JournalError if it has something that no program has written."""
        try:
            self._add(line.event)
        except ValueError as error:
            raise JournalError(f"{self.path}:{line.number}: {error}") from error
        self.seal = line.seal

    def _add(self, event: Event) -> None:
        """Apply the next event."""
        now = datetime.fromisoformat(event.time)
        self.began, self.last = self.began or now, now
        self.state = apply(self.state, event)
        match event:
            case RunStarted() if self.started is None:
                self.started = event
                self.digest = event.digest
                self.values.update(event.values)
                self.plan = rebuild_plan(read_document_text(event), event)
                self.marks = _parse_marks(event.items)
            case RunStarted():
                self.resumed.append(now)
                if not event.items:
                    self.marks = None  # they are signed with the key of another user
            case StatementStarted():
                self._settle()
                self.printing = OutputCollector(max(_LEAST, min(_MOST, (_ALL - self.shown) // 4)))
                ran = Attempt(_where(event), event.line, event.text, event.attempt, now)
                self.attempts.append(replace(ran, inside=event.inside) if event.inside else ran)
            case Output() if self.printing is not None:
                self.printing.add(event.text)
            case StatementFinished():
                if event.background and self.printing is not None:
                    self.behind[len(self.attempts) - 1] = self.printing
                self._add_finished(event, now)
            case BackgroundOutput() | BackgroundEnded():
                self._add_background(event)
            case ValueGiven():
                self.values[event.name] = event.value
            case Captured() if self.attempts:
                self.values[event.name] = event.value
                self.attempts[-1] = replace(self.attempts[-1], captured=(*self.attempts[-1].captured, event))
            case Answered():
                where = ItemId(event.step, event.block, event.statement)
                self.answers.append(
                    GivenAnswer(where, now, event.question, event.answer, event.note, event.by)
                )
            case Edited():
                self._add_edit(event)
            case _:
                pass
        self.ended = event if isinstance(event, RunEnded) else None

    def _add_finished(self, event: StatementFinished, now: datetime) -> None:
        self._settle()
        if self.attempts:
            self.attempts[-1] = replace(
                self.attempts[-1],
                finished=now,
                status=event.status,
                duration=event.duration,
                cwd=event.cwd,
                problem=event.problem,
                doubt=event.doubt,
                background=event.background,
            )

    def _add_background(self, event: BackgroundOutput | BackgroundEnded) -> None:
        """Add what a statement in the background has printed, or how it has ended."""
        known = [at for at in self.behind if self.attempts[at].where == _where(event)]
        if not known:
            return
        at = known[-1]
        if isinstance(event, BackgroundOutput):
            self.behind[at].add(event.text)
            self.attempts[at] = replace(self.attempts[at], printed=self.behind[at].make_excerpt())
        elif not event.with_run:
            self.attempts[at] = replace(self.attempts[at], status=event.status, problem=event.problem)

    def _settle(self) -> None:
        """Store the output of the last statement."""
        if self.printing is not None and self.attempts:
            self.shown += self.printing.size
            self.attempts[-1] = replace(self.attempts[-1], printed=self.printing.make_excerpt())
        self.printing = None

    def _add_edit(self, event: Edited) -> None:
        if self.started is None:
            return
        old, new = self.plan, rebuild_plan(event.text, self.started)
        before, now = self.marks, _parse_marks(event.items)
        self.digest, self.edits = event.digest, self.edits + 1
        self.plan, self.marks = new, now
        if before is None or now is None:
            # an older version wrote only the text, in which secrets are masked
            if old is None or new is None:
                return
            before, now = mark_items(old.items), mark_items(new.items)
        self.state = carry_marks(self.state, before, now)
        moved = _map_places(before, now)
        _map_steps(moved, [*(ran.where for ran in self.attempts), *(said.where for said in self.answers)])
        self.attempts = [replace(each, where=moved.get(each.where, NOWHERE)) for each in self.attempts]
        self.answers = [replace(each, where=moved.get(each.where, NOWHERE)) for each in self.answers]

    def make_record(self) -> Record:
        """Return the record so far; raises JournalError if it has no beginning."""
        self._settle()
        path, started = self.path, self.started
        if started is None:
            raise JournalError(f"{path}:1: expected the event that starts a run")
        began = self.began or datetime.fromisoformat(started.time)
        return Record(
            journal=path,
            started=started,
            began=began,
            last=self.last or began,
            plan=self.plan,
            digest=self.digest,
            edits=self.edits,
            state=self.state,
            attempts=tuple(self.attempts),
            answers=tuple(self.answers),
            ended=self.ended,
            seal=self.seal if self.ended else "",
            values=dict(sorted(self.values.items())),
            resumed=tuple(self.resumed),
            marks=self.marks,
        )


def _where(event: At) -> ItemId:
    return ItemId(event.step, event.block, event.statement)


def _parse_marks(items: tuple[str, ...]) -> tuple[ItemMark, ...] | None:
    return tuple(map(parse_mark, items)) if items else None


def _map_places(old: Sequence[ItemMark], new: Sequence[ItemMark]) -> dict[ItemId, ItemId]:
    """Map the place of each old item that is still there to its new place."""
    return {old[before].where: new[now].where for before, now in match_items(old, new).items()}


def _map_steps(moved: dict[ItemId, ItemId], places: Iterable[ItemId]) -> None:
    """Add to `moved` the places that are not of an item, if the place of their step is known."""
    steps = {place.step: where.step for place, where in moved.items()}
    for place in places:
        if place not in moved and not place.statement and place.step in steps:
            moved[place] = ItemId(steps[place.step], place.block)


def document_path(started: RunStarted) -> Path:
    """Return the document's path; it may be relative, as old journals do not hold the folder."""
    return _join_path(started.folder, started.path)


@lru_cache  # many runs are of few pages
def _join_path(folder: str, path: str) -> Path:
    return Path(folder) / path if folder else Path(path)


def read_document_text(started: RunStarted) -> str:
    """Return the document's text: from the journal, else from the unchanged file, else ""."""
    if started.text:
        return started.text
    try:
        data = read_regular_file(document_path(started))
    except OSError:
        return ""
    if sha256(data).hexdigest() != started.digest:
        return ""
    return Masker().mask_text(data.decode("utf-8", "replace"))


def rebuild_plan(text: str, started: RunStarted) -> Plan | None:
    """Make the plan of a run from the text of the document.

    It is None if the text has no such procedure.
    """
    if not text:
        return None
    data, shell = text.encode("utf-8", "replace"), started.shell or None
    runbook = parse_runbook(data, started.path, shell=shell, named=started.anchor)
    procedure = next((each for each in runbook.procedures if each.anchor == runbook.named), None)
    return Plan(runbook, procedure, items_of(procedure)) if procedure else None
