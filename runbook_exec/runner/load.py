"""From the command line to a plan: the document read, values and options checked, or all of it refused."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..errors import Refused

if TYPE_CHECKING:
    from ..diagnostics.problem import Problem
    from ..document.model import Procedure, Runbook, Settings
    from ..plan.model import Plan


T = TypeVar("T")


def read_runbook(path: str, arguments: argparse.Namespace) -> Runbook:
    """The page, with the settings beside it that the command line names; raises Refused."""
    from ..document.parser import parse

    return parse(_read(path), path, _inputs(arguments.inputs), arguments.shell)


def address_of(written: str) -> tuple[str, str | None]:
    """The path and the anchor of `FILE#anchor`; a file whose name holds a `#` is found too."""
    if written == "-" or Path(written).exists() or "#" not in written:
        return written, None
    path, _, anchor = written.rpartition("#")
    return path, anchor


def no_errors(runbook: Runbook) -> Runbook:
    """The page, if it can be run; raises Refused."""
    from ..diagnostics.problem import Severity

    errors = [problem for problem in runbook.problems if problem.severity == Severity.ERROR]
    if errors:
        raise Refused(_said(errors, runbook.path, runbook.text))
    return runbook


def _read(path: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise Refused(f"cannot read `{path}`: {reason}") from None


def _inputs(path: str | None) -> Settings | None:
    if path is None:
        return None
    from ..document.front_matter.reader import read_inputs_file

    try:
        text = _read(path).decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(f"{path}: expected text in UTF-8") from None
    settings, problems = read_inputs_file(text, path)
    if problems:
        raise Refused(_said(problems, path, text))
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
    from ..plan.resolver import refused
    from ..text.durations import positive_duration

    runbook = no_errors(read_runbook(path, arguments))
    given = dict(_read_option("--set", parse_set, text) for text in arguments.set)
    captures = tuple(_read_option("--capture", parse_capture, text) for text in arguments.capture)
    timeout = None
    if arguments.timeout is not None:
        timeout = _read_option("--timeout", positive_duration, arguments.timeout)
    procedure = choose_procedure(runbook, anchor)
    if isinstance(procedure, Problem) and procedure.code == "which-procedure" and menu is not None:
        procedure = menu(runbook)
    if isinstance(procedure, Problem):
        raise Refused(_said([procedure], path, runbook.text))
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
        raise Refused(_said(plan, path, runbook.text))
    wrong = refused(plan.inputs, os.environ, Path(path).parent, plan.given)
    if wrong:
        problems = [Problem("value", f"<{known.name}>: {why}", known.span) for known, why in wrong]
        raise Refused(_said(problems, path, runbook.text))
    return plan


def _read_option(option: str, read: Callable[[str], T], text: str) -> T:
    try:
        return read(text)
    except ValueError as problem:
        raise Refused(f"`{option}`: {problem}") from None


def warn(runbook: Runbook) -> None:
    """Print what is wrong with a page."""
    if runbook.problems:
        print(_said(runbook.problems, runbook.path, runbook.text), file=sys.stderr)


def _said(problems: Sequence[Problem], path: str, text: str) -> str:
    from ..diagnostics.excerpt import explain

    return "\n".join(explain(problem, path, text) for problem in problems)
