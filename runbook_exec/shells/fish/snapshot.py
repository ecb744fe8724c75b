"""Takes snapshots of fish: its variables and functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ...text.lazy_pattern import LazyPattern
from ..base import SnapshotFormat
from ..snapshot import TEXT, shell_own_names
from .parser import scan

_SECTION = "\0"

# The local variables of the prompt are printed too.
_PRINT_ALL = (
    "begin; set -gxL; builtin printf '\\0'; set -guL; builtin printf '\\0'; set -lL; "
    "builtin printf '\\0'; "
    # to print a function that existed at the start would load it
    "set -q __runbook_functions; or set -g __runbook_functions (functions -n | string split ,); "
    "for __runbook_name in (functions -n | string split ,); "
    "contains -- $__runbook_name $__runbook_functions; or functions $__runbook_name; end; "
    # `set` shows the items of a list without escaping the quotes in them
    "builtin printf '\\0'; for __runbook_name in (set -n); "
    'set -q "$__runbook_name"[2]; and echo $__runbook_name (string escape -- $$__runbook_name); end; '
    "builtin printf '\\0'; functions -n | string split ,; end >'{file}'"
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
        f"if set -l __runbook_at (contains -i -- {name} $__runbook_functions); "
        "set -e __runbook_functions[$__runbook_at]; end; "
        for name in redefined
    )
    return updates + _PRINT_ALL.replace("{file}", file)


def _find_defined_functions(code: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_DEFINES.findall(code)))


def _find_callable_names(output: bytes, held: Mapping[str, str]) -> frozenset[str]:
    """Return the names of functions, including those that fish loads when they are called."""
    return frozenset(output.decode("utf-8", "surrogateescape").rpartition(_SECTION)[2].split())


def _parse(output: bytes) -> dict[str, str]:
    sections = output.decode("utf-8", "surrogateescape").split(_SECTION)
    found: dict[str, str] = {}
    own = shell_own_names()
    for flags, section in zip(_FLAGS, sections, strict=False):
        for name, code in _parse_variables(flags, section):
            if not own.fullmatch(name):
                found[f"variable {name}"] = code
    for name, code in _parse_functions(sections[3]) if len(sections) > 3 else ():
        if not own.fullmatch(name):
            found[f"function {name}"] = code
    for line in sections[4].splitlines() if len(sections) > 4 else ():
        name, _, items = line.partition(" ")
        if (key := f"variable {name}") in found:
            found[key] = f"{found[key].split(f' {name} ')[0]} {name} {items}"
    return found


def _parse_variables(flags: str, section: str) -> Iterator[tuple[str, str]]:
    for line in section.splitlines():
        if found := _VARIABLE.fullmatch(line):
            yield found[1], f"set {flags} {line}"


def _parse_functions(section: str) -> Iterator[tuple[str, str]]:
    for start, end in scan(section).statements:
        if found := _FUNCTION.match(section[start:end]):
            yield found[1].strip("'\""), section[start:end]


FISH_SNAPSHOT = SnapshotFormat(
    build_code=_build_code,
    parse=_parse,
    find_callable_names=_find_callable_names,
    assignment=_SET,
    removals={"function": "functions -e", "variable": "set -e"},
    find_defined_functions=_find_defined_functions,
)
