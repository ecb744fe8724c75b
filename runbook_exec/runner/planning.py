"""Makes a plan from a page and options, and checks everything before anything runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from ..diagnostics.problem import Problem
from ..document.model import Procedure, Runbook
from ..errors import Refused
from ..plan.builder import choose_procedure, make_plan
from ..plan.model import Plan
from ..plan.resolver import find_invalid_inputs
from .load import format_problems, read_runbook, require_no_errors
from .options import RunOptions


def read_plan(
    path: str,
    anchor: str | None,
    options: RunOptions,
    menu: Callable[[Runbook], Procedure] | None = None,
) -> Plan:
    """Return the plan for a procedure of a page.

    `menu` picks one if none is named. Raises Refused.
    """
    runbook = require_no_errors(read_runbook(path, options.inputs, options.shell))
    procedure = choose_procedure(runbook, anchor)
    if isinstance(procedure, Problem) and procedure.code == "which-procedure" and menu is not None:
        procedure = menu(runbook)
    if isinstance(procedure, Problem):
        raise Refused(format_problems([procedure], path, runbook.text))
    plan = make_plan(
        runbook,
        procedure,
        given=options.given,
        captures=tuple(each.capture for each in options.captures),
        first=options.first,
        only=options.only,
        done=options.done,
        confirmed=options.confirmed,
        timeout=options.timeout.seconds if options.timeout else None,
        cwd=options.cwd,
        is_root=os.geteuid() == 0,
    )
    if isinstance(plan, tuple):
        raise Refused(format_problems(plan, path, runbook.text))
    wrong = find_invalid_inputs(plan.inputs, os.environ, Path(path).parent, plan.given)
    if wrong:
        problems = [Problem("value", f"<{known.name}>: {why}", known.span) for known, why in wrong]
        raise Refused(format_problems(problems, path, runbook.text))
    return plan
