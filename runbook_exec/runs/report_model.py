"""Combines a record with its document: each step with its result.

All reports are made from this.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby, zip_longest

from ..document.model import Block, Prose, Statement, Step
from ..engine.questions import Choice
from ..engine.state import ItemStatus
from ..light_classes import dataclass, replace
from ..plan.alternatives import is_left_out
from ..plan.model import ItemId, PlanItem
from .record import NOWHERE, Attempt, GivenAnswer, Record

OK, FAILED, SKIPPED, DOUBT, PARTLY, NOT_RUN = "ok", "failed", "skipped", "in doubt", "partly", "not run"

MARKS = {OK: "✓", FAILED: "✗", SKIPPED: "–", DOUBT: "?", PARTLY: "…", NOT_RUN: "·"}

# questions whose answers a report shows
_SAID = ("manual", "failed", "confirm", "choose", "when", "doubt", "new")


@dataclass(frozen=True, slots=True)
class StatementReport:
    """A statement, or a manual block: its text as it ran, else as it is written."""

    where: ItemId
    line: int
    text: str
    how: str
    attempts: tuple[Attempt, ...]  # the attempts
    answers: tuple[GivenAnswer, ...]
    statement: Statement | None  # None if a person does it, or the document is lost

    @property
    def seconds(self) -> float | None:
        """Return how long its attempts took together; None without attempts."""
        return sum(each.duration for each in self.attempts) if self.attempts else None

    @property
    def is_needed(self) -> bool:
        """Return False if it was passed over because its `when` was false."""
        return self.how != SKIPPED or not any(said.question == "when" for said in self.answers)


@dataclass(frozen=True, slots=True)
class BlockReport:
    """A block of the page; `block` is None if the document is lost."""

    block: Block | None
    statements: tuple[StatementReport, ...]


@dataclass(frozen=True, slots=True)
class StepReport:
    """A step with its parts in order; `step` is None if the document is lost."""

    number: int
    label: str
    title: str
    line: int
    step: Step | None
    parts: tuple[Prose | BlockReport, ...]
    typed: tuple[Attempt, ...]  # at the shell's own prompt, by a person or by the run itself
    answers: tuple[GivenAnswer, ...]  # of the step as a whole
    how: str

    @property
    def statements(self) -> tuple[StatementReport, ...]:
        """Return all its statements, in order."""
        blocks = (part for part in self.parts if isinstance(part, BlockReport))
        return tuple(statement for block in blocks for statement in block.statements)

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Return all attempts in it, in order of time."""
        found = [*self.typed, *(ran for statement in self.statements for ran in statement.attempts)]
        return tuple(sorted(found, key=lambda ran: ran.started))

    @property
    def seconds(self) -> float | None:
        """Return how long its attempts took together; None without attempts."""
        return sum(ran.duration for ran in self.attempts) if self.attempts else None

    @property
    def span(self) -> tuple[datetime, datetime] | None:
        """Return the first and the last time that is known of it; None without any."""
        times = [ran.started for ran in self.attempts] + [
            ran.finished for ran in self.attempts if ran.finished
        ]
        times += [said.time for said in self.all_answers]
        return (min(times), max(times)) if times else None

    @property
    def all_answers(self) -> tuple[GivenAnswer, ...]:
        """Return the answers about the step and about its statements."""
        return (*self.answers, *(said for statement in self.statements for said in statement.answers))


@dataclass(frozen=True, slots=True)
class RunReport:
    """A whole run; `strays` are attempts whose text is no longer on the page."""

    record: Record
    title: str
    steps: tuple[StepReport, ...]
    strays: tuple[Attempt, ...]


def build_report(record: Record) -> RunReport:
    """Lay a record over the document of its run."""
    known = _Known(record)
    if record.plan is None:
        return _without_document(known)
    items = {item.where: item for item in record.plan.items}
    steps = tuple(_step(known, step) for step in record.plan.procedure.steps)
    placed = {ran.where for step in steps for ran in step.attempts}
    strays = tuple(ran for ran in record.attempts if ran.where not in items and ran.where not in placed)
    return RunReport(record, record.plan.runbook.title, steps, strays)


class _Known:
    """A record whose attempts, answers and items are found by their place without a search."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.items: dict[int, list[PlanItem]] = defaultdict(list)  # by step
        for item in record.plan.items if record.plan else ():
            self.items[item.where.step].append(item)
        self.attempts: dict[ItemId, list[Attempt]] = defaultdict(list)
        self.typed: dict[int, list[Attempt]] = defaultdict(list)  # by step
        for ran in record.attempts:
            self.attempts[ran.where].append(ran)
            if not ran.where.statement:
                self.typed[ran.where.step].append(ran)
        self.answers: dict[ItemId, list[GivenAnswer]] = defaultdict(list)
        self.answers_by_step: dict[int, list[GivenAnswer]] = defaultdict(list)
        for said in record.answers:
            self.answers[said.where].append(said)
            self.answers_by_step[said.where.step].append(said)


def _step(known: _Known, step: Step) -> StepReport:
    items, chosen = known.items.get(step.number, []), known.record.state.chosen
    blocks: dict[int, list[PlanItem]] = defaultdict(list)
    for item in items:
        if item.block is not None and not is_left_out(item, chosen):
            blocks[item.block.number].append(item)
    parts = tuple(
        part if isinstance(part, Prose) else _block(known, part, blocks.get(part.number, []))
        for part in step.parts
    )
    whole = ItemId(step.number)
    # a choice was asked for at the first alternative, which may not be the one that was chosen
    whole_or_left_out = {whole} | {item.where for item in items if is_left_out(item, chosen)}
    answers = known.answers_by_step.get(step.number, ())
    said = tuple(s for s in answers if s.where in whole_or_left_out and s.question in _SAID)
    typed = tuple(known.typed.get(step.number, ()))
    filled_step = StepReport(
        step.number, step.label, step.title, step.span.line, step, parts, typed, said, NOT_RUN
    )
    hows = [statement.how for statement in filled_step.statements if statement.is_needed]
    if not hows and filled_step.statements:
        hows = [SKIPPED]
    if any(item.where == whole for item in items):
        hows.append(_how(known, whole))
    return replace(filled_step, how=_combine(hows))


def _combine(hows: Iterable[str]) -> str:
    """Return the result of a step, from the results of its parts."""
    seen = set(hows)
    for worst in (FAILED, DOUBT):
        if worst in seen:
            return worst
    if OK in seen:
        return PARTLY if seen & {NOT_RUN, SKIPPED} else OK
    return SKIPPED if SKIPPED in seen else NOT_RUN


def _block(known: _Known, block: Block, items: Iterable[PlanItem]) -> BlockReport:
    statements = tuple(_statement(known, item.where, item.line, item.statement) for item in items)
    return BlockReport(block, statements)


def _statement(known: _Known, where: ItemId, line: int, statement: Statement | None) -> StatementReport:
    ran = tuple(known.attempts.get(where, ()))
    said = tuple(each for each in known.answers.get(where, ()) if _is_of_interest(each))
    text = ran[-1].text if ran else statement.text if statement else ""
    return StatementReport(where, line, text, _how(known, where), ran, said, statement)


def _is_of_interest(said: GivenAnswer) -> bool:
    return said.question in _SAID or said.answer == Choice.SKIP


def _how(known: _Known, where: ItemId) -> str:
    state = known.record.state
    if state.doubt == where:
        return DOUBT
    how = state.done.get(where, NOT_RUN)
    ran = known.attempts.get(where)
    if how in (ItemStatus.NOT_NEEDED, ItemStatus.SKIPPED):
        return FAILED if ran and ran[-1].problem else SKIPPED
    # a statement that ran with another text before an edit is done, but this text did not run
    return how if ran or where in known.answers or how != OK else NOT_RUN


def _without_document(known: _Known) -> RunReport:
    """Return the steps of the events, without titles and prose."""
    record = known.record
    answered = (said.where for said in record.answers if said.question in _SAID)
    places = sorted({*(ran.where for ran in record.attempts), *answered} - {NOWHERE})
    steps = []
    lines = {ran.where: ran.line for ran in record.attempts}
    for number, group in groupby(places, key=lambda where: where.step):
        here = list(group)
        statements = tuple(
            _statement(known, where, lines.get(where, 0), None) for where in here if where.statement
        )
        typed = tuple(known.typed.get(number, ()))
        said = tuple(s for s in known.answers.get(ItemId(number), ()) if s.question in _SAID)
        hows = [statement.how for statement in statements]
        hows += [_how(known, where) for where in here if where == ItemId(number)]
        steps.append(
            StepReport(
                number,
                str(number),
                f"Step {number}",
                lines.get(here[0], 0),
                None,
                (BlockReport(None, statements),) if statements else (),
                typed,
                said,
                _combine(hows),
            )
        )
    return RunReport(record, record.started.procedure, tuple(steps), ())


def find_failures(step: StepReport) -> list[Attempt]:
    """Return the attempts at a step that failed and were not repeated by themselves, in order."""
    return [
        ran
        for statement in step.statements
        for ran, following in zip_longest(statement.attempts, statement.attempts[1:])
        if ran.problem and (following is None or following.attempt <= ran.attempt)
    ]


def count_attempts(statement: StatementReport) -> Iterator[tuple[int, Attempt]]:
    """Yield the attempts at a statement, each with its number; a single one has 0.

    After a resume the numbers go on.
    """
    counted = len(statement.attempts) > 1
    for number, ran in enumerate(statement.attempts, 1):
        yield number if counted else 0, ran
