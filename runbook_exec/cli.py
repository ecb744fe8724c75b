"""The program: arguments in, exit status out. Nothing imports it."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

from .arguments import parse_arguments

if TYPE_CHECKING:
    from .model import Problem, Procedure, Runbook, Settings
    from .plan import Plan

T = TypeVar("T")

DONE, FAILED, REFUSED, WAITING, INTERRUPTED = 0, 1, 2, 3, 130


class Refused(Exception):
    """The command line or the document is refused; the message is whole."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    arguments = parse_arguments(sys.argv[1:] if argv is None else argv)
    for wanted in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(wanted, _end)
    try:
        return {"show": show, "lint": lint}.get(arguments.command, run)(arguments)
    except Refused as refused:
        print(refused, file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # whoever read our output has gone; nothing more can be said, to anybody
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:  # noqa: BLE001 - whatever it is, the operator gets a sentence and not a traceback
        from .crash import report

        print(report(error, dict(os.environ)), file=sys.stderr)
        return FAILED


def _end(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


def show(arguments: argparse.Namespace) -> int:
    """Print the outline of a page, or the whole value."""
    from .listing import outline, to_json
    from .model import Severity

    path, _ = _path(arguments.file)
    runbook = _runbook(path, arguments)
    print(to_json(runbook) if arguments.json else "\n".join(outline(runbook)))
    _warn(runbook)
    errors = [p for p in runbook.problems if p.severity == Severity.ERROR]
    return REFUSED if errors else DONE


def lint(arguments: argparse.Namespace) -> int:
    """Print what is wrong with pages."""
    from .lint.program import Asked, NotRun
    from .lint.program import run as run_lint

    asked = {name: value for name, value in vars(arguments).items() if name != "command"}
    try:
        outcome = run_lint(Asked(**asked))
    except NotRun as refused:
        raise Refused(str(refused)) from None
    return {"clean": DONE, "found": FAILED}.get(outcome, REFUSED)


def run(arguments: argparse.Namespace) -> int:
    """Run a procedure, or with --dry-run print what it would do."""
    from .running import run_plan

    path, anchor = _path(arguments.file)
    if path == "-":
        raise Refused("expected a file: a run needs one that can be shown, edited and named in its journal")
    attended = sys.stdin.isatty() and sys.stdout.isatty() and not (arguments.no_input or arguments.json)
    plan = _plan(path, anchor, arguments, _menu if attended and not arguments.dry_run else None)
    _warn(plan.runbook)
    if arguments.dry_run:
        from .listing import dry_run

        print("\n".join(dry_run(plan)))
        return DONE

    def replan() -> Plan | Sequence[str]:
        try:
            return _plan(path, plan.procedure.anchor, arguments)
        except Refused as refused:
            return str(refused).split("\n")

    outcome = run_plan(plan, arguments, attended, replan)
    return {"succeeded": DONE, "failed": FAILED, "waiting": WAITING, "refused": REFUSED}.get(
        outcome, INTERRUPTED
    )


def _path(written: str) -> tuple[str, str | None]:
    """The path and the anchor of `FILE#anchor`; a file whose name holds a `#` is found too."""
    if written == "-" or Path(written).exists() or "#" not in written:
        return written, None
    path, _, anchor = written.rpartition("#")
    return path, anchor


def _runbook(path: str, arguments: argparse.Namespace) -> Runbook:
    from .parse import parse

    return parse(_read(path), path, _inputs(arguments.inputs), arguments.shell)


def _read(path: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise Refused(f"cannot read `{path}`: {reason}") from None


def _inputs(path: str | None) -> Settings | None:
    if path is None:
        return None
    from .front_matter import read_inputs_file

    try:
        text = _read(path).decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(f"{path}: expected text in UTF-8") from None
    settings, problems = read_inputs_file(text, path)
    if problems:
        raise Refused(_said(problems, path, text))
    return settings


def _menu(runbook: Runbook) -> Procedure:
    """The procedure that the operator picks; raises KeyboardInterrupt where none is."""
    from .person import choose_from

    return choose_from(runbook, shutil.get_terminal_size().columns, not os.environ.get("NO_COLOR"))


def _plan(
    path: str,
    anchor: str | None,
    arguments: argparse.Namespace,
    menu: Callable[[Runbook], Procedure] | None = None,
) -> Plan:
    from .annotation_values import positive_duration
    from .model import Problem, Severity
    from .plan import choose_procedure, make_plan
    from .sources import refused
    from .values import parse_capture, parse_set

    runbook = _runbook(path, arguments)
    errors = [problem for problem in runbook.problems if problem.severity == Severity.ERROR]
    if errors:
        raise Refused(_said(errors, path, runbook.text))
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


def _warn(runbook: Runbook) -> None:
    if runbook.problems:
        print(_said(runbook.problems, runbook.path, runbook.text), file=sys.stderr)


def _said(problems: Sequence[Problem], path: str, text: str) -> str:
    from .excerpts import explain

    return "\n".join(explain(problem, path, text) for problem in problems)
