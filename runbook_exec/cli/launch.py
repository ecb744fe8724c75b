"""A plan is run, or an unfinished run resumed: who is asked, what is trusted, and how it ended."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import Refused
from ..journal.index import find_unfinished
from ..journal.paths import state_folder
from ..plan.model import Plan
from ..runner.load import print_problems
from ..runner.options import RunOptions
from ..runner.planning import read_plan
from ..runner.run import run_plan
from ..system.gc_pause import resume_gc
from .exit_status import EXIT_STATUS, INTERRUPTED, WAITING
from .operator import Operator
from .trust_gate import check_trust, print_doubts

if TYPE_CHECKING:
    from ..rehearsal.recording.recorder import Recorder
    from ..runner.resume import UnfinishedRun


def run_or_resume(path: str, anchor: str | None, options: RunOptions, operator: Operator | None) -> int:
    """Run a procedure of a page, or resume its last run; returns the exit status."""
    if Path(path).exists():
        status = _resume_instead(path, options, operator)
        if status is not None:
            return status
    plan = read_plan(path, anchor, options, operator.choose_procedure if operator else None)
    print_problems(plan.runbook)
    return run_with_trust(plan, options, operator)


def _resume_instead(path: str, options: RunOptions, operator: Operator | None) -> int | None:
    """Resume the page's unfinished run if the operator wants to; returns the exit status.

    None if there is no such run, or if a new one begins.
    """
    try:
        entry = find_unfinished(state_folder(dict(os.environ)), Path(path))
    except OSError:
        return None  # where no journal can be read, none can be written either, which the run will report
    if entry is None:
        return None
    if operator is None:
        print(
            f"{path}: its last run is not finished; `runbook-exec resume {entry.run}` would take it up, "
            "this is a new one",
            file=sys.stderr,
        )
        return None
    from .commands import resume  # reads records of runs, which a new run does not need

    past = resume.read_past(entry.path)
    return resume.resume_run(past, options, operator) if operator.confirm_resume(past.record) else None


def run_with_trust(
    plan: Plan, options: RunOptions, operator: Operator | None, past: UnfinishedRun | None = None
) -> int:
    """Run a plan whose commands are trusted, or were just shown; returns the exit status."""
    resume_gc()
    print_doubts(plan.runbook.path)
    may = check_trust(plan, options, operator)
    if may != "yes":
        return WAITING if may == "waiting" else INTERRUPTED

    def replan() -> Plan | Sequence[str]:
        try:
            return read_plan(plan.runbook.path, plan.procedure.anchor, options)
        except Refused as refused:
            return str(refused).split("\n")

    interactive = (lambda terminal: operator.make_ask(terminal, replan)) if operator else None
    with ExitStack() as stack:
        instrument = stack.enter_context(_make_recorder(plan, operator)) if options.record else None
        outcome = run_plan(plan, options, interactive, past, instrument)
    return EXIT_STATUS[outcome]


def _make_recorder(plan: Plan, operator: Operator | None) -> Recorder:
    from ..rehearsal.recording.recorder import Recorder  # with all of a rehearsal, for --record only

    return Recorder(plan, operator is not None)
