"""Reads a page and the settings that are laid over its own, or refuses it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from ..diagnostics.problem import Problem, Severity
from ..document.model import Runbook, RunbookSettings
from ..document.parser import parse_runbook
from ..errors import Refused, reason


def read_runbook(path: str, inputs: str | None = None, shell: str | None = None) -> Runbook:
    """Return the page, read for `shell`, with the settings file `inputs` laid over its own.

    Raises Refused.
    """
    return parse_runbook(_read_file(path), path, _read_inputs(inputs), shell)


def parse_address(written: str) -> tuple[str, str | None]:
    """Return the path and the anchor of `FILE#anchor`.

    A file whose name contains a `#` is found too.
    """
    if written == "-" or Path(written).exists() or "#" not in written:
        return written, None
    path, _, anchor = written.rpartition("#")
    return path, anchor


def require_no_errors(runbook: Runbook) -> Runbook:
    """Return the page if it can be run; raises Refused."""
    errors = [problem for problem in runbook.problems if problem.severity == Severity.ERROR]
    if errors:
        raise Refused(format_problems(errors, runbook.path, runbook.text))
    return runbook


def _read_file(path: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise Refused(f"cannot read `{path}`: {reason(error)}") from None


def _read_inputs(path: str | None) -> RunbookSettings | None:
    if path is None:
        return None
    from ..document.front_matter.reader import read_inputs_file  # with PyYAML

    try:
        text = _read_file(path).decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(f"{path}: expected text in UTF-8") from None
    settings, problems = read_inputs_file(text, path)
    if problems:
        raise Refused(format_problems(problems, path, text))
    return settings


def print_problems(runbook: Runbook) -> None:
    """Print the problems of a page."""
    if runbook.problems:
        print(format_problems(runbook.problems, runbook.path, runbook.text), file=sys.stderr)


def format_problems(problems: Sequence[Problem], path: str, text: str) -> str:
    """Return the problems of a page as text, each with its line."""
    from ..diagnostics.excerpt import format_problem  # most pages have no problems

    return "\n".join(format_problem(problem, path, text) for problem in problems)
