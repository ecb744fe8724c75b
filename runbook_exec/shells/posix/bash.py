"""Defines bash as a `Shell`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from ...system.memo import cache_scans
from ...text.lazy_pattern import LazyPattern
from ..base import Complaint, Filling, Piece, Scan, Shell
from ..evaluation import loader
from ..simple_command import SimpleCommand
from ..variables import VariableUse
from . import parser, quoting, syntax, variables
from .dialect import COMPOUNDS, Dialect
from .driver import BASH_DRIVER
from .parsed_script import ParsedScript
from .simple_commands import find_simple_commands
from .snapshot import (
    make_snapshot_format,
    print_aliases,
    print_declared,
    print_functions,
    print_options,
    print_shopt,
    print_traps,
    push_directories,
)

if TYPE_CHECKING:
    from ..evaluation.variables import VariableReading

DIALECT = Dialect(
    redirection=LazyPattern(r"(?:\d+|\{\w+\})?(<<<|<<-?|<>|<&|&>>?|>>|>&|>\||[<>])"),
    compounds=frozenset((*COMPOUNDS, "[[", "function", "select")),
    prefixes=("!", "time", "coproc"),
    prefixes_in_pipe=("coproc",),
    is_bash=True,
    is_extended=True,
    has_process_substitution=True,
    has_ansi_c_quotes=True,
    loses_marks=True,
    quotes_in_braces="always",
)


@cache_scans
def _scan(script: str) -> Scan:
    return parser.scan(script, DIALECT)


def _parse(script: str) -> ParsedScript:
    return parser.parse_script(script, DIALECT)


@cache_scans
def _find_commands(script: str) -> tuple[SimpleCommand, ...]:
    return find_simple_commands(script, DIALECT)


def _list_variables(text: str) -> VariableUse:
    return variables.list_variables(text, DIALECT)


_protect = partial(loader.protect_posix_values, name="bash", dialect=DIALECT)


def _fill(text: str, fillings: Sequence[Filling]) -> tuple[Piece, ...]:
    return quoting.fill(text, _protect(text, fillings), DIALECT)


def _find_readings(text: str) -> Sequence[VariableReading]:
    return loader.find_posix_readings(text, "bash", DIALECT)


def _check(scripts: Sequence[str]) -> list[Complaint | None]:
    # -n does not run the `shopt -s extglob` that the lines after it need, in this block or a later one
    extended = ("-O", "extglob") if any("extglob" in script for script in scripts) else ()
    alone = ["\0" in script or _scan(script).problem is not None for script in scripts]
    return syntax.check(("bash", *extended, "-n"), scripts, alone)


# BASH_REMATCH is the result of a statement
_OWN_NAMES = (
    r"BASH(?:_(?!REMATCH|ENV)\w+|OPTS|PID)?|DIRSTACK|EPOCH(?:REALTIME|SECONDS)|EUID|FUNCNAME|GROUPS|PIPESTATUS"
    r"|HIST(?:CMD|FILE|FILESIZE|SIZE|CONTROL|IGNORE|TIMEFORMAT)|SHELLOPTS|SRANDOM|UID|PROMPT_COMMAND|PS0"
    r"|COMP_\w+|MAILCHECK|TMOUT"
)

SHELL = Shell(
    name="bash",
    install_hint="`apt install bash` or `brew install bash`",
    scan=_scan,
    protect=_protect,
    fill=_fill,
    find_commands=_find_commands,
    check=_check,
    list_variables=_list_variables,
    driver=BASH_DRIVER,
    snapshot=make_snapshot_format(
        _scan,
        (
            print_declared("declare -p"),
            print_functions("declare -f"),
            print_aliases("alias -p"),
            print_options(),
            print_shopt(),
            # the driver takes the trap on DEBUG away between two statements
            print_traps("trap -p; printf '%s\\n' \"${__runbook_d-}\""),
        ),
        own_names=_OWN_NAMES,
        stack=push_directories,
        highest_descriptor=249,
    ),
    list_unknown=("-c", 'for n; do type -t -- "$n" >/dev/null || printf "%s\\n" "$n"; done', "bash"),
    highlight_as="bash",
    find_readings=_find_readings,
    parse=_parse,
    pattern_option=("extglob", "shopt -s extglob"),
)
