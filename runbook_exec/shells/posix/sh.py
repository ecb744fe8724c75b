"""Defines sh as a `Shell`."""

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
from .driver import SH_DRIVER
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

DIALECT = Dialect(
    redirection=LazyPattern(r"\d*(<<-?|<>|<&|>>|>&|>\||[<>])"),
    compounds=frozenset(COMPOUNDS),
    joins_end_lines=False,
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


_protect = partial(loader.protect_posix_values, name="sh", dialect=DIALECT)


def _fill(text: str, fillings: Sequence[Filling]) -> tuple[Piece, ...]:
    return quoting.fill(text, _protect(text, fillings), DIALECT)


def _find_readings(text: str) -> Sequence[VariableReading]:
    return loader.find_posix_readings(text, "sh", DIALECT)


def _check(scripts: Sequence[str]) -> list[Complaint | None]:
    # an unclosed here-document ends with the file in some shells, and would contain the scripts after it
    alone = ["\0" in script or "<<" in script or _scan(script).problem is not None for script in scripts]
    return syntax.check(("sh", "-n"), scripts, alone)


SHELL = Shell(
    name="sh",
    install_hint="any package that has a POSIX shell, such as `apt install dash`",
    scan=_scan,
    protect=_protect,
    fill=_fill,
    find_commands=_find_commands,
    check=_check,
    list_variables=_list_variables,
    driver=SH_DRIVER,
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
    list_unknown=("-c", 'for n; do command -v "$n" >/dev/null || printf "%s\\n" "$n"; done', "sh"),
    highlight_as="bash",
    find_readings=_find_readings,
    parse=_parse,
)
