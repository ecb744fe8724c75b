"""Gives the shells of a resumed run their earlier state, each on its host."""

from __future__ import annotations

from collections.abc import Callable, Generator

from ...plan.model import PlanItem
from ..dialog import Dialog
from ..events import Event
from ..loss_dialog import LossDialog
from ..ports import Resumption
from ..restoration import restore_status
from ..shell_io import ShellIO
from ..state import ItemStatus

RunAttempts = Callable[[PlanItem], Generator[Event]]


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
