"""Defines BusyBox ash as a `Shell`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...system.memo import cache_scans
from ..base import Complaint, Filling, Piece, Scan, Shell
from ..evaluation import loader
from ..registry import find_command
from ..simple_command import SimpleCommand
from ..variables import VariableUse
from . import parser, quoting, syntax, variables
from .dialect import COMPOUNDS, Dialect
from .driver import SH_DRIVER, SH_GATE, make_start
from .parsed_script import ParsedScript
from .simple_commands import find_simple_commands
from .snapshot import (
    make_snapshot_format,
    print_aliases,
    print_assigned,
    print_declared,
    print_options,
    print_readonly,
    print_traps,
)

if TYPE_CHECKING:
    from ..evaluation.variables import VariableReading

# the grammar of BusyBox 1.35
DIALECT = Dialect(
    redirection=re.compile(r"(?:\d+(?=[<>]))?(<<-?|<>|<&|&>|>>|>&|>\||[<>])"),
    compounds=frozenset((*COMPOUNDS, "function")),
    has_process_substitution=True,
    has_ansi_c_quotes=True,
    test_is_command=True,
    joins_end_lines=False,
)

# Without a trap, ash leaves a loop of builtins right out of its signal handler. With glibc, as on Debian, it
# can then wait forever for a lock of its own output, at its own prompt too. A trap runs between two commands,
# and an error in it returns to the prompt. The gate reports the status that is set here.
_INTERRUPT = '__runbook_p=130; { : "${__runbook_unset?}"; } 2>/dev/null'


@cache_scans
def _scan(script: str) -> Scan:
    return parser.scan(script, DIALECT)


def _parse(script: str) -> ParsedScript:
    return parser.parse_script(script, DIALECT)


def _find_commands(script: str) -> tuple[SimpleCommand, ...]:
    return find_simple_commands(script, DIALECT)


def _list_variables(text: str) -> VariableUse:
    return variables.list_variables(text, DIALECT)


def _fill(text: str, fillings: Sequence[Filling]) -> tuple[Piece, ...]:
    return quoting.fill(text, loader.protect_posix_values(text, fillings, "ash", DIALECT), DIALECT)


def _find_readings(text: str) -> Sequence[VariableReading]:
    return loader.find_posix_readings(text, "ash", DIALECT)


def _check(scripts: Sequence[str]) -> list[Complaint | None]:
    # an unclosed here-document ends with the file in some shells, and would contain the scripts after it
    alone = ["\0" in script or "<<" in script or _scan(script).problem is not None for script in scripts]
    command = find_command("ash")
    if command is None:
        raise FileNotFoundError("ash is not installed")
    return syntax.check((*command, "-n"), scripts, alone)


SHELL = Shell(
    name="ash",
    install_hint="`apk add busybox` or `apt install busybox`",
    scan=_scan,
    fill=_fill,
    find_commands=_find_commands,
    check=_check,
    list_variables=_list_variables,
    driver=SH_DRIVER._replace(
        # it prints a banner on its standard output before it reads anything
        is_muted=True,
        start=make_start(f"exec >&2; trap '{_INTERRUPT}' INT; set -m; PS1= PS2=\n", SH_GATE),
        read_line="command printf 'ash> '; IFS= read -r __runbook_line",
    ),
    snapshot=make_snapshot_format(
        _scan,
        (
            print_assigned("set"),
            print_declared("export -p"),
            print_readonly("readonly -p"),
            print_aliases("alias"),
            print_options(),
            print_traps("trap"),
        ),
        own_names="HIST(?:FILE|SIZE)|FUNCNAME|EPOCH\\w*",
    ),
    list_unknown=("-c", 'for n; do command -v "$n" >/dev/null || printf "%s\\n" "$n"; done', "ash"),
    highlight_as="bash",
    find_readings=_find_readings,
    parse=_parse,
)
