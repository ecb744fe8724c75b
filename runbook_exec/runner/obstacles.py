"""Finds what prevents a run on this machine before anything is begun."""

from __future__ import annotations

import os
import resource
from pathlib import Path

from ..errors import describe_lost_folder
from ..plan.model import Plan
from ..shells.registry import SHELLS, find_command
from ..system.people import expand_home

_FEWEST_FILES = 20  # open at once by a run with a person


def find_obstacle(plan: Plan) -> str | None:
    """Return why the plan cannot run on this machine, or None."""
    try:
        os.getcwd()  # noqa: PTH109 - a run begins in this folder
    except OSError as error:
        return describe_lost_folder(error)
    if (most := resource.getrlimit(resource.RLIMIT_NOFILE)[0]) < _FEWEST_FILES:
        return f"cannot start with {most} open files at most; raise the limit with `ulimit -n`"
    shell = plan.procedure.shell
    if "" not in plan.list_hosts():
        return None  # each host is asked when it is connected
    if find_command(shell) is None:
        hint = SHELLS[shell].install_hint
        return f"{plan.runbook.path} runs in {shell}, which is not on PATH; get it with {hint}"
    if plan.cwd and not (folder := Path(expand_home(plan.cwd))).is_dir():
        return f"cannot start in `{plan.cwd}`: {'not a folder' if folder.exists() else 'no such folder'}"
    return None
