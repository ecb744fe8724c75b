"""Finds what an operator must know before a statement runs, such as a shell that was opened before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ..document.placeholders import replace_placeholders
from ..shells.inner.detector import InnerKind, InnerShell, find_inner_shell, leaves_shell, may_open_shell
from ..shells.registry import SHELLS
from ..shells.simple_command import SimpleCommand
from .model import ItemId, PlanItem, StatementWarning


class _OpenedShell(NamedTuple):
    """A shell or prompt that a statement has opened, and that no later statement has left."""

    item: PlanItem
    inner: InnerShell

    def may_read(self, item: PlanItem) -> bool:
        """Return whether the item may be meant for this shell: it is in no other alternative."""
        ours, theirs = _alternative(self.item), _alternative(item)
        return not (self.item.where.block == item.where.block and ours and theirs and ours != theirs)


def _alternative(item: PlanItem) -> int:
    return item.statement.alternative if item.statement else 0


def find_warnings(items: Iterable[PlanItem], shell: str) -> Mapping[ItemId, tuple[StatementWarning, ...]]:
    """Return the warnings about the items of a procedure that runs in `shell`, by item."""
    found: dict[ItemId, tuple[StatementWarning, ...]] = {}
    opened: list[_OpenedShell] = []
    step = 0
    for item in items:
        if item.where.step != step:
            step, opened = item.where.step, []
        if item.statement is None:
            continue
        commands = _find_commands(item, shell) if opened or may_open_shell(item.statement.text) else ()
        readers = [each for each in opened if each.may_read(item)]
        if readers:
            found[item.where] = (_warn_of_place(readers[-1]),)
            if leaves_shell(commands):
                opened.remove(readers[-1])
                continue
        inner = find_inner_shell(commands)
        if inner is not None:
            opened.append(_OpenedShell(item, inner))
    return found


def _find_commands(item: PlanItem, shell: str) -> Sequence[SimpleCommand]:
    statement = item.statement
    if statement is None or shell not in SHELLS:
        return ()
    return SHELLS[shell].find_commands(replace_placeholders(statement.text, statement.placeholders))


def _warn_of_place(opened: _OpenedShell) -> StatementWarning:
    first = (opened.item.statement.text if opened.item.statement else "").split("\n")[0]
    where = f"Line {opened.item.line} opens {opened.inner.description}: `{first}`."
    if opened.inner.kind is InnerKind.REPLACEMENT:
        return StatementWarning(
            f"{where} This statement can run only if that command fails.",
            "Run it here, on this machine?",
            "leave that line out, or move what follows it to another runbook",
        )
    return StatementWarning(
        f"{where} This statement does not run inside it, but here, on this machine.",
        "Run it here?",
        "pass the commands as an argument (`ssh HOST 'COMMANDS'`, `sh -c 'COMMANDS'`), move what runs here "
        "to a step of its own, or run the page in a terminal",
    )
