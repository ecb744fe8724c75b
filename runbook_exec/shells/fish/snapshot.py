"""Takes snapshots of fish: its variables, functions, umask and limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ...text.lazy_pattern import LazyPattern
from ..base import SnapshotFormat
from ..posix.snapshot import parse_limits
from ..snapshot import OWN_NAMES, TEXT
from .parser import scan

_SECTION = "\0"

# The local variables of the prompt are printed too.
_PRINT_ALL = (
    "begin; set -gxL; builtin printf '\\0'; set -guL; builtin printf '\\0'; set -lL; "
    "builtin printf '\\0'; "
    # to print a function that existed at the start would load it
    "set -q __runbook_functions; or set -g __runbook_functions (functions -an | string split ,); "
    # one pattern of all names is faster than a search for each
    "for __runbook_name in (functions -an | string split , | string match -rv "
    "'^(?:__fish_.*|'(string escape --style=regex -- $__runbook_functions | string join '|')')$'); "
    "functions $__runbook_name; end; "
    # `set` shows the items of a list without escaping the quotes in them
    "builtin printf '\\0'; for __runbook_name in (set -n); "
    'set -q "$__runbook_name"[2]; and echo $__runbook_name (string escape -- $$__runbook_name); end; '
    "builtin printf '\\0umask %s\\n' $umask; ulimit -S -a; builtin printf 'hard\\n'; ulimit -H -a; "
    "builtin printf '\\0%s' \"$last_pid\"; "
    "builtin printf '\\0'; functions -an | string split ,; end >'{file}'"
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
    for flags, section in zip(_FLAGS, sections, strict=False):
        for name, code in _parse_variables(flags, section):
            if not _OWN.fullmatch(name):
                found[f"variable {name}"] = code
    for name, code in _parse_functions(sections[3]) if len(sections) > 3 else ():
        if not _OWN.fullmatch(name):
            found[f"function {name}"] = code
    for line in sections[4].splitlines() if len(sections) > 4 else ():
        name, _, items = line.partition(" ")
        if (key := f"variable {name}") in found:
            found[key] = f"{found[key].split(f' {name} ')[0]} {name} {items}"
    if len(sections) > 6:
        found.update(_parse_settings(sections[5], sections[6]))
    return found


def _parse_settings(limits: str, job: str) -> Iterator[tuple[str, str]]:
    """Yield the code of the umask and of the limits, and the last job in the background."""
    first, _, rest = limits.partition("\n")
    soft, _, hard = rest.partition("hard\n")
    if first.startswith("umask "):
        yield "setting umask", first
    yield from parse_limits(soft.splitlines(), "S")
    yield from parse_limits(hard.splitlines(), "H")
    if job:
        yield "job $last_pid", job


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
