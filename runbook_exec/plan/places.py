"""Finds where each statement runs: in the shell of the procedure, or in one that an earlier one opens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..document.console import find_inner_prompt
from ..document.placeholders import replace_placeholders
from ..light_classes import NamedTuple
from ..shells.inner.detector import (
    InnerKind,
    InnerShell,
    can_follow,
    find_inner_shell,
    is_exit,
    leaves_shell,
    may_open_shell,
)
from ..shells.inner.place_names import name_place
from ..shells.registry import SHELLS
from ..shells.simple_command import SimpleCommand
from ..text.lazy_pattern import LazyPattern
from .model import ItemId, Opener, Places, PlanItem, StatementWarning

# programs that open a shell in a container or another machine, where they are seldom themselves
_OUTSIDE = frozenset(("kubectl", "oc", "docker", "podman", "nerdctl", "docker-machine", "machinectl", "lxc"))

# words of a statement that may open a shell several times, or not at all
_CONTROL = LazyPattern(
    r"(?:^|[\s;(])(?:for|while|until|if|case|switch|function|begin)[\s(]|\(\s*\)\s*\{|&&|\|\|"
)

_PRIVATE = 0xE000  # the first character that stands for nothing: each placeholder becomes a word of one

_EXIT = LazyPattern(r"\s*(?:exit|logout)\s*$")

_LEAD = LazyPattern(r"\s*cd\s+[^&|;\n]+&&\s*(?=[^&|;\n]*$)")  # `cd DIRECTORY && ssh HOST` opens one for sure


class _OpenedShell(NamedTuple):
    """A shell or prompt that a statement has opened, and that no later statement has left."""

    item: PlanItem
    inner: InnerShell
    opener: str  # the program that has opened it
    is_followed: bool  # whether statements run inside
    is_alone: bool  # whether the statement is the last of its block
    is_left_later: bool  # whether a later statement of the step is an `exit`
    is_doubtful: bool = False  # whether the page does not show if it was left
    is_unused: bool = False  # whether its step has ended, and no statement of it runs inside

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


def find_places(items: Iterable[PlanItem], shell: str) -> Places:
    """Return where the items of a procedure that runs in `shell` run, and what is not clear about that.

    A shell counts to the end of its block, or of its step if the statement that opens it is alone in its
    block. A shell in place of this one counts to the end. The first statement of the next step has a note.
    Each later step has a question if no statement runs in the shell.
    """
    return _PlaceFinder(shell).find(tuple(items))


class _PlaceFinder:
    """Walks through the items of a procedure, and keeps the shells that are open."""

    def __init__(self, shell: str) -> None:
        self._shell = shell
        self._exits: list[ItemId] = []  # statements that leave a shell
        self._opened: list[_OpenedShell] = []
        self._inside: dict[ItemId, tuple[ItemId, ...]] = {}
        self._openers: dict[ItemId, Opener] = {}
        self._leaves: set[ItemId] = set()
        self._typed: dict[ItemId, ItemId] = {}
        self._warnings: dict[ItemId, StatementWarning] = {}

    def find(self, items: Sequence[PlanItem]) -> Places:
        """Return the places of all items."""
        self._exits = [item.where for item in items if item.statement and _EXIT.match(item.statement.text)]
        left: _OpenedShell | None = None
        step = 0
        for item in items:
            if item.where.step != step:
                step = item.where.step
                left = self._leave_step(left)
                is_first = True
            if item.statement is None:
                continue
            if left is not None and is_first:
                self._warnings[item.where] = _warn_of_step(left) if left.is_unused else _note_left(left)
            is_first = False
            if left is not None and (not left.is_unused or item.where in self._exits):
                left = None
            self._place(item)
        opened = {opener for path in self._inside.values() for opener in path} | set(self._typed.values())
        openers = {where: each for where, each in self._openers.items() if where in opened}
        return Places(self._inside, openers, frozenset(self._leaves), self._typed, self._warnings)

    def _leave_step(self, before: _OpenedShell | None) -> _OpenedShell | None:
        """Leave the shells of a step, and return the last one that was still open, else `before`."""
        left = self._opened[-1] if self._opened else None
        self._opened = [each for each in self._opened if each.inner.kind is InnerKind.REPLACEMENT]
        if left is None or left.inner.kind is not InnerKind.SHELL:
            return before
        is_used = any(left.item.where in path for path in self._inside.values())
        return left._replace(is_unused=not is_used)

    def _place(self, item: PlanItem) -> None:
        """Find the place of one statement, and whether it opens or leaves a shell."""
        text = item.statement.text if item.statement else ""
        commands = _find_commands(item, self._shell) if self._opened or may_open_shell(text) else ()
        self._opened = [each for each in self._opened if not each.is_left_by(item, commands)]
        if item.first:
            self._doubt_others(item)
        readers = [each for each in self._opened if each.may_read(item)]
        if readers:
            reader = readers[-1]
            self._note_reader(item, readers)
            leaves = is_exit(commands) if reader.is_followed else leaves_shell(commands)
            if leaves:
                self._opened.remove(reader)
                return
        inner = find_inner_shell(commands)
        # what the page shows below the command is typed inside, and its next prompt is ours again
        if inner is not None and not find_inner_prompt((item.statement and item.statement.expected) or ""):
            self._open(item, inner, commands)

    def _doubt_others(self, item: PlanItem) -> None:
        """Mark the shells of earlier blocks of which it is not plain that this block is meant for them.

        Statements have run in them and none has left, or this block begins with the program that opens them.
        """
        program = _read_program(item)
        self._opened = [
            each._replace(is_doubtful=True)
            if each.item.where.block != item.where.block
            and not each.is_left_later
            and (not each.is_alone or program == _read_program(each.item))
            else each
            for each in self._opened
        ]

    def _note_reader(self, item: PlanItem, readers: Sequence[_OpenedShell]) -> None:
        reader = readers[-1]
        path = [each for each in readers if not each.is_doubtful]
        if not reader.is_doubtful and all(each.is_followed for each in path):
            self._inside[item.where] = tuple(each.item.where for each in path)
            if is_exit(_find_commands(item, self._shell)):
                self._leaves.add(item.where)
        elif reader.inner.kind is not InnerKind.REPLACEMENT and not reader.is_doubtful:
            self._typed[item.where] = reader.item.where
            self._warnings[item.where] = _warn_of_typing(reader)
        else:
            self._warnings[item.where] = _warn_of_place(reader)

    def _open(self, item: PlanItem, inner: InnerShell, commands: Sequence[SimpleCommand]) -> None:
        opener = [command for command in commands if command.start == inner.start]
        is_followed = can_follow(inner) and not _is_conditional(item)
        is_left = any(item.where < each and item.where.step == each.step for each in self._exits)
        program = _find_program(opener)
        self._opened.append(_OpenedShell(item, inner, program, is_followed, item.last, is_left))
        place = _name_opened_place(item, self._shell, inner.start)
        self._openers[item.where] = Opener(item, place, inner.program)


def name_shell(text: str, shell: str) -> str:
    """Return where the shell runs that a statement opens, such as `on web1`."""
    commands = SHELLS[shell].find_commands(text)
    inner = find_inner_shell(commands)
    return name_place(commands, inner.start) if inner else "in another shell"


def _name_opened_place(item: PlanItem, shell: str, start: int) -> str:
    """Return where the shell runs that the command at `start` opens, with placeholders as written."""
    text = item.statement.text if item.statement else ""
    words = [(chr(_PRIVATE + at) * len(each.text), each) for at, each in enumerate(item.placeholders)]
    for word, each in words:
        text = text[: each.start] + word + text[each.end :]
    place = name_place(SHELLS[shell].find_commands(text), start)
    for word, each in words:
        place = place.replace(word, each.text)
    return place


def describe_path(places: Iterable[str]) -> str:
    """Return the names of places, the outermost first, as one: `as root on web1`."""
    return " ".join(reversed(tuple(places)))


def _is_conditional(item: PlanItem) -> bool:
    """Return whether a statement opens a shell only under a condition, or several times."""
    text = item.statement.text if item.statement else ""
    return _CONTROL.search(_LEAD.sub("", text)) is not None


def _find_program(commands: Sequence[SimpleCommand]) -> str:
    """Return the program that the first command runs, without `sudo` and what it is about."""
    words = [word for command in commands for word in command.words]
    name = next((word for word in words if word != "sudo"), "")
    return "" if name == "oc" and "debug" in words else name


def _read_program(item: PlanItem) -> str:
    """Return the first word of a statement, without `sudo`."""
    words = item.statement.text.split() if item.statement else []
    return next((word for word in words if word != "sudo"), "")


def _alternative(item: PlanItem) -> int:
    return item.statement.alternative if item.statement else 0


def _find_commands(item: PlanItem, shell: str) -> Sequence[SimpleCommand]:
    statement = item.statement
    if statement is None or shell not in SHELLS:
        return ()
    return SHELLS[shell].find_commands(replace_placeholders(statement.text, statement.placeholders))


def _describe(opened: _OpenedShell) -> str:
    first = (opened.item.statement.text if opened.item.statement else "").split("\n")[0]
    return f"Line {opened.item.line} opens {opened.inner.description}: `{first}`."


def _note_left(opened: _OpenedShell) -> StatementWarning:
    return StatementWarning(
        f"{_describe(opened)} That shell is left first: this statement does not run inside it, but here.",
        advice="write `exit` where the shell is left",
    )


def _warn_of_step(opened: _OpenedShell) -> StatementWarning:
    return StatementWarning(
        f"{_describe(opened)} Nothing in its step runs there, so this step may be meant for it. It runs "
        "here, on this machine.",
        "Run it here?",
        "write `exit` where the shell is left, or run all of the page there with `--on HOST`",
    )


def _warn_of_typing(opened: _OpenedShell) -> StatementWarning:
    return StatementWarning(
        f"{_describe(opened)} This line is for that program. Type it there.",
        "Did you type it there?",
        "run the page in a terminal, or pass the lines as an argument (`psql -c 'LINES'`)",
    )


def _warn_of_place(opened: _OpenedShell) -> StatementWarning:
    if opened.inner.kind is InnerKind.REPLACEMENT:
        return StatementWarning(
            f"{_describe(opened)} This statement can run only if that command fails.",
            "Run it here, on this machine?",
            "leave that line out, or move what follows it to another runbook",
        )
    return StatementWarning(
        f"{_describe(opened)} Nothing leaves it, and this block may be meant for it. It runs here, on this "
        "machine.",
        "Run it here?",
        "write `exit` where the shell is left, or move what follows to a step of its own",
    )


def list_lines(places: Places, items: Mapping[ItemId, PlanItem], opener: ItemId) -> Iterator[str]:
    """Yield the texts that a person types into the program that a statement opens."""
    for where, each in places.typed.items():
        statement = items[where].statement if where in items else None
        if each == opener and statement is not None:
            yield statement.text
