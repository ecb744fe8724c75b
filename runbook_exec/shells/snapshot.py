"""Compares snapshots of a shell: variables, functions and aliases, each as code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from ..text.lazy_pattern import LazyPattern
from .base import Filling, Shell
from .quoting import Context

_SHELL_OWN = (
    r"__runbook_\w*|BASH\w*|DIRSTACK|EPOCH\w*|EUID|FUNCNAME|GROUPS|HIST\w*|LINENO|OLDPWD|OPT(?:ARG|IND)|PIPESTATUS"
    r"|PPID|PWD|RANDOM|SECONDS|SHELLOPTS|SHLVL|SRANDOM|UID|_|COLUMNS|LINES|PS[124]|PROMPT_COMMAND|TTY\w*|status"
    r"|pipestatus|history|argv|hostname|version|fish_pid|fish_kill\w*|fish_history|fish_private_mode"
    r"|status_generation|CMD_DURATION|FISH_\w+|umask|fish_bind_mode|ZSH_\w+|argv0|\?|\!|#|\$|\*|-|@|0"
    r"|funcstack|functrace|parameters|jobtexts|jobdirs|jobstates|commands|functions|dirstack|userdirs|nameddirs"
    r"|historywords|errnos|sysparams|mapfile|keymaps|widgets|options|modules|builtins|aliases|reswords|patchars"
    r"|\w*_(?:chars|files|source|trace)|dis_\w+|galiases|saliases|usergroups|langinfo|termcap|terminfo|key"
)


@cache
def shell_own_names() -> re.Pattern[str]:
    """Return the pattern of names that a shell sets by itself; compiled for the first snapshot only."""
    return re.compile(_SHELL_OWN)


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


def build_restore_code(shell: Shell, change: StateChange) -> str:
    """Return code that applies a change to a shell that still has its earlier state."""
    lines = [_build_removal_code(shell, *key.split(" ", 1)) for key in change.gone]
    return "\n".join((*lines, *change.made.values()))


@dataclass(slots=True)
class ShellState:
    """Tracks the state of a shell, with as few snapshots as possible."""

    shell: Shell
    snapshot: bytes = b""
    definitions: Mapping[str, str] = field(default_factory=dict)
    names: frozenset[str] = frozenset()

    def update(self, output: bytes) -> StateChange:
        """Take a new snapshot, and return the difference to the last one.

        An empty snapshot is ignored.
        """
        if output in (b"", self.snapshot):
            return StateChange({}, ())
        now = self.shell.snapshot.parse(output)
        found = diff_snapshots(self.definitions, now)
        self.snapshot, self.definitions = output, now
        self.names = self.shell.snapshot.find_callable_names(output, now)
        return found

    def has_variable(self, name: str) -> bool:
        """Return whether a variable is set; True if the shell has never reported its variables."""
        if not self.snapshot or f"variable {name}" in self.definitions:
            return True
        # the names that a shell sets by itself, and constants, are in the text of the snapshot only
        line = rb"(?m)(?:^|\0)(?:[a-z]+(?: -[-\w]+)* (?:\w+ )?)?%b(?:[= ]|$)" % re.escape(name.encode())
        return re.search(line, self.snapshot) is not None

    def update_after(self, code: str, take_snapshot: Callable[[Iterable[str]], bytes]) -> StateChange:
        """Return how a statement changed the shell.

        Takes a snapshot only if the text of the statement does not show the change.
        """
        if changes_nothing(code, self.names):
            return StateChange({}, ())
        if assignment := self.shell.snapshot.assignment.fullmatch(code):
            made = {f"variable {assignment[1]}": code.strip()}
            self.definitions = {**self.definitions, **made}
            return StateChange(made, ())
        return self.update(take_snapshot(self.shell.snapshot.find_defined_functions(code)))

    def build_restore_code(self, change: StateChange) -> str:
        """Return code that applies a change to a shell with this state."""
        return build_restore_code(
            self.shell, StateChange(change.made, tuple(k for k in change.gone if k in self.definitions))
        )


def _build_removal_code(shell: Shell, kind: str, name: str) -> str:
    word = "".join(piece.text for piece in shell.fill("<x>", [Filling(0, 3, Context.BARE, name)]))
    return f"{shell.snapshot.removals[kind]} {word}"


def changes_nothing(code: str, known: Iterable[str]) -> bool:
    """Return whether a statement certainly changes nothing.

    Only one plain program with its arguments certainly changes nothing. `known` are the names of functions
    and aliases, any of which may do anything.
    """
    found = _PLAIN.fullmatch(code)
    if found is None:
        return False
    name = found[1]
    return name in _HARMLESS or (name not in _BUILTINS and name not in known and "=" not in name)


# a fixed text in an assignment, in any shell
TEXT = r"(?:[\w./:@%+,-]+|'[^'\\]*')"

_PLAIN = LazyPattern(
    r"\s*(?:command +)?([\w./+-]+)(?:[ \t]+(?:[^\s'\"\\$`(){}\[\];&|<>*?~#!]+|'[^'\\]*'))*\s*"
)

_HARMLESS = frozenset(("echo", "printf", "test", "true", "false", "pwd", "sleep"))

# fmt: off
_BUILTINS = frozenset((
    "alias", "and", "abbr", "argparse", "autoload", "begin", "bg", "bind", "block", "break", "builtin",
    "case", "cd", "command", "continue", "coproc", "declare", "dirs", "disown", "do", "done", "elif",
    "else", "emulate", "enable", "end", "esac", "eval", "exec", "exit", "export", "fg", "fi",
    "fish_add_path", "float", "for", "function", "functions", "getopts", "hash", "if", "integer", "jobs",
    "let", "local", "mapfile", "not", "or", "popd", "pushd", "random", "read", "readarray", "readonly",
    "return", "select", "set", "setopt", "shift", "shopt", "source", "status", "string", "switch", "tabs",
    "then", "time", "times", "trap", "type", "typeset", "ulimit", "umask", "unalias", "unset", "unsetopt",
    "until", "vared", "wait", "while", "zle", "zmodload", "math", ".", ":", "!",
))

# fmt: on
