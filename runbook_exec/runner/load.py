"""Reads a page and the settings that are laid over its own, or refuses it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from ..diagnostics.problem import Problem, Severity
from ..document.model import Procedure, Runbook, RunbookSettings
from ..document.parser import parse_runbook
from ..errors import Refused, reason
from ..system.regular_file import read_bounded, read_regular_file
from ..text.ansi import escape_unprintable


def read_runbook(
    path: str,
    inputs: str | None = None,
    shell: str | None = None,
    named: str | None = None,
    text: str | None = None,
) -> Runbook:
    """Return the page, read for `shell`, with the settings file `inputs` laid over its own.

    `named` is the anchor of a heading whose section is to be one of the procedures, or "" for the whole page.
    `text` is the path of a file that has the text of the page, if it is not the page's own. Raises Refused.
    """
    return parse_runbook(_read_file(path if text is None else text), path, _read_inputs(inputs), shell, named)


def parse_address(written: str) -> tuple[str, str | None]:
    """Return the path and the anchor of `FILE#anchor`; the anchor of `FILE#`, the whole page, is "".

    A file whose name contains a `#` is found too.
    """
    if written == "-" or Path(written).exists() or "#" not in written:
        return written, None
    path, _, anchor = written.rpartition("#")
    return path, anchor


def require_no_errors(runbook: Runbook, procedure: Procedure | None = None) -> None:
    """Raise Refused if a procedure of the page has an error.

    Without a procedure, errors count that concern all of them, or that leave the page without any.
    """
    errors = [problem for problem in find_problems(runbook, procedure) if problem.severity == Severity.ERROR]
    if errors:
        raise Refused(format_problems(errors, runbook.path, runbook.text))


def find_problems(runbook: Runbook, procedure: Procedure | None) -> list[Problem]:
    """Return the problems that concern a procedure of the page; if it is None, every one of them."""
    concerned = runbook.procedures if procedure is None else (procedure,)
    return [each for each in runbook.problems if all(one.has_problem(each) for one in concerned)]


def _read_file(path: str) -> bytes:
    try:
        if path == "-":
            return read_bounded(sys.stdin.buffer, "standard input")
        return read_regular_file(path, pipes=True)
    except IsADirectoryError as error:
        raise Refused(f"cannot read `{path}`: {reason(error)}{_suggest_page(path)}") from None
    except OSError as error:
        raise Refused(f"cannot read `{path}`: {reason(error)}") from None


def _suggest_page(folder: str) -> str:
    """Return a hint that names a page in a folder, or ""."""
    page = next(iter(sorted(Path(folder).glob("*.md"))), None)
    return (
        f"\n  name one page, such as `{page}`; `runbook-exec lint {folder}` checks all of them"
        if page
        else ""
    )


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


def print_notes(runbook: Runbook, procedure: Procedure) -> None:
    """Print the problems that concern a procedure of a page, and the sections that it leaves out."""
    problems = [each for each in find_problems(runbook, procedure) if each.code != "not-a-step"]
    if problems:
        print(format_problems(problems, runbook.path, runbook.text), file=sys.stderr)
    for each in procedure.left_out:
        place = f"{runbook.path}:{each.span.line}"
        how = f"it runs only if you name it, as `{runbook.path}#{each.anchor}`"
        print(escape_unprintable(f"{place}: section `{each.title}` is left out: {how}"), file=sys.stderr)


def format_problems(problems: Sequence[Problem], path: str, text: str) -> str:
    """Return the problems of a page as text, each with its line."""
    from ..diagnostics.excerpt import format_problem  # most pages have no problems

    return "\n".join(format_problem(problem, path, text) for problem in problems)
