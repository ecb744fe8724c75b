"""Runs a plan whose commands are trusted, with the answers of an operator or none."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ..engine.state import State
from ..errors import Refused
from ..plan.model import Plan
from ..runner.options import RunOptions
from ..runner.planning import read_plan, require_decided
from ..runner.run import run_plan
from ..system.gc_pause import resume_gc
from .exit_status import EXIT_STATUS, INTERRUPTED, WAITING
from .operator import Operator
from .trust_gate import check_trust, print_doubts

if TYPE_CHECKING:
    from ..rehearsal.recording.recorder import Recorder
    from ..runner.resume import UnfinishedRun


def run_with_trust(
    plan: Plan, options: RunOptions, operator: Operator | None, past: UnfinishedRun | None = None
) -> int:
    """Run a plan whose commands are trusted, or were just shown; returns the exit status."""
    resume_gc()
    if operator is None:
        require_decided(plan, past.make_resumption(plan, None)[0] if past else State())
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
