"""Defines zsh as a `Shell`."""

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
from .driver import ZSH_DRIVER
from .parsed_script import ParsedScript
from .simple_commands import find_simple_commands
from .snapshot import (
    assign_directories,
    make_snapshot_format,
    print_aliases,
    print_changed_options,
    print_declared,
    print_functions,
    print_traps,
)

if TYPE_CHECKING:
    from ..evaluation.variables import VariableReading

DIALECT = Dialect(
    redirection=LazyPattern(r"(?:\d+|\{\w+\})?(<<<|<<-?|<>|<&|(?:&>>?|>>|>&|>)[|!]?|<)"),
    compounds=frozenset((*COMPOUNDS, "[[", "function", "select", "foreach", "repeat")),
    prefixes=("!", "time", "coproc"),
    prefixes_in_pipe=("time",),
    is_zsh=True,
    is_extended=True,
    has_process_substitution=True,
    has_ansi_c_quotes=True,
    quotes_in_braces="never",
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


_protect = partial(loader.protect_posix_values, name="zsh", dialect=DIALECT)


def _fill(text: str, fillings: Sequence[Filling]) -> tuple[Piece, ...]:
    return quoting.fill(text, _protect(text, fillings), DIALECT)


def _find_readings(text: str) -> Sequence[VariableReading]:
    return loader.find_posix_readings(text, "zsh", DIALECT)


def _check(scripts: Sequence[str]) -> list[Complaint | None]:
    # zsh ends a list at a `}` in any place, so a script could close the construct around it
    return syntax.check(("zsh", "-f", "-n"), scripts, [True] * len(scripts))


_OWN_NAMES = (
    r"funcstack|functrace|func(?:file|source)trace|parameters|jobtexts|jobdirs|jobstates|commands|functions"
    r"|dirstack|userdirs|nameddirs|history|historywords|errnos|sysparams|mapfile|keymaps|widgets|options|modules"
    r"|builtins|aliases|reswords|patchars|dis_\w+|galiases|saliases|(?:functions|parameters)_source|usergroups"
    r"|langinfo|termcap|terminfo|status|pipestatus|argv|argv0|zsh_\w+|ZSH_\w+|HIST\w*|histchars|TTY\w*|EPOCH\w*"
    r"|epochtime|ERRNO|E?[GU]ID|USERNAME|PROMPT[234]?|RPROMPT2?|RPS[12]|SPROMPT|prompt|psvar|PSVAR|TMOUT|signals"
    r"|CPUTYPE|VENDOR|MACHTYPE|OSTYPE|LOGCHECK|KEYTIMEOUT|TIMEFMT|\?|!|#|\$|\*|-|@|0"
)

SHELL = Shell(
    name="zsh",
    install_hint="`apt install zsh` or `brew install zsh`",
    scan=_scan,
    protect=_protect,
    fill=_fill,
    find_commands=_find_commands,
    check=_check,
    list_variables=_list_variables,
    driver=ZSH_DRIVER,
    snapshot=make_snapshot_format(
        _scan,
        (
            print_declared("typeset -p"),
            print_functions("typeset -f"),
            print_aliases("alias -L"),
            print_changed_options(),
            print_traps("trap"),
        ),
        redirect=">|",
        own_names=_OWN_NAMES,
        stack=assign_directories,
    ),
    list_unknown=("-f", "-c", 'for n; do whence -- "$n" >/dev/null || print -r -- "$n"; done', "zsh"),
    highlight_as="bash",
    find_readings=_find_readings,
    parse=_parse,
)
