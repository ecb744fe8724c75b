"""Finds the variables that a statement needs, and those that it may set."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..light_classes import NamedTuple
from ..text.lazy_pattern import LazyPattern


class VariableUse(NamedTuple):
    """The variables of one statement.

    `needed` are expanded as they are, in order, and are not set before in the statement. `mentioned` are all
    words in it that may be the name of a variable that it sets. A statement that `sets_unknown` variables
    runs a file, an `eval`, or a program that sets up the shell. `commands` are words that may be commands.
    """

    needed: tuple[str, ...] = ()
    mentioned: frozenset[str] = frozenset()
    sets_unknown: bool = False
    moves: bool = False  # it changes the folder, where a hook of the shell may set variables
    commands: frozenset[str] = frozenset()


# the names that some shell sets by itself, and those of variables that every shell has
_SET_NAMES = frozenset(
    (
        "DIRSTACK", "EUID", "FUNCNAME", "GROUPS", "LINENO", "OLDPWD", "PIPESTATUS", "PPID", "PWD", "RANDOM",
        "SECONDS", "SHELLOPTS", "SHLVL", "SRANDOM", "UID", "_", "COLUMNS", "LINES", "PROMPT_COMMAND",
        "status", "pipestatus", "history", "argv", "hostname", "version", "fish_pid", "fish_history",
        "fish_private_mode", "status_generation", "CMD_DURATION", "umask", "fish_bind_mode", "argv0", "0",
        "?", "!", "#", "$", "*", "-", "@", "funcstack", "functrace", "parameters", "jobtexts", "jobdirs",
        "jobstates", "commands", "functions", "dirstack", "userdirs", "nameddirs", "historywords", "errnos",
        "sysparams", "mapfile", "keymaps", "widgets", "options", "modules", "builtins", "aliases",
        "reswords", "patchars", "galiases", "saliases", "usergroups", "langinfo", "termcap", "terminfo",
        "key", "HOME", "PATH", "USER", "LOGNAME", "SHELL", "TERM", "IFS", "LANG", "HOSTNAME", "HOSTTYPE",
        "OSTYPE", "MACHTYPE", "NULLCMD", "REPLY", "CURRENT", "sudo", "last_pid", "FISH",
    )
)  # fmt: skip

# also variables that pages use without a value: `$SUDO`, `$EXTRA_ARGS`
_SET_FORMS = LazyPattern(
    r"__runbook_\w*|BASH\w*|EPOCH\w*|HIST\w*|OPT(?:ARG|IND)|PS[124]|TTY\w*|FISH_\w+|ZSH_\w+|dis_\w+"
    r"|\w*_(?:chars|files|source|trace)|LC_\w+|COMP_\w+|(?:__)?fish_\w*|_flag_\w+|(?:\w+_)?(?:args|flags|opts|options)"
    r"|(?:\w+_)?(?:ARGS|FLAGS|OPTS|OPTIONS|DEBUG|VERBOSE|TRACE|DRY_?RUN|SUDO)"
)

_MENTION = LazyPattern(r"(?<![\w$])(?<!\$\{)[A-Za-z_]\w*")

_COMMAND = (
    r"(?:^|[;&|({\n`]|\b(?:then|do|else|elif|begin|and|or|not|if|while)\b)[ \t]*(?>(?:\w+\+?=\S*[ \t]+)*)"
)

_BEFORE_ASSIGNMENT = r"(?:^|[;&|({\n`]|\b(?:then|do|else|begin|and|or)\b|\b\w+=\S*)"

_COMMANDS = LazyPattern(rf"{_COMMAND}([\w./+-]+|\.)", re.MULTILINE)

# commands after which any variable may be set
_SETS_UNKNOWN = frozenset(
    ("source", ".", "eval", "direnv", "mise", "conda", "mamba", "micromamba", "nvm", "module", "workon",
     "dotenv", "asdf", "sdk", "rvm", "pyenv", "zmodload", "devbox", "nix-shell")
)  # fmt: skip

# commands after which a hook of the shell may set any
_MOVES = frozenset(("cd", "pushd", "popd", "z"))

_DECLARES = (
    r"for|select|foreach|read|mapfile|readarray|getopts|declare|typeset|local|export|readonly|integer|float|unset"
    r"|let|set|argparse|printf|vared|function|zparseopts"
)

# the value of one that is not set is checked here, or is only shown
_TESTS = LazyPattern(
    r"\[\[?[ \t][^\n;]*?[ \t]\]\]?|\btest[ \t][^;|&\n]*|\bcase[ \t]+\S+|\bswitch[ \t]+[^;\n]+"
)

_SHOWS = LazyPattern(r"\s*(?:echo|printf)\b[^|>;&]*")

_NAME = LazyPattern(r"[A-Za-z_]\w*")


def is_always_set(name: str) -> bool:
    """Return whether a variable is set by every shell, or is one that pages use without a value."""
    return name in _SET_NAMES or _SET_FORMS.fullmatch(name) is not None


def list_variable_use(text: str, bare: str, reads: Iterable[tuple[int, str]]) -> VariableUse:
    """Return the variables of a statement, from the names that it expands and their offsets.

    `bare` is the statement with its quoted text, here-documents and comments blanked.
    """
    commands = frozenset(_COMMANDS.findall(bare))
    unknown = not _SETS_UNKNOWN.isdisjoint(commands)
    moves = not _MOVES.isdisjoint(commands)
    mentioned = frozenset(_MENTION.findall(text))
    if unknown or _SHOWS.fullmatch(bare):
        return VariableUse((), mentioned, unknown, moves, commands)
    tested = {name for match in _TESTS.finditer(text) for name in _NAME.findall(match[0])}
    needed = [
        name
        for name in dict.fromkeys(name for _, name in reads)
        if name not in tested and not is_always_set(name) and not _is_set_in(text, name)
    ]
    return VariableUse(tuple(needed), mentioned, unknown, moves, commands)


def _is_set_in(text: str, name: str) -> bool:
    """Return whether a statement may set a variable that it uses."""
    if re.search(rf"(?<![\w$]){name}\b", text) is None:
        return False
    if re.search(rf"{_BEFORE_ASSIGNMENT}[ \t]*{name}\+?=", text, re.MULTILINE):
        return True
    declared = rf"\b(?:{_DECLARES})\b[^;&|\n]*?(?<![\w$]){name}(?!\w)"
    return (
        re.search(rf"{declared}|\(\([^)]*?(?<![\w$]){name}\b|\$\{{{name}:?=|\(\?<{name}>", text) is not None
    )
