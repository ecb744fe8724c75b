"""Combines a record with its document: each step with its result.

All reports are made from this.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from ..document.model import Block, Prose, Statement, Step
from ..engine.questions import Choice
from ..engine.state import ItemStatus
from ..plan.alternatives import is_left_out
from ..plan.model import ItemId
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
    if record.plan is None:
        return _without_document(record)
    items = {item.where: item for item in record.plan.items}
    steps = tuple(_step(record, step) for step in record.plan.procedure.steps)
    placed = {ran.where for step in steps for ran in step.attempts}
    strays = tuple(ran for ran in record.attempts if ran.where not in items and ran.where not in placed)
    return RunReport(record, record.plan.runbook.title, steps, strays)


def _step(record: Record, step: Step) -> StepReport:
    parts: list[Prose | BlockReport] = []
    for part in step.parts:
        parts.append(part if isinstance(part, Prose) else _block(record, step, part))
    whole = ItemId(step.number)
    # a choice was asked for at the first alternative, which may not be the one that was chosen
    whole_or_left_out = {whole} | {
        item.where
        for item in (record.plan.items if record.plan else ())
        if item.where.step == step.number and is_left_out(item, record.state.chosen)
    }
    said = tuple(s for s in record.answers if s.where in whole_or_left_out and s.question in _SAID)
    typed = tuple(r for r in record.attempts if r.where.step == step.number and not r.where.statement)
    filled_step = StepReport(
        step.number, step.label, step.title, step.span.line, step, tuple(parts), typed, said, NOT_RUN
    )
    hows = [statement.how for statement in filled_step.statements if statement.is_needed]
    if not hows and filled_step.statements:
        hows = [SKIPPED]
    if any(item.where == whole for item in (record.plan.items if record.plan else ())):
        hows.append(_how(record, whole))
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


def _block(record: Record, step: Step, block: Block) -> BlockReport:
    items = record.plan.items if record.plan else ()
    here = [item for item in items if item.where.step == step.number and item.block is block]
    statements = tuple(
        _statement(record, item.where, item.line, item.statement)
        for item in here
        if not is_left_out(item, record.state.chosen)
    )
    return BlockReport(block, statements)


def _statement(record: Record, where: ItemId, line: int, statement: Statement | None) -> StatementReport:
    ran = tuple(each for each in record.attempts if each.where == where)
    said = tuple(each for each in record.answers if each.where == where and _is_of_interest(each))
    text = ran[-1].text if ran else statement.text if statement else ""
    return StatementReport(where, line, text, _how(record, where), ran, said, statement)


def _is_of_interest(said: GivenAnswer) -> bool:
    return said.question in _SAID or said.answer == Choice.SKIP


def _how(record: Record, where: ItemId) -> str:
    if record.state.doubt == where:
        return DOUBT
    how = record.state.done.get(where, NOT_RUN)
    if how in (ItemStatus.NOT_NEEDED, ItemStatus.SKIPPED):
        ran = [each for each in record.attempts if each.where == where]
        return FAILED if ran and ran[-1].problem else SKIPPED
    # a statement that ran with another text before an edit is done, but this text did not run
    here = any(ran.where == where for ran in record.attempts) or any(
        said.where == where for said in record.answers
    )
    return how if here or how != OK else NOT_RUN


def _without_document(record: Record) -> RunReport:
    """Return the steps of the events, without titles and prose."""
    answered = (said.where for said in record.answers if said.question in _SAID)
    places = sorted({*(ran.where for ran in record.attempts), *answered} - {NOWHERE})
    steps = []
    for number in dict.fromkeys(where.step for where in places):
        here = [where for where in places if where.step == number]
        lines = {ran.where: ran.line for ran in record.attempts}
        statements = tuple(
            _statement(record, where, lines.get(where, 0), None) for where in here if where.statement
        )
        typed = tuple(r for r in record.attempts if r.where.step == number and not r.where.statement)
        said = tuple(s for s in record.answers if s.where == ItemId(number) and s.question in _SAID)
        hows = [statement.how for statement in statements]
        hows += [_how(record, where) for where in here if where == ItemId(number)]
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
