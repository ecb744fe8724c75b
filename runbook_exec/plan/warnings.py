"""Finds what an operator must know before a statement runs, such as a shell that was opened before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..document.console import find_inner_prompt
from ..document.model import Suspicion
from ..document.placeholders import replace_placeholders
from ..light_classes import NamedTuple
from ..shells.inner.detector import InnerKind, InnerShell, find_inner_shell, leaves_shell, may_open_shell
from ..shells.registry import SHELLS
from ..shells.simple_command import SimpleCommand
from .endless import warn_of_endless
from .model import ItemId, PlanItem, StatementWarning

# programs that open a shell in a container or another machine, where they are seldom themselves
_OUTSIDE = frozenset(("kubectl", "oc", "docker", "podman", "nerdctl", "docker-machine", "machinectl", "lxc"))


class _OpenedShell(NamedTuple):
    """A shell or prompt that a statement has opened, and that no later statement has left."""

    item: PlanItem
    inner: InnerShell
    opener: str  # the program that has opened it

    def may_read(self, item: PlanItem) -> bool:
        """Return whether the item may be meant for this shell: it is in no other alternative.

        What is meant for a program with a prompt is in the same block.
        """
        ours, theirs = _alternative(self.item), _alternative(item)
        if self.item.where.block != item.where.block:
            return self.inner.kind is not InnerKind.PROMPT
        return not (ours and theirs and ours != theirs)

    def is_left_by(self, item: PlanItem, commands: Sequence[SimpleCommand]) -> bool:
        """Return whether the item is plainly outside again: another block begins with the same program.

        In a shell on a node, as `oc debug` opens it, the program may be there too.
        """
        other = self.item.where.block != item.where.block
        return other and self.opener in _OUTSIDE and _find_program(commands[:1]) == self.opener


def _find_program(commands: Sequence[SimpleCommand]) -> str:
    """Return the program that the first command runs, without `sudo` and what it is about."""
    words = [word for command in commands for word in command.words]
    name = next((word for word in words if word != "sudo"), "")
    return "" if name == "oc" and "debug" in words else name


def _alternative(item: PlanItem) -> int:
    return item.statement.alternative if item.statement else 0


def find_warnings(
    items: Iterable[PlanItem], shell: str, *, is_root: bool = False
) -> Mapping[ItemId, tuple[StatementWarning, ...]]:
    """Return the warnings about the items of a procedure that runs in `shell`, by item.

    `is_root` is whether the run is root's.
    """
    items = tuple(items)
    found = {where: (warning,) for where, warning in find_places(items, shell).items()}
    endless = warn_of_endless(items, shell)
    for item in items:
        if item.statement is not None:
            own = (
                *_warn_of_user(item, is_root),
                *map(_warn_of_suspicion, item.statement.suspicions),
                *endless.get(item.where, ()),
            )
            if own:
                found[item.where] = (*found.get(item.where, ()), *own)
    return found


def _warn_of_user(item: PlanItem, is_root: bool) -> Iterator[StatementWarning]:
    block = item.block
    if block is None or not block.prompt:
        return
    if block.for_root and not is_root:
        yield StatementWarning(
            f"The page shows this at root's prompt (`{block.prompt}`). It runs as you, not as root.",
            "Run it as you?",
            "run the page as root, or write `sudo` before the command",
        )
    elif item.first:
        yield StatementWarning(f"The page shows this at the prompt `{block.prompt}`. It runs here, as you.")


def _warn_of_suspicion(suspicion: Suspicion) -> StatementWarning:
    message = f"Line {suspicion.span.line}: {suspicion.message}."
    return StatementWarning(message, "Run it as it is?" if suspicion.asks else "", suspicion.advice)


def find_places(items: Iterable[PlanItem], shell: str) -> Mapping[ItemId, StatementWarning]:
    """Return a warning for each statement that the page means for a shell that an earlier one opens.

    A shell counts to the end of its step, and one in place of this shell to the end. The first statement of
    the next step has a note.
    """
    found: dict[ItemId, StatementWarning] = {}
    opened: list[_OpenedShell] = []
    left: _OpenedShell | None = None
    step = 0
    for item in items:
        if item.where.step != step:
            step = item.where.step
            left = opened[-1] if opened and opened[-1].inner.kind is InnerKind.SHELL else None
            opened = [each for each in opened if each.inner.kind is InnerKind.REPLACEMENT]
        if item.statement is None:
            continue
        if left is not None:
            found[item.where] = _warn_of_place(left)._replace(question="", advice="")
            left = None
        commands = _find_commands(item, shell) if opened or may_open_shell(item.statement.text) else ()
        opened = [each for each in opened if not each.is_left_by(item, commands)]
        readers = [each for each in opened if each.may_read(item)]
        if readers:
            found[item.where] = _warn_of_place(readers[-1])
            if leaves_shell(commands):
                opened.remove(readers[-1])
                continue
        inner = find_inner_shell(commands)
        # what the page shows below the command is typed inside, and its next prompt is ours again
        if inner is not None and not find_inner_prompt(item.statement.expected or ""):
            opener = [command for command in commands if command.start == inner.start]
            opened.append(_OpenedShell(item, inner, _find_program(opener)))
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
