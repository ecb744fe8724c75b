"""Gives a resumed run the end of its last statement, and its shells their earlier state."""

from __future__ import annotations

from collections.abc import Callable, Generator

from ...plan.model import PlanItem
from ..dialog import Dialog
from ..events import Event, StatementFinished
from ..expectations import Printed, failure_of, is_judged_by_status
from ..loss_dialog import LossDialog
from ..ports import PastShell, Resumption
from ..questions import Choice, Doubt
from ..restoration import restore_status
from ..shell_history import make_digest
from ..shell_io import ShellIO
from ..state import ItemStatus

RunAttempts = Callable[[PlanItem], Generator[Event]]


def settle_doubt(dialog: Dialog, past: Resumption, item: PlanItem) -> Generator[Event, None, PlanItem | None]:
    """Find out how the statement ended that was running; return it if it has succeeded.

    Its session on another host may know. Otherwise the operator is asked.
    """
    plan, host = dialog.plan, dialog.plan.find_host(item)
    has_captures = any(where == item.where for where, _ in plan.captures)
    if host and is_judged_by_status(item.annotation) and not has_captures:
        done = dialog.context.find_end(host, past.started)
        if done is not None:
            problem = failure_of(item.annotation, item.last, done, Printed("", ""), plan.timeout)
            there = past.shells.get(host, PastShell())
            hides_cwd = there.shown_cwd != there.cwd
            yield dialog.log.make_event(
                StatementFinished,
                status=done.status,
                pipestatus=done.pipestatus,
                duration=0.0,
                cwd=there.shown_cwd,
                cwd_digest=make_digest(dialog.context.key, there.cwd) if hides_cwd else "",
                problem=problem,
                **dialog.shells.get(host).place_of(item),
            )
            return None if problem else item
    answer = yield from dialog.ask_operator(Doubt(item, dialog.shown_text(item), past.output), "doubt")
    return item if answer.choice == Choice.DONE else None


def restore_shells(
    dialog: Dialog, past: Resumption, unseen: PlanItem | None, run_attempts: RunAttempts
) -> Generator[Event]:
    """Restore the shell of this machine, and of each other host that the run has used.

    `unseen` is a statement that has happened, but whose end the program has not seen.
    """
    plan = dialog.plan
    for host in ("", *(host for host, each in past.shells.items() if host and each.is_used)):
        if host in plan.list_hosts():
            there = unseen if unseen is not None and plan.find_host(unseen) == host else None
            yield from _restore_shell(dialog, dialog.shells.get(host), there, run_attempts)


def _restore_shell(
    dialog: Dialog, io: ShellIO, unseen: PlanItem | None, run_attempts: RunAttempts
) -> Generator[Event]:
    """Give a shell its earlier state, and run the statements again that set it up."""
    losses = LossDialog(dialog, io, unseen)
    plan, done = dialog.plan, dialog.log.state.done
    setups = [
        item
        for item in plan.items
        if item.annotation.setup
        and item.statement
        and done.get(item.where) == ItemStatus.OK
        and plan.find_host(item) == io.host
        and dialog.runs_here(item)
    ]
    yield from losses.ask(setups)
    for item in setups:
        yield from dialog.fill_placeholders(item)
        yield from run_attempts(item)
    if setups:
        yield from losses.ask()
    elif io.started:
        restore_status(io.session, io.past)
