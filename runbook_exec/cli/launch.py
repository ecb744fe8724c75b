"""Runs a plan whose commands are trusted, with the answers of an operator or none."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from ..engine.state import State
from ..errors import Refused
from ..light_classes import replace
from ..plan.model import Plan
from ..runner.options import RunOptions
from ..runner.planning import read_plan, require_decided
from ..runner.run import run_plan
from ..system.gc_pause import resume_gc
from ..system.people import name_user
from .exit_status import EXIT_STATUS, INTERRUPTED, WAITING
from .operator import Operator
from .trust_gate import check_trust, is_trusted, print_doubts

if TYPE_CHECKING:
    from ..live.run_channel import RunChannel
    from ..rehearsal.recording.recorder import Recorder
    from ..runner.resume import UnfinishedRun


def run_with_trust(
    plan: Plan, options: RunOptions, operator: Operator | None, past: UnfinishedRun | None = None
) -> int:
    """Run a plan whose commands are trusted, or were just shown; returns the exit status."""
    resume_gc()
    if operator is None and options.hold is None and options.answer is None:
        require_decided(plan, past.make_resumption(plan, None)[0] if past else State())
    print_doubts(plan.runbook.path)
    if options.agent:
        options = replace(options, yes=is_trusted(plan, options))
    may = check_trust(plan, options, operator)
    if may != "yes":
        return WAITING if may == "waiting" else INTERRUPTED

    def replan() -> Plan | Sequence[str]:
        try:
            return read_plan(plan.runbook.path, plan.procedure.anchor, options)
        except Refused as refused:
            return str(refused).split("\n")

    def run(person: Operator | None, live: RunChannel | None) -> int:
        interactive = partial(person.make_ask, replan=replan) if person else None
        with ExitStack() as stack:
            instrument = stack.enter_context(_make_recorder(plan, person)) if options.record else None
            outcome = run_plan(plan, options, interactive, past, instrument, live)
        return EXIT_STATUS[outcome]

    if options.hold is None:
        return run(operator, None)
    start: Callable[..., int] = import_module("..live.start", __package__).start_behind_server
    person = operator or Operator()  # who can attach at any time
    return start(partial(run, person), options.hold, name_person(), attended=operator is not None)


def name_person(by: str = "") -> str:
    """Return who is at this terminal: the name that was given, the account and the terminal's device."""
    account = f"{name_user()}@{os.uname().nodename}"
    with suppress(OSError):
        account += f" at {os.ttyname(0)}"
    return f"{by} via {account}" if by else account


def _make_recorder(plan: Plan, operator: Operator | None) -> Recorder:
    from ..rehearsal.recording.recorder import Recorder  # with all of a rehearsal, for --record only

    return Recorder(plan, operator is not None)
