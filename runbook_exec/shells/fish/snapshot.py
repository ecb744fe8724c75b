"""Takes snapshots of fish: its variables, functions, umask and limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from ...text.lazy_pattern import LazyPattern
from ..base import SnapshotFormat
from ..posix.snapshot import parse_limits
from ..snapshot import OWN_NAMES, TEXT
from .parser import scan

_SECTION = "\0"

_NAME = "\1"  # before the name of a list whose items follow, a line each

# To print a function that existed at the start would load it. The names are kept in a function, because all
# variables are printed; and one pattern of all names is faster than a search for each.
_KEEP_NAMES = (
    "if not functions -q __runbook_find_own; "
    "eval 'function __runbook_find_own; builtin string match -rv '(builtin string escape -- '^(?:__fish_.*|'("
    "builtin string escape --style=regex -- (functions -an) | builtin string join '|')')$')' -- $argv; end'; "
    "end; "
)

# The local variables of the prompt are printed too. `$history` of another history than the user's is empty;
# that of the user may have many thousand lines, and all of them would be printed.
_PRINT_ALL = (
    "begin; set -l fish_history ''; set -gxL; builtin printf '\\0'; set -guL; builtin printf '\\0'; set -lL; "
    "builtin printf '\\0'; "
    "for __runbook_name in (__runbook_find_own (functions -an)) $__runbook_redefined; "
    "functions -q $__runbook_name; and functions $__runbook_name; end; builtin printf '\\0'; "
    # `set` does not escape the quotes and backslashes within quotes, nor those in the items of a list
    "for __runbook_name in (set -L | builtin string replace -rf "
    "\"^(\\S+) (?:.*  |'.*'.*'|'.*\\\\\\\\).*\" '$1'); "
    "set -q $__runbook_name; and builtin printf '\\1%s\\n' $__runbook_name; "
    "and builtin string escape -- $$__runbook_name; end; "
    "builtin printf '\\0umask %s\\n' $umask; ulimit -S -a; builtin printf 'hard\\n'; ulimit -H -a; "
    "builtin printf '\\0%s' \"$last_pid\"; "
    "builtin printf '\\0'; functions -an; end >'{file}'"
)

_OWN = LazyPattern(
    rf"{OWN_NAMES}|__fish_\w+|status|pipestatus|history|hostname|version|euid|fish_pid|fish_kill\w*|fish_history"
    r"|fish_private_mode|status_generation|CMD_DURATION|FISH_\w+|umask|fish_bind_mode|last_pid"
)

_VARIABLE = LazyPattern(r"([^\s'\"\\]+)(.*)")

_DEFINES = LazyPattern(r"(?:^|[\s;(])(?:function|alias|functions\s+(?:-c|--copy)\s+\S+)\s+['\"]?([\w.:@+-]+)")

_FUNCTION = LazyPattern(r"(?:\s*#[^\n]*\n)*function ([^\n ]+)")

_SET = LazyPattern(rf"\s*set(?: +-[gxl]+)* +([A-Za-z_]\w*)(?: +{TEXT})*\s*")

_FLAGS = ("-gx", "-gu", "-l")  # of the variables in each section


def _build_code(file: str, redefined: Iterable[str]) -> str:
    """Return code that writes the variables and functions into a file.

    Functions that fish had at its start are included only if they were `redefined`.
    """
    updates = "".join(
        f"if not __runbook_find_own {name} >/dev/null; and not contains -- {name} $__runbook_redefined; "
        f"set -ga __runbook_redefined {name}; end; "
        for name in redefined
        if not name.startswith("__fish_")
    )
    return _KEEP_NAMES + updates + _PRINT_ALL.replace("{file}", file)


def _find_defined_functions(code: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_DEFINES.findall(code)))


def _find_callable_names(output: bytes, held: Mapping[str, str]) -> frozenset[str]:
    """Return the names of functions, including those that fish loads when they are called."""
    return frozenset(output.decode("utf-8", "surrogateescape").rpartition(_SECTION)[2].split())


def _parse(output: bytes) -> dict[str, str]:
    sections = output.decode("utf-8", "surrogateescape").split(_SECTION)
    found: dict[str, str] = {}
    for flags, section in zip(_FLAGS, sections, strict=False):
        found.update(_parse_variables(flags, section))
    if len(sections) > 3:
        found.update(_parse_functions(sections[3]))
    for text in sections[4].split(_NAME)[1:] if len(sections) > 4 else ():
        name, *items = text.splitlines()
        if (key := f"variable {name}") in found:
            found[key] = f"{found[key].split(f' {name} ')[0]} {name} {' '.join(items)}"
    if len(sections) > 5:
        found.update(_parse_settings(sections[5]))
    if len(sections) > 6 and sections[6]:
        found["job $last_pid"] = sections[6]
    return found


@lru_cache(maxsize=1)
def _parse_settings(limits: str) -> Mapping[str, str]:
    """Return the code of the umask and of the limits."""
    first, _, rest = limits.partition("\n")
    soft, _, hard = rest.partition("hard\n")
    found = {"setting umask": first} if first.startswith("umask ") else {}
    found.update(parse_limits(soft.splitlines(), "S"))
    found.update(parse_limits(hard.splitlines(), "H"))
    return found


# of a section, most snapshots have what the one before had
@lru_cache(maxsize=len(_FLAGS))
def _parse_variables(flags: str, section: str) -> Mapping[str, str]:
    found = filter(None, map(_VARIABLE.fullmatch, section.splitlines()))
    named = ((each[1], each[0]) for each in found)
    return {f"variable {name}": f"set {flags} {line}" for name, line in named if not _OWN.fullmatch(name)}


@lru_cache(maxsize=1)
def _parse_functions(section: str) -> Mapping[str, str]:
    codes = [section[start:end] for start, end in scan(section).statements] if section else []
    named = ((found[1].strip("'\""), code) for code in codes if (found := _FUNCTION.match(code)))
    return {f"function {name}": code for name, code in named if not _OWN.fullmatch(name)}


FISH_SNAPSHOT = SnapshotFormat(
    build_code=_build_code,
    parse=_parse,
    find_callable_names=_find_callable_names,
    assignment=_SET,
    removals={"function": "functions -e", "variable": "set -e"},
    find_defined_functions=_find_defined_functions,
)
