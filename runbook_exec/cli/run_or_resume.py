"""Runs a procedure of a page, or resumes the page's unfinished run if the operator wants to."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ..errors import Refused
from ..journal.index import RunSummary, find_running, find_unfinished
from ..journal.paths import state_folder
from ..runner.given_values import warn_of_visible_secrets
from ..runner.load import print_notes
from ..runner.obstacles import find_obstacle
from ..runner.options import RunOptions
from ..runner.planning import read_plan
from .launch import run_with_trust
from .operator import Operator


def run_or_resume(path: str, anchor: str | None, options: RunOptions, operator: Operator | None) -> int:
    """Run a procedure of a page, or resume its last run; returns the exit status."""
    if operator and Path(path).exists():
        _report_running(path, operator)
        if (entry := _find_unfinished(path, anchor)) is not None:
            status = _offer_to_resume(path, entry, options, operator)
            if status is not None:
                return status
    plan = read_plan(path, anchor, options, operator.choose_procedure if operator else None)
    if why := find_obstacle(plan):
        raise Refused(why)
    if operator is None:
        _report_running(path, None)
        if (entry := _find_unfinished(path, anchor)) is not None:
            print(
                f"{path}: its last run is not finished: `runbook-exec resume {entry.run}` resumes it; "
                "this is a new run",
                file=sys.stderr,
            )
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


def _find_unfinished(path: str, anchor: str | None) -> RunSummary | None:
    """Return the page's last run if it can be resumed."""
    try:
        entry = find_unfinished(state_folder(dict(os.environ)), Path(path), anchor)
    except OSError:
        return None  # if no journal can be read, none can be written either; the run will report that
    return None if entry is None or entry.started is None else entry


def _offer_to_resume(path: str, entry: RunSummary, options: RunOptions, operator: Operator) -> int | None:
    """Resume a run if the operator wants that, and return the exit status; None for a new run."""
    from .commands import resume  # reads records of runs, which a new run does not need

    try:
        past = resume.read_past(entry.path)
    except Refused as refused:
        print(f"{path}: its last run cannot be resumed: {refused}", file=sys.stderr)
        return None
    words = options.to_words()
    ignored = () if entry.started is None or words == tuple(entry.started.options) else words
    return (
        resume.resume_run(past, options, operator) if operator.confirm_resume(past.record, ignored) else None
    )
