"""Shows commands before they run unseen, once on each machine and after each change."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..diagnostics.problem import Problem, Severity
from ..document.model import Procedure, Runbook
from ..errors import Refused
from ..journal.paths import state_folder
from ..plan.builder import choose_procedure
from ..plan.model import Plan
from ..runner.load import find_problems, parse_address, read_runbook, require_no_errors
from ..runner.lock_file import write_locks
from ..runner.options import RunOptions
from ..runner.trust import (
    Reliance,
    TrustState,
    find_doubts,
    read_trust,
    record_change,
    record_trust,
    revoke_trust,
)
from ..text.ansi import escape_unprintable_code
from ..text.display import wrap
from .operator import Operator
from .output import terminal_columns

_WHATEVER = Reliance(steps=True, default=True)  # so that every kind of run may rely on it


def print_doubts(path: str) -> None:
    """Print a warning if the page of a run is a symbolic link, or if others can change it."""
    for doubt in find_doubts(path):
        print(doubt, file=sys.stderr)


def check_trust(plan: Plan, options: RunOptions, operator: Operator | None) -> str:
    """Return "yes" if the plan may run, else "waiting" or "stopped".

    "waiting" means that a person must see the commands first; "stopped" means that a person refused. A guided
    run shows each statement before it runs, but not the commands of `cmd:` sources.
    """
    asks = any((known.source or "").startswith("cmd:") for known in plan.inputs.values())
    if options.is_trusted or not (options.yes or asks):
        return "yes"
    known, runs = _load_trust(plan.runbook, plan.procedure)
    if not (doubt := known.explain_doubt(_find_reliance(plan, names_steps=options.names_steps()))):
        return "yes"
    address = f"{plan.runbook.path}#{plan.procedure.anchor}"
    if operator and not options.trust:
        _show(known, address, doubt)
        if not operator.confirm_action("run all this"):
            return "stopped"
    elif not options.trust:
        if known.before and known.before.digest:
            print("\n".join(map(_show_line, known.lines_to_review())), file=sys.stderr)
        how = f"`runbook-exec trust {shlex.quote(address)}` shows them and trusts them, `--trust` does unseen"
        print(_show_line(f"{address}: {doubt}; {how}"), file=sys.stderr)
        return "waiting"
    record_trust(known, runs)
    return "yes"


def is_trusted(plan: Plan, options: RunOptions) -> bool:
    """Return whether the commands of a plan may run unseen."""
    known, _ = _load_trust(plan.runbook, plan.procedure)
    return not known.explain_doubt(_find_reliance(plan, names_steps=options.names_steps()))


def _find_reliance(plan: Plan, *, names_steps: bool) -> Reliance:
    return Reliance(names_steps, plan.runbook.named is None)


def trust_changed_plan(old: Plan | None, new: Plan) -> None:
    """Trust a changed page if it was trusted before, because the operator agreed to the change.

    The shown difference has only statements. If settings that decide what runs have changed too, they still
    have to be shown.
    """
    if old is not None:
        known, runs = _load_trust(new.runbook, new.procedure)
        record_change(_load_trust(old.runbook, old.procedure)[0], known, runs)


def trust_pages(
    files: Sequence[str],
    operator: Operator | None,
    *,
    inputs: str | None = None,
    shell: str | None = None,
    lock: bool = False,
    yes: bool = False,
) -> str:
    """Show the commands of pages and trust them, here or in lock files.

    Returns "yes"; "stopped" if the operator declines; or "waiting" without anybody who agrees: there is no
    operator, and `yes` is not given.
    """
    known = list(_load_pages(files, inputs, shell))
    for address, each, runs in known:
        print_doubts(address.rpartition("#")[0])
        if each.is_trusted_here():
            print(_show_line(f"{address}: trusted on this machine"))
            continue
        _show(each, address, each.explain_doubt(_WHATEVER) or "it is trusted, but not on this machine")
        if not yes and operator is None:
            continue
        if not yes and operator and not operator.confirm_action("trust these commands"):
            return "stopped"
        if not lock:
            record_trust(each, runs)
            print(_show_line(f"{address}: trusted on this machine"))
    if not yes and operator is None and not all(each.is_trusted_here() for _, each, _ in known):
        print("`--yes` trusts these commands without a terminal; nothing is trusted yet", file=sys.stderr)
        return "waiting"
    if lock:
        for path in write_locks([(each.document, each.anchor, each.digest) for _, each, _ in known]):
            print(_show_line(f"{os.path.relpath(path)}: written; it counts for others once it is committed"))
    return "yes"


def forget_pages(files: Sequence[str], inputs: str | None = None, shell: str | None = None) -> None:
    """Trust the commands of pages no longer on this machine."""
    for address, each, runs in list(_load_pages(files, inputs, shell)):
        was = revoke_trust(each, runs)
        print(_show_line(f"{address}: {'no longer trusted' if was else 'was not trusted'} on this machine"))


def _load_pages(
    files: Sequence[str], inputs: str | None, shell: str | None
) -> Iterator[tuple[str, TrustState, Path]]:
    for page, procedures in [_find_procedures(written, inputs, shell) for written in files]:
        for each in procedures:
            yield f"{page.path}#{each.anchor}", *_load_trust(page, each)


def _find_procedures(written: str, inputs: str | None, shell: str | None) -> tuple[Runbook, list[Procedure]]:
    path, anchor = parse_address(written)
    if path == "-":
        raise Refused("expected files: what is trusted has a place where it is found again")
    runbook = read_runbook(path, inputs, shell, anchor)
    if anchor is not None:
        procedure = choose_procedure(runbook, anchor)
        if isinstance(procedure, Problem):
            raise Refused(f"{path}: expected a procedure `#{anchor}`, found none")
        require_no_errors(runbook, procedure)
        return runbook, [procedure]
    found = [each for each in runbook.procedures if not _has_errors(runbook, each)]
    if not found:
        require_no_errors(runbook)
        raise Refused(f"{path}: expected a procedure, found none")
    return runbook, found


def _has_errors(runbook: Runbook, procedure: Procedure) -> bool:
    return any(each.severity == Severity.ERROR for each in find_problems(runbook, procedure))


def _load_trust(runbook: Runbook, procedure: Procedure) -> tuple[TrustState, Path]:
    runs = state_folder(dict(os.environ))
    return read_trust(runbook, procedure, runs, os.environ), runs


def _show(known: TrustState, address: str, doubt: str) -> None:
    width = terminal_columns()
    said = wrap(_show_line(f"{address}: {doubt}."), max(20, width - 4))
    print("\n".join(["", *(f"  {line}" for line in said), ""]))
    print("\n".join(f"    {_show_line(line)}".rstrip(" ") for line in known.lines_to_review()), flush=True)


def _show_line(line: str) -> str:
    """Return a line with its invisible characters written out, blanks at its end among them."""
    text = line.rstrip(" ")
    blanks = "\\x20" * (len(line) - len(text)) if text else ""
    return escape_unprintable_code(text.replace("\t", "    ").replace("\n", "\\n")) + blanks
