"""Compares snapshots of a shell: its variables, functions, aliases, options and other settings, as code."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping

from ..light_classes import NamedTuple, dataclass, field
from ..text.lazy_pattern import LazyPattern
from .base import Filling, Shell
from .quoting import Context
from .small_programs import list_plain_commands

# names that a shell of ours sets by itself; each shell adds its own
OWN_NAMES = r"__runbook_\w*|PWD|SHLVL|LINENO|RANDOM|SECONDS|PPID|LINES|COLUMNS|PS[1-4]|_"

# What a new shell cannot be given, by kind: the state of processes that are gone.
UNRESTORABLE = frozenset(("descriptor", "job"))

# The order in which kinds are restored; `errexit` and the traps would act on the rest.
_LATE = ("readonly", "limit", "option", "changed-option", "shopt", "trap")

# what acts on every command, or on the end of the shell
_ACTIVE = LazyPattern(r"set -o (?:errexit|xtrace|verbose|noexec|keyword)|trap ")


@dataclass(frozen=True, slots=True)
class StateChange:
    """The difference of two snapshots.

    It has the code of new definitions by key, and the keys of removed ones.
    """

    made: Mapping[str, str]
    gone: tuple[str, ...]

    def __bool__(self) -> bool:
        """Return whether the snapshots differ."""
        return bool(self.made or self.gone)


def diff_snapshots(before: Mapping[str, str], now: Mapping[str, str]) -> StateChange:
    """Return the definitions that are new, changed or removed."""
    made = {key: code for key, code in now.items() if before.get(key) != code}
    return StateChange(made, tuple(key for key in before if key not in now))


class RestoreCode(NamedTuple):
    """Code that gives a shell the state of another; each part is one statement, "" if it is not needed."""

    passive: str
    active: str  # options and traps that act on other commands, or on the end of the shell


def build_restore_code(shell: Shell, change: StateChange) -> RestoreCode:
    """Return the code that applies a change to a shell that still has its earlier state."""
    lines = [_build_removal_code(shell, *key.split(" ", 1)) for key in change.gone]
    made = sorted(change.made.items(), key=lambda each: _find_rank(each[0]))
    codes = [code for key, code in made if key.split(" ", 1)[0] not in UNRESTORABLE]
    early = [code for code in codes if not is_active(code)]
    active = [code for code in codes if is_active(code)]
    return RestoreCode("\n".join((*lines, *early)), "\n".join(active))


def is_active(code: str) -> bool:
    """Return whether a definition acts on other commands, or on the end of the shell."""
    return _ACTIVE.match(code) is not None


def _find_rank(key: str) -> int:
    kind = key.split(" ", 1)[0]
    return _LATE.index(kind) + 1 if kind in _LATE else 0


@dataclass(slots=True)
class ShellState:
    """Tracks the state of a shell, with as few snapshots as possible."""

    shell: Shell
    snapshot: bytes = b""
    definitions: Mapping[str, str] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    _is_ahead: bool = False  # whether the definitions have more than the snapshot
    _is_behind: bool = False  # whether a snapshot is missing, so the definitions may be out of date

    def update(self, output: bytes) -> StateChange:
        """Take a new snapshot, and return the difference to the last one.

        An empty snapshot is ignored.
        """
        self._is_behind = output == b""
        if self._is_behind or (output == self.snapshot and not self._is_ahead):
            return StateChange({}, ())
        now = self.shell.snapshot.parse(output)
        if not self.shell.snapshot.lists_functions:
            now |= {key: code for key, code in self.definitions.items() if key.startswith("function ")}
        found = diff_snapshots(self.definitions, now)
        self.snapshot, self.definitions, self._is_ahead = output, now, False
        self.names = self.shell.snapshot.find_callable_names(output, now)
        return found

    def has_variable(self, name: str) -> bool:
        """Return whether a variable is set; True if the shell has never reported its variables."""
        if not self.snapshot or f"variable {name}" in self.definitions:
            return True
        # the names that a shell sets by itself are in the text of the snapshot only
        line = rb"(?m)(?:^|\0)(?:[a-z]+(?: -[-\w]+)* (?:\w+ )?)?%b(?:[= ]|$)" % re.escape(name.encode())
        return re.search(line, self.snapshot) is not None

    def update_after(self, code: str, take_snapshot: Callable[[Iterable[str]], bytes]) -> StateChange:
        """Return how a statement changed the shell.

        Takes a snapshot only if the text of the statement does not show the change.
        """
        if changes_nothing(code, self.names):
            return StateChange({}, ())
        made = self._read_assignment(code) or self._read_function(code)
        if made:
            self.definitions, self._is_ahead = {**self.definitions, **made}, True
            self.names |= {key.partition(" ")[2] for key in made if key.startswith("function ")}
            return StateChange(made, ())
        return self.update(take_snapshot(self.shell.snapshot.find_defined_functions(code)))

    def _read_assignment(self, code: str) -> dict[str, str]:
        """Return the definition in a statement that sets a variable, if the text shows all of it.

        It does if the variable did not exist before, or if it was set by the same words.
        """
        found = self.shell.snapshot.assignment.fullmatch(code)
        if found is None:
            return {}
        if self.has_variable(found[1]) and not self._was_set_alike(found):
            return {}  # it may keep attributes that the text does not show
        exports = self.definitions.get("option allexport", "").startswith("set -o")
        return {} if exports else {f"variable {found[1]}": code.strip()}

    def _was_set_alike(self, assignment: re.Match[str]) -> bool:
        """Return whether the present value of a variable comes from a statement that differs only in that."""
        name, words = assignment[1], assignment[0][: assignment.end(1) - assignment.start()].strip()
        if self._is_behind or f"readonly {name}" in self.definitions:
            return False
        now = self.shell.snapshot.assignment.fullmatch(self.definitions.get(f"variable {name}", ""))
        return now is not None and now[0][: now.end(1)] == words

    def _read_function(self, code: str) -> dict[str, str]:
        """Return the definition in a statement that only defines a function, if the shell lists none."""
        if self.shell.snapshot.lists_functions:
            return {}
        found = _FUNCTION.match(code)
        return {f"function {found[1]}": code} if found and not self.shell.find_commands(code) else {}

    def build_restore_code(self, change: StateChange) -> RestoreCode:
        """Return the code that applies a change to a shell with this state."""
        made = {key: code for key, code in change.made.items() if self.definitions.get(key) != code}
        gone = [key for key in change.gone if key in self.definitions]
        gone += [key for key, code in made.items() if self._has_other_type(key, code)]
        return build_restore_code(self.shell, StateChange(made, tuple(gone)))

    def _has_other_type(self, key: str, code: str) -> bool:
        """Return whether a variable has another type, which a new value of it would keep."""
        kind, name = key.split(" ", 1)
        now = self.definitions.get(key)
        return kind == "variable" and now is not None and now.split(name)[0] != code.split(name)[0]

    def remember_functions(self, change: StateChange) -> None:
        """Note the functions that were restored in a shell that cannot list them."""
        if not self.shell.snapshot.lists_functions:
            made = {key: code for key, code in change.made.items() if key.startswith("function ")}
            self.definitions = {**self.definitions, **made}
            self.names |= {key.partition(" ")[2] for key in made}

    def holds(self, key: str, code: str) -> bool:
        """Return whether the shell has a definition."""
        now = self.definitions.get(key)
        return now == code or (now is not None and self.shell.snapshot.assignment.fullmatch(code) is not None)


def is_exported(code: str) -> bool:
    """Return whether the code of a variable makes it a variable of programs, too."""
    return _EXPORTED.match(code) is not None


def _build_removal_code(shell: Shell, kind: str, name: str) -> str:
    word = "".join(piece.text for piece in shell.fill("<x>", [Filling(0, 3, Context.BARE, name)]))
    return f"{shell.snapshot.removals.get(kind, ':')} {word}"


def changes_nothing(code: str, known: Collection[str]) -> bool:
    """Return whether a statement certainly changes nothing.

    Only plain programs with their arguments certainly change nothing. `known` are the names of functions and
    aliases, any of which may do anything.
    """
    names = list_plain_commands(code)
    if "printf" in names and _SETS_VARIABLE.search(code):
        return False
    return bool(names) and all(
        name in _HARMLESS or (name not in BUILTINS and name not in known) for name in names
    )


# a fixed text in an assignment, in any shell
TEXT = r"(?:[\w./:@%+,-]+|'[^'\\]*')"

_FUNCTION = LazyPattern(r"\s*([A-Za-z_]\w*)[ \t]*\([ \t]*\)")

_EXPORTED = LazyPattern(r"export |(?:declare|typeset|set) -\w*x")

_SETS_VARIABLE = LazyPattern(r"printf[ \t]+-\w*v")

_HARMLESS = frozenset(("echo", "printf", "test", "true", "false", "pwd", "sleep"))

# fmt: off
BUILTINS = frozenset((
    "alias", "and", "abbr", "argparse", "autoload", "begin", "bg", "bind", "block", "break", "builtin",
    "case", "cd", "command", "continue", "coproc", "declare", "dirs", "disable", "disown", "do", "done",
    "elif", "else", "emulate", "enable", "end", "esac", "eval", "exec", "exit", "export", "fg", "fi",
    "fish_add_path", "float", "for", "function", "functions", "getopts", "hash", "if", "integer", "jobs",
    "let", "limit", "local", "mapfile", "not", "or", "popd", "pushd", "random", "read", "readarray",
    "readonly", "return", "select", "set", "setopt", "shift", "shopt", "source", "status", "string",
    "switch", "tabs", "then", "time", "times", "trap", "type", "typeset", "ulimit", "umask", "unalias",
    "unlimit", "unset", "unsetopt", "until", "vared", "wait", "while", "zle", "zmodload", "math", ".", ":",
    "!",
))

# fmt: on
