"""Makes a plan from a page and options, and checks everything before anything runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from ..diagnostics.problem import Problem
from ..document.model import Procedure, Runbook
from ..engine.state import State
from ..errors import Refused
from ..plan.alternatives import find_undecided
from ..plan.builder import choose_procedure, make_plan
from ..plan.model import Plan
from ..plan.resolver import find_invalid_inputs
from .load import format_problems, read_runbook, require_no_errors
from .options import RunOptions


def require_decided(plan: Plan, state: State) -> None:
    """Raise Refused if a person has to choose between alternatives that are still to come."""
    if problems := list(find_undecided(plan, state.chosen, state.passed)):
        raise Refused(format_problems(problems, plan.runbook.path, plan.runbook.text))


def read_plan(
    path: str,
    anchor: str | None,
    options: RunOptions,
    menu: Callable[[Runbook], str] | None = None,
) -> Plan:
    """Return the plan for a procedure of a page.

    `anchor` names a heading of the page; "" is the whole page. `menu` returns the anchor of a procedure if
    none is named. Raises Refused.
    """

    def read(named: str | None) -> tuple[Runbook, Procedure | Problem]:
        page = read_runbook(path, options.inputs, options.shell, named, options.text)
        return page, choose_procedure(page, named)

    runbook, procedure = read(anchor)
    if isinstance(procedure, Problem) and procedure.code == "which-procedure" and menu is not None:
        runbook, procedure = read(menu(runbook))
    if isinstance(procedure, Problem):
        require_no_errors(runbook)
        raise Refused(format_problems([procedure], path, runbook.text))
    require_no_errors(runbook, procedure)
    return plan_procedure(path, runbook, procedure, options)


def plan_procedure(path: str, runbook: Runbook, procedure: Procedure, options: RunOptions) -> Plan:
    """Return the plan for a procedure that was read from a page. Raises Refused."""
    plan = make_plan(
        runbook,
        procedure,
        given=options.given,
        captures=tuple(each.capture for each in options.captures),
        first=options.first,
        only=options.only,
        done=options.done,
        confirmed=options.confirmed,
        choose=options.choose,
        timeout=options.timeout.seconds if options.timeout else None,
        cwd=options.cwd,
        on=options.on,
        is_root=os.geteuid() == 0,
    )
    if isinstance(plan, tuple):
        raise Refused(format_problems(plan, path, runbook.text))
    wrong = find_invalid_inputs(plan.inputs, os.environ, Path(path).parent, plan.given)
    if wrong:
        problems = [Problem("value", f"<{known.name}>: {why}", known.span) for known, why in wrong]
        raise Refused(format_problems(problems, path, runbook.text))
    return plan
