"""The program: arguments in, exit status out. Nothing imports it."""

from __future__ import annotations

import argparse
import atexit
import gc
import os
import signal
import sys
from collections.abc import Sequence

from ..errors import Refused, reason
from .parser import parse_arguments

# What only some commands need is imported where they need it: `--version` and `--help` take long enough.
TYPE_CHECKING = False  # as in typing
if TYPE_CHECKING:
    from typing import NoReturn

    from ..document.model import Procedure, Runbook
    from ..plan.model import Plan
    from ..runner.resume import UnfinishedRun


_GARBAGE = 100_000  # objects between two looks for cycles, of which the linter makes hardly any


DONE, FAILED, REFUSED, WAITING, DUE, INTERRUPTED = 0, 1, 2, 3, 4, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    # nothing is left to be done for what goes with the process, and to look for it takes a tenth of the time
    atexit.register(gc.freeze)
    arguments = parse_arguments(sys.argv[1:] if argv is None else argv)
    for wanted in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(wanted) != signal.SIG_IGN:  # as `nohup` has it
            signal.signal(wanted, _end)
    for stream in (1, 2):
        try:
            os.set_blocking(stream, True)  # some that start us leave their pipes otherwise
        except OSError:  # it is closed, which is noticed where something is said
            continue
    try:
        commands = {
            "show": show,
            "lint": lint,
            "rehearse": rehearse,
            "resume": resume,
            "trust": trust,
            "runs": runs,
            "due": runs,
            "docs": docs,
        }
        return commands.get(arguments.command, run)(arguments)
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
        from .crash_report import write_crash_report

        print(write_crash_report(error, dict(os.environ)), file=sys.stderr)
        return FAILED


def _end(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


def show(arguments: argparse.Namespace) -> int:
    """Print the outline of a page, or the whole value."""
    from ..diagnostics.problem import Severity
    from ..runner.load import parse_address, print_problems, read_runbook
    from .printer import format_outline, to_json

    path, _ = parse_address(arguments.file)
    runbook = read_runbook(path, arguments)
    print(to_json(runbook) if arguments.json else "\n".join(format_outline(runbook)))
    print_problems(runbook)
    errors = [p for p in runbook.problems if p.severity == Severity.ERROR]
    return REFUSED if errors else DONE


def docs(arguments: argparse.Namespace) -> int:
    """Add what a documentation site lacks."""
    from ..site.init import init_site

    for line in init_site(arguments.file, dry_run=arguments.dry_run):
        print(line)
    return DONE


def lint(arguments: argparse.Namespace) -> int:
    """Print what is wrong with pages."""
    gc.set_threshold(_GARBAGE)
    from .commands.lint import LintOptions, NotRun
    from .commands.lint import run as run_lint

    asked = {name: value for name, value in vars(arguments).items() if name != "command"}
    try:
        outcome = run_lint(LintOptions(**asked))
    except NotRun as refused:
        raise Refused(str(refused)) from None
    return {"clean": DONE, "found": FAILED}.get(outcome, REFUSED)


def rehearse(arguments: argparse.Namespace) -> int:
    """Run runbooks with stand-ins, as their transcripts say."""
    from .commands.rehearse import NotRun, RehearseOptions
    from .commands.rehearse import run as run_rehearsals

    asked = {name: value for name, value in vars(arguments).items() if name != "command"}
    try:
        outcome = run_rehearsals(RehearseOptions(**asked))
    except NotRun as refused:
        raise Refused(str(refused)) from None
    return {"passed": DONE, "differs": FAILED}.get(outcome, REFUSED)


def runs(arguments: argparse.Namespace) -> int:
    """Look at the record of runs, or for runbooks that are due."""
    from ..journal.paths import state_folder
    from .commands.runs import NotDone, RunsEnvironment, RunsOptions
    from .commands.runs import run as look

    asked = {name: value for name, value in vars(arguments).items() if name != "command"}
    asked.setdefault("action", arguments.command)
    try:
        place = RunsEnvironment(state_folder(dict(os.environ)), _columns(), os.environ)
        outcome = look(RunsOptions(**asked), place)
    except NotDone as refused:
        raise Refused(str(refused)) from None
    return {"done": DONE, "damaged": FAILED, "due": DUE}.get(outcome, REFUSED)


def trust(arguments: argparse.Namespace) -> int:
    """Show the commands of pages, and trust them."""
    from .trust_gate import trust_pages as show_and_trust

    return DONE if show_and_trust(arguments, _is_attended(arguments)) == "done" else INTERRUPTED


def run(arguments: argparse.Namespace) -> int:
    """Run a procedure, or with --dry-run print what it would do."""
    gc.disable()  # all that is imported and read stays: looking for garbage in it takes a tenth of the time
    from pathlib import Path

    from ..runner.load import parse_address, print_problems, read_plan

    path, anchor = parse_address(arguments.file)
    if path == "-":
        raise Refused("expected a file: a run needs one that can be shown, edited and named in its journal")
    attended = _is_attended(arguments)
    if (
        not arguments.dry_run
        and Path(path).exists()
        and (past := _offer_unfinished(path, attended)) is not None
    ):
        return _resume_run(past, arguments, attended)
    plan = read_plan(
        path, anchor, arguments, _choose_procedure if attended and not arguments.dry_run else None
    )
    print_problems(plan.runbook)
    if arguments.dry_run:
        from .printer import format_dry_run

        print("\n".join(format_dry_run(plan)))
        return DONE
    return _run(plan, arguments, attended)


def resume(arguments: argparse.Namespace) -> int:
    """Take up a run that is not finished."""
    from ..journal.index import FINISHED, NoSuchRun, find_journal, find_unfinished, list_runs
    from ..journal.journal import JournalError
    from ..journal.paths import state_folder
    from ..runner.resume import read_unfinished

    folder = state_folder(dict(os.environ))
    try:
        entry = find_unfinished(folder) if arguments.run is None else None
        if arguments.run is None and entry is None:
            going = [each.run for each in list_runs(folder) if each.running]
            but = f", but {', '.join(going)} {'is' if len(going) == 1 else 'are'} going on" if going else ""
            raise Refused(f"no run is left unfinished{but}; `runbook-exec runs` lists those there were")
        past = read_unfinished(entry.path if entry else find_journal(folder, arguments.run))
    except (NoSuchRun, JournalError) as problem:
        raise Refused(str(problem)) from None
    if past.record.outcome == FINISHED:
        raise Refused(f"run {past.start_event.run} has succeeded; there is nothing left to do")
    if arguments.assume and arguments.assume[0] not in ("done", "again"):
        raise Refused(f"`--assume`: expected `done` or `again`, got `{arguments.assume[0]}`")
    return _resume_run(past, arguments, _is_attended(arguments))


def _is_attended(arguments: argparse.Namespace) -> bool:
    told = getattr(arguments, "no_input", False) or getattr(arguments, "json", False)
    return sys.stdin.isatty() and sys.stdout.isatty() and not told


def _offer_unfinished(path: str, attended: bool) -> UnfinishedRun | None:
    """The page's unfinished run, if the operator wants to take it up; without one, a word about it."""
    from pathlib import Path

    from ..journal.index import find_unfinished
    from ..journal.journal import JournalError
    from ..journal.paths import state_folder

    try:
        entry = find_unfinished(state_folder(dict(os.environ)), Path(path))
    except OSError:
        return None  # where no journal can be read, none can be written either, which the run will say
    if entry is None:
        return None
    if not attended:
        print(
            f"{path}: its last run is not finished; `runbook-exec resume {entry.run}` would take it up, "
            "this is a new one",
            file=sys.stderr,
        )
        return None
    from ..runner.resume import read_unfinished
    from ..terminal.interactive import confirm_resume

    try:
        past = read_unfinished(entry.path)
    except JournalError as problem:
        raise Refused(str(problem)) from None
    colour = not os.environ.get("NO_COLOR")
    return past if confirm_resume(past.record, _columns(), colour) else None


def _resume_run(past: UnfinishedRun, now: argparse.Namespace, attended: bool) -> int:
    """Go on with a run, with the options it was begun with and those that are given now."""
    from ..runner.load import read_plan
    from ..runner.resume import diff_commands

    started = past.start_event
    try:
        os.chdir(started.folder or ".")
    except OSError as error:
        raise Refused(
            f"the run was begun in `{started.folder}`, which cannot be entered: {reason(error)}"
        ) from None
    arguments = parse_arguments([started.path, *started.options])
    for name in ("yes", "no_input", "json", "set", "assume", "trust"):
        setattr(arguments, name, getattr(now, name))
    plan = read_plan(started.path, started.anchor, arguments)
    difference = diff_commands(past.record.plan, plan)
    if difference and not getattr(now, "accept_changes", False):
        print(
            "\n".join(["", f"  {started.path} has changed since:", "", *(f"  {line}" for line in difference)])
        )
        if not attended:
            print("`--accept-changes` goes on with the page as it is now", file=sys.stderr)
            return WAITING
        from ..terminal.interactive import confirm_action

        if not confirm_action("go on with the page as it is now", _columns()):
            return INTERRUPTED
    if difference:
        from .trust_gate import trust_changed_plan

        trust_changed_plan(past.record.plan, plan)
    return _run(plan, arguments, attended, past)


def _run(plan: Plan, arguments: argparse.Namespace, attended: bool, past: UnfinishedRun | None = None) -> int:
    from ..runner.load import read_plan
    from ..runner.run import run_plan
    from .trust_gate import check_trust, print_doubts

    gc.enable()
    print_doubts(plan.runbook.path)
    may = check_trust(plan, arguments, attended)
    if may != "yes":
        return WAITING if may == "waiting" else INTERRUPTED

    def replan() -> Plan | Sequence[str]:
        try:
            return read_plan(plan.runbook.path, plan.procedure.anchor, arguments)
        except Refused as refused:
            return str(refused).split("\n")

    outcome = run_plan(plan, arguments, attended, replan, past)
    return {"succeeded": DONE, "failed": FAILED, "waiting": WAITING, "refused": REFUSED}.get(
        outcome, INTERRUPTED
    )


def _choose_procedure(runbook: Runbook) -> Procedure:
    """The procedure that the operator picks; raises KeyboardInterrupt where none is."""
    from ..terminal.interactive import choose_procedure

    return choose_procedure(runbook, _columns(), not os.environ.get("NO_COLOR"))


def _columns() -> int:
    from shutil import get_terminal_size

    return get_terminal_size().columns
