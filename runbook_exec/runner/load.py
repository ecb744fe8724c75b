"""From the command line to a plan: the document read, values and options checked, or all of it refused."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..errors import Refused, reason

if TYPE_CHECKING:
    from ..diagnostics.problem import Problem
    from ..document.model import Procedure, Runbook, RunbookSettings
    from ..plan.model import Plan


T = TypeVar("T")


def read_runbook(path: str, arguments: argparse.Namespace) -> Runbook:
    """The page, with the settings beside it that the command line names; raises Refused."""
    from ..document.parser import parse_runbook

    return parse_runbook(_read_file(path), path, _read_inputs(arguments.inputs), arguments.shell)


def parse_address(written: str) -> tuple[str, str | None]:
    """The path and the anchor of `FILE#anchor`; a file whose name holds a `#` is found too."""
    if written == "-" or Path(written).exists() or "#" not in written:
        return written, None
    path, _, anchor = written.rpartition("#")
    return path, anchor


def require_no_errors(runbook: Runbook) -> Runbook:
    """The page, if it can be run; raises Refused."""
    from ..diagnostics.problem import Severity

    errors = [problem for problem in runbook.problems if problem.severity == Severity.ERROR]
    if errors:
        raise Refused(_format_problems(errors, runbook.path, runbook.text))
    return runbook


def _read_file(path: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise Refused(f"cannot read `{path}`: {reason(error)}") from None


def _read_inputs(path: str | None) -> RunbookSettings | None:
    if path is None:
        return None
    from ..document.front_matter.reader import read_inputs_file

    try:
        text = _read_file(path).decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(f"{path}: expected text in UTF-8") from None
    settings, problems = read_inputs_file(text, path)
    if problems:
        raise Refused(_format_problems(problems, path, text))
    return settings


def read_plan(
    path: str,
    anchor: str | None,
    arguments: argparse.Namespace,
    menu: Callable[[Runbook], Procedure] | None = None,
) -> Plan:
    """The plan for a procedure of a page; `menu` picks one where none is named. Raises Refused."""
    from ..diagnostics.problem import Problem
    from ..document.assignments import parse_capture, parse_set
    from ..plan.builder import choose_procedure, make_plan
    from ..plan.resolver import find_invalid_inputs
    from ..text.durations import positive_duration

    runbook = require_no_errors(read_runbook(path, arguments))
    given = dict(_read_option("--set", parse_set, text) for text in arguments.set)
    captures = tuple(_read_option("--capture", parse_capture, text) for text in arguments.capture)
    timeout = None
    if arguments.timeout is not None:
        timeout = _read_option("--timeout", positive_duration, arguments.timeout)
    procedure = choose_procedure(runbook, anchor)
    if isinstance(procedure, Problem) and procedure.code == "which-procedure" and menu is not None:
        procedure = menu(runbook)
    if isinstance(procedure, Problem):
        raise Refused(_format_problems([procedure], path, runbook.text))
    plan = make_plan(
        runbook,
        procedure,
        given=given,
        captures=captures,
        first=arguments.first,
        only=arguments.only,
        done=tuple(arguments.done),
        confirmed=tuple(arguments.confirmed),
        timeout=timeout,
        cwd=arguments.cwd,
    )
    if isinstance(plan, tuple):
        raise Refused(_format_problems(plan, path, runbook.text))
    wrong = find_invalid_inputs(plan.inputs, os.environ, Path(path).parent, plan.given)
    if wrong:
        problems = [Problem("value", f"<{known.name}>: {why}", known.span) for known, why in wrong]
        raise Refused(_format_problems(problems, path, runbook.text))
    return plan


def _read_option(option: str, read: Callable[[str], T], text: str) -> T:
    try:
        return read(text)
    except ValueError as problem:
        raise Refused(f"`{option}`: {problem}") from None


def print_problems(runbook: Runbook) -> None:
    """Print what is wrong with a page."""
    if runbook.problems:
        print(_format_problems(runbook.problems, runbook.path, runbook.text), file=sys.stderr)


def _format_problems(problems: Sequence[Problem], path: str, text: str) -> str:
    from ..diagnostics.excerpt import format_problem

    return "\n".join(format_problem(problem, path, text) for problem in problems)
