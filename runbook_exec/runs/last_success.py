"""Finds the last success of each step of a runbook in the journals of its runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ..document.model import Runbook
from ..engine.state import find_undone_items
from ..journal.index import RunSummary
from ..journal.journal import JournalError
from ..plan.alternatives import is_left_out
from ..plan.model import Plan
from .freshness import Freshness, Success, format_success_time, step_digest
from .record import Record, document_path, read_record
from .report_model import OK, StepReport, build_report


def filter_runs(page: Path, entries: Sequence[RunSummary]) -> Iterator[RunSummary]:
    """Yield the runs of a document, in the order of `entries`."""
    absolute = page.resolve()
    known: dict[Path, bool] = {}  # many runs are of few pages, and a path is resolved by the system
    for entry in entries:
        if entry.started is None or entry.problem:
            continue
        path = document_path(entry.started)
        if path not in known:
            known[path] = _is_same(path, absolute)
        if known[path]:
            yield entry


def _is_same(path: Path, page: Path) -> bool:
    """Return whether the path of a journal is that of a page, which is absolute."""
    if not path.is_absolute():  # old journals do not hold the folder of a relative path
        return page.parts[-len(path.parts) :] == path.parts
    try:
        return path.resolve() == page
    except (OSError, RuntimeError):
        return False  # RuntimeError: a circle of links


def read_successes(runbook: Runbook, runs: Iterable[RunSummary], damaged: list[str]) -> Freshness:
    """Read the successes of a document's runs, newest first.

    Damaged journals are passed over; a line about each is added to `damaged`.
    """
    wanted = {step_digest(step, each.shell) for each in runbook.procedures for step in each.steps}
    missing = {procedure.anchor for procedure in runbook.procedures}
    found = Freshness()
    for entry in runs:
        try:
            found = found.merge(extract_successes(read_record(entry.path)))
        except JournalError as error:
            damaged.append(f"passed over {error}")
            continue
        if wanted <= set(found.steps) and missing <= set(found.procedures):
            break
    return found


def extract_successes(record: Record) -> Freshness:
    """Return the successes of one run.

    It has none if its document is lost, because its steps are unknown then.
    """
    if record.plan is None:
        return Freshness()
    run, shell, anchor = record.started.run, record.plan.procedure.shell, record.plan.procedure.anchor
    steps: dict[str, Success] = {}
    for each in build_report(record).steps:
        if each.step is not None and each.span is not None and _has_succeeded(each):
            digest = step_digest(each.step, shell)
            steps[digest] = Success(format_success_time(each.span[1]), run, each.step.anchor, digest)
    whole = {anchor: Success(format_success_time(record.last), run, anchor, record.digest)}
    return Freshness(whole if _is_whole(record, record.plan) else {}, steps)


def _has_succeeded(step: StepReport) -> bool:
    """Return whether a step succeeded.

    Parts skipped by `when` are ignored, parts done by hand count.
    """
    return step.how == OK


def _is_whole(record: Record, plan: Plan) -> bool:
    """Return whether the run succeeded with its whole procedure, without `--from` and `--only`."""
    chosen = record.state.chosen
    left = (
        item for item in plan.items if item.where not in record.state.done and not is_left_out(item, chosen)
    )
    # before the outcome `partial` existed, a run with skipped steps ended as `succeeded`
    undone = find_undone_items(plan, record.state)
    return record.outcome == "succeeded" and next(left, None) is None and not undone


def find_counted_anchors(runbook: Runbook) -> tuple[str, ...]:
    """Return the anchors of the procedures whose success counts for the runbook.

    They are the page as a whole, and the default procedure, else each that is not dangerous.
    """
    own = runbook.chosen
    chosen = tuple(each.anchor for each in runbook.procedures if each.anchor == own)
    others = tuple(each.anchor for each in runbook.procedures if not each.dangerous)
    return (runbook.anchor, *(chosen or others))
