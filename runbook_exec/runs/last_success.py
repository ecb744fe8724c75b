"""When the steps of a runbook last succeeded, as the journals of its runs say it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ..document.model import Procedure, Runbook
from ..journal.index import Entry
from ..journal.journal import JournalError
from ..plan.model import Plan
from .freshness import Freshness, Success, in_utc, step_digest
from .record import Record, path_of, read_record
from .report_model import OK, SKIPPED, FilledStep, filled


def runs_of(page: Path, entries: Sequence[Entry]) -> Iterator[Entry]:
    """The runs of a document, in the order of `entries`."""
    absolute = page.resolve()
    for entry in entries:
        if entry.started is None:
            continue
        path = path_of(entry.started)
        # journals of old do not say in which folder a relative path starts
        same = (
            path.resolve() == absolute
            if path.is_absolute()
            else absolute.parts[-len(path.parts) :] == path.parts
        )
        if same:
            yield entry


def from_journals(runbook: Runbook, runs: Iterator[Entry]) -> Freshness:
    """What the journals of a document's runs say, the newest first; damaged ones are passed over."""
    wanted = {step_digest(step, each.shell) for each in runbook.procedures for step in each.steps}
    missing = {procedure.anchor for procedure in runbook.procedures}
    found = Freshness()
    for entry in runs:
        try:
            found = found.merged(from_record(read_record(entry.path)))
        except JournalError:
            continue
        if wanted <= set(found.steps) and missing <= set(found.procedures):
            break
    return found


def from_record(record: Record) -> Freshness:
    """What one run says; nothing where its document is lost, as nobody knows then what it ran."""
    if record.plan is None:
        return Freshness()
    run, shell, anchor = record.started.run, record.plan.procedure.shell, record.plan.procedure.anchor
    steps: dict[str, Success] = {}
    for each in filled(record).steps:
        if each.step is not None and each.span is not None and _succeeded(each):
            digest = step_digest(each.step, shell)
            steps[digest] = Success(in_utc(each.span[1]), run, each.step.anchor, digest)
    whole = {anchor: Success(in_utc(record.last), run, anchor, record.digest)}
    return Freshness(whole if _is_whole(record, record.plan) else {}, steps)


def _succeeded(step: FilledStep) -> bool:
    """Whether all of a step went well; what its `when` passed over does not count, what a person did does."""
    passed_over = [
        statement
        for statement in step.statements
        if statement.how == SKIPPED and not any(said.question == "when" for said in statement.said)
    ]
    return step.how == OK and not passed_over


def _is_whole(record: Record, plan: Plan) -> bool:
    """Whether the run succeeded and left nothing of its procedure out, as `--from` and `--only` do."""
    chosen = record.state.chosen
    left = (
        item
        for item in plan.items
        if item.where not in record.state.done
        and not (
            item.statement
            and item.statement.alternative
            and chosen.get((item.where.step, item.where.block)) not in (None, item.statement.alternative)
        )
    )
    return record.outcome == "succeeded" and next(left, None) is None


def procedures_that_count(runbook: Runbook) -> tuple[Procedure, ...]:
    """The procedures whose success is the runbook's: its own one, else all that are no emergency's."""
    own = runbook.settings.procedure or runbook.chosen
    chosen = tuple(each for each in runbook.procedures if each.anchor == own)
    return chosen or tuple(each for each in runbook.procedures if not each.dangerous)
