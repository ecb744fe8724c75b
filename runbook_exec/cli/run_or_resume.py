"""Runs a procedure of a page, or resumes the page's unfinished run if the operator wants to."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import Refused
from ..journal.index import find_running, find_unfinished
from ..journal.paths import state_folder
from ..runner.given_values import warn_of_visible_secrets
from ..runner.load import print_notes
from ..runner.obstacles import find_obstacle
from ..runner.options import RunOptions
from ..runner.planning import read_plan
from .launch import run_with_trust
from .operator import Operator

if TYPE_CHECKING:
    from ..runner.resume import UnfinishedRun


def run_or_resume(path: str, anchor: str | None, options: RunOptions, operator: Operator | None) -> int:
    """Run a procedure of a page, or resume its last run; returns the exit status."""
    if operator and Path(path).exists():
        _report_running(path, operator)
        if (past := _offer_unfinished(path, anchor, options, operator)) is not None:
            from .commands import resume  # reads records of runs, which a new run does not need

            return resume.resume_run(past, options, operator)
    plan = read_plan(path, anchor, options, operator.choose_procedure if operator else None)
    if why := find_obstacle(plan):
        raise Refused(why)
    if operator is None:
        _report_running(path, None)
        _offer_unfinished(path, anchor, options, None)
    print_notes(plan.runbook, plan.procedure)
    warn_of_visible_secrets(plan, options.visible)
    return run_with_trust(plan, options, operator)


def _report_running(path: str, operator: Operator | None) -> None:
    """Report a run of the page that is in progress, and ask the operator whether to start another.

    Raises KeyboardInterrupt if the operator does not want one. Without an operator, print a line.
    """
    try:
        entry = find_running(state_folder(dict(os.environ)), Path(path))
    except OSError:
        return
    if entry is None or entry.started is None:
        return
    if operator is not None:
        operator.confirm_second_run(entry.started)
        return
    print(
        f"{path}: run {entry.run} of this page is in progress, in process {entry.started.pid}; "
        "this is another one",
        file=sys.stderr,
    )


def _offer_unfinished(
    path: str, anchor: str | None, options: RunOptions, operator: Operator | None
) -> UnfinishedRun | None:
    """Return the page's unfinished run, if the operator wants to resume it.

    Without an operator, print a line about it.
    """
    try:
        entry = find_unfinished(state_folder(dict(os.environ)), Path(path), anchor)
    except OSError:
        return None  # if no journal can be read, none can be written either; the run will report that
    if entry is None or entry.started is None:
        return None
    if operator is None:
        print(
            f"{path}: its last run is not finished; `runbook-exec resume {entry.run}` would take it up, "
            "this is a new one",
            file=sys.stderr,
        )
        return None
    from .commands import resume

    try:
        past = resume.read_past(entry.path)
    except Refused as refused:
        print(f"{path}: its last run cannot be resumed: {refused}", file=sys.stderr)
        return None
    words = options.to_words()
    ignored = () if words == tuple(entry.started.options) else words
    return past if operator.confirm_resume(past.record, ignored) else None
