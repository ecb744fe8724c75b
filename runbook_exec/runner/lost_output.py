"""Reports that standard output takes no more, after the run that it has ended."""

from __future__ import annotations

import sys

from ..engine.events import FINISHED, Outcome
from ..system.streams import OutputStream


def describe_loss(output: OutputStream) -> str:
    """Return why standard output takes no more, "" if it does."""
    return f"cannot write the output: {output.failure}" if output.failure else ""


def report_lost_output(output: OutputStream, outcome: Outcome, run: str) -> Outcome:
    """Print one line on standard error; return the outcome for the exit status.

    `run` is the id of the run, "" if it is not kept.
    """
    if outcome in FINISHED:
        print(f"{describe_loss(output)}; everything has run", file=sys.stderr)
        return Outcome.FAILED
    how = f"; `runbook-exec resume {run}` resumes the run" if run else ""
    print(f"{describe_loss(output)}; nothing more was run{how}", file=sys.stderr)
    return outcome
