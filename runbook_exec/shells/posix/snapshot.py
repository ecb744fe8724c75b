"""Takes snapshots of POSIX shells: their variables, functions, aliases, options and other settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from ...light_classes import NamedTuple
from ...text.lazy_pattern import LazyPattern
from ..base import Scan, SnapshotFormat
from ..snapshot import OWN_NAMES, TEXT

_SECTION = "\0"

_NAME_OF_DECLARED = LazyPattern(r"(?:declare|typeset|export|readonly)((?: -[\w-]+)*) (\w+)(?==|$)")

_NAME_OF_ASSIGNED = LazyPattern(r"(\w+)=")

_NAME_OF_FUNCTION = LazyPattern(r"([^\s()]+) ?\(\)")

_NAME_OF_ALIAS = LazyPattern(r"(?:alias )?(?:-[gs] )?([^=\s]+)=")

_NAME_OF_TRAP = LazyPattern(r"trap -- .*[ '](\w+)", re.DOTALL)

_OPTION = LazyPattern(r"set [-+]o ([\w-]+)")

# options that the driver of the shell sets itself; it reports those of the page
_OF_DRIVER = frozenset(("errexit", "xtrace", "verbose", "noerrexit", "noxtrace", "noverbose"))

_SHOPT = LazyPattern(r"shopt -[su] ([\w-]+)")

_LIMIT = LazyPattern(r"(?:.*\(|.*, |)-([a-zA-Z])[):].*?(\S+)")

# dash prints no letters
_LIMITS_OF_DASH = {
    "time": "t", "file": "f", "data": "d", "stack": "s", "coredump": "c", "memory": "m", "locked memory": "l",
    "process": "p", "nofiles": "n", "vmemory": "v", "locks": "w", "rtprio": "r",
}  # fmt: skip

_LIMIT_OF_DASH = LazyPattern(r"([a-z ]+?)(?:\(\w+\))? +(\S+)")

_SET = LazyPattern(rf"\s*(?:export +)?([A-Za-z_]\w*)={TEXT}?\s*")


# A printed definition of a variable, with the newline: words, and a value that is quoted as shells print it.
# A text that is not made of these alone is read with the grammar of the shell, which takes much longer.
_BARE = r"[\w./:@%+,=~^!*?\[\]\x80-\U0010ffff-]++"
_QUOTED = rf"""'[^']*+'|"(?>(?:[^"\\$`]|\\.)*)"|\$'(?>(?:[^'\\]|\\.)*)'|\\.|{_BARE}"""
_DEFINITION = LazyPattern(
    rf"((?>(?:[\w-]+ )*)\w+(?:=(?:\((?>(?:{_QUOTED}|[ \t])*)\)|(?>(?:{_QUOTED})*)))?)[ \t]*\n",
    re.DOTALL | re.ASCII,
)


# the standard descriptors are the terminal, unless a statement has redirected them
_FIND_REDIRECTED = (
    "__runbook_f=; [ -t 0 ] || __runbook_f=0; [ -t 1 ] || __runbook_f=${__runbook_f}1; "
    "[ -t 2 ] || __runbook_f=${__runbook_f}2"
)


_REMOVALS = {
    "function": "unset -f",
    "variable": "unset -v",
    "alias": "unalias",
    "trap": "trap -",
    "changed-option": "unsetopt",
}


class SnapshotSection(NamedTuple):
    """A command that prints all definitions of one kind, and a function that finds their names.

    The definitions are the statements in the output, or `by_line` its lines.
    """

    command: str
    kind: str
    find_name: Callable[[str], str]
    by_line: bool = False


def _find_declared(text: str) -> str:
    found = _NAME_OF_DECLARED.match(text)
    return found[2] if found else ""


def _find_with(pattern: LazyPattern[str]) -> Callable[[str], str]:
    def find(text: str) -> str:
        found = pattern.match(text)
        return found[1] if found else ""

    return find


def print_declared(command: str) -> SnapshotSection:
    """Return the section of a command that prints `declare -x a=b` and the like."""
    return SnapshotSection(command, "variable", _find_declared)


def print_assigned(command: str) -> SnapshotSection:
    """Return the section of a command that prints `a=b`."""
    return SnapshotSection(command, "variable", _find_with(_NAME_OF_ASSIGNED))


def print_readonly(command: str) -> SnapshotSection:
    """Return the section of a command that prints `readonly a=b` and nothing else of a variable."""
    return SnapshotSection(command, "readonly", _find_declared)


def print_functions(command: str) -> SnapshotSection:
    """Return the section of a command that prints `f () { …; }`."""
    return SnapshotSection(command, "function", _find_with(_NAME_OF_FUNCTION))


def print_aliases(command: str) -> SnapshotSection:
    """Return the section of a command that prints `alias a=b` or `a=b`."""
    return SnapshotSection(command, "alias", _find_with(_NAME_OF_ALIAS))


def print_traps(command: str) -> SnapshotSection:
    """Return the section of a command that prints `trap -- code SIGNAL`."""
    return SnapshotSection(command, "trap", lambda text: (_NAME_OF_TRAP.fullmatch(text) or ("", ""))[1])


def print_options() -> SnapshotSection:
    """Return the section of `set +o`."""

    def find_name(line: str) -> str:
        found = _OPTION.fullmatch(line)
        return found[1] if found and found[1] not in _OF_DRIVER else ""

    return SnapshotSection("set +o", "option", find_name, by_line=True)


def print_changed_options() -> SnapshotSection:
    """Return the section of the options of zsh that do not have their default."""

    def find_name(line: str) -> str:
        return line if line not in _OF_DRIVER else ""

    return SnapshotSection("setopt", "changed-option", find_name, by_line=True)


def print_shopt() -> SnapshotSection:
    """Return the section of the options that only bash has."""
    return SnapshotSection("shopt -p", "shopt", _find_with(_SHOPT), by_line=True)


def make_snapshot_format(
    scan: Callable[[str], Scan],
    sections: tuple[SnapshotSection, ...],
    redirect: str = ">",
    own_names: str = "",
    stack: Callable[[list[str]], str] | None = None,
    highest_descriptor: int = 9,
) -> SnapshotFormat:
    """Return the snapshot format of a shell with these sections.

    `redirect` must work with `noclobber`. `own_names` is the pattern of names that the shell sets by itself.
    `stack` returns the code that sets the directory stack of a shell that has one. The shell itself uses
    descriptors above the highest one.
    """
    own = LazyPattern(f"{OWN_NAMES}|{own_names}" if own_names else OWN_NAMES)
    printed = [section.command for section in sections]
    printed.append("printf 'umask '; umask; ulimit -S -a; printf 'hard\\n'; ulimit -H -a")
    printed.append("dirs -l -p" if stack else ":")
    commands = "; printf '\\0'; ".join(printed)
    # the values of the positional parameters may contain anything but a NUL
    rest = 'printf \'\\0%s\' "{options}" "${!-}" "$__runbook_f" "$#" "$@"'
    cache: dict[int, tuple[str, dict[str, str]]] = {}

    def build_code(file: str, redefined: Iterable[str]) -> str:
        return f"{_FIND_REDIRECTED}\n{{ {commands}; {rest}; }} {redirect}'{file}' 2>/dev/null"

    def parse_section(index: int, text: str) -> Mapping[str, str]:
        if index not in cache or cache[index][0] != text:
            section = sections[index]
            lines = _parse_lines if section.by_line else _parse_statements
            found = {f"{section.kind} {name}": code for name, code in lines(section, text, scan, own)}
            cache[index] = text, found
        return cache[index][1]

    def parse(output: bytes) -> dict[str, str]:
        texts = output.decode("utf-8", "surrogateescape").split(_SECTION)
        found: dict[str, str] = {}
        for index, text in enumerate(texts[: len(sections)]):
            found.update(parse_section(index, text))
        limits, directories, *rest = texts[len(sections) :] or ("", "")
        found.update(_parse_limits(limits))
        if stack:
            found["stack directories"] = stack(directories.splitlines()[1:])
        found.update(_parse_rest(rest))
        return found

    return SnapshotFormat(
        build_code=build_code,
        parse=parse,
        find_callable_names=_find_callable_names,
        assignment=_SET,
        removals=_REMOVALS,
        highest_descriptor=highest_descriptor,
        lists_functions=any(section.kind == "function" for section in sections),
    )


def _parse_statements(
    section: SnapshotSection, text: str, scan: Callable[[str], Scan], own: LazyPattern[str]
) -> Iterator[tuple[str, str]]:
    """Yield the names of the definitions in a section, with the code of each."""
    codes = _split_definitions(text) if section.kind in ("variable", "readonly") else ()
    for code in codes or (text[start:end] for start, end in scan(text).statements):
        name = section.find_name(code)
        if name and not own.fullmatch(name):
            is_bare = section.kind == "alias" and not code.startswith("alias ")
            yield name, f"alias {code}" if is_bare else code


def _split_definitions(text: str) -> list[str]:
    """Return the definitions of variables in a text that has no other statements; none for any other text."""
    match, codes, at = _DEFINITION.match, [], 0
    while at < len(text):
        if (found := match(text, at)) is None:
            return []
        codes.append(found[1])
        at = found.end()
    return codes


def _parse_lines(
    section: SnapshotSection, text: str, scan: Callable[[str], Scan], own: LazyPattern[str]
) -> Iterator[tuple[str, str]]:
    """Yield the names of the definitions in a section of lines, with the code of each."""
    for line in text.splitlines():
        if name := section.find_name(line):
            yield name, f"setopt {line}" if section.kind == "changed-option" else line


def parse_limits(lines: Iterable[str], kind: str) -> Iterator[tuple[str, str]]:
    """Yield the code for each line of `ulimit -a`; `kind` is S for soft limits, and H for hard ones."""
    for line in lines:
        if found := _LIMIT.fullmatch(line.rstrip()):
            letter, value = found.groups()
        elif found := _LIMIT_OF_DASH.fullmatch(line.rstrip()):
            letter, value = _LIMITS_OF_DASH.get(found[1], ""), found[2]
        else:
            continue
        if letter and letter not in "N":
            yield f"limit {kind}{letter}", f"ulimit -{kind} -{letter} {value}"


@lru_cache(maxsize=2)
def _parse_limits(text: str) -> Mapping[str, str]:
    """Return the code of the umask and of the limits."""
    first, _, limits = text.partition("\n")
    soft, _, hard = limits.partition("hard\n")
    found = {"setting umask": first} if first.startswith("umask ") else {}
    found.update(parse_limits(soft.splitlines(), "S"))
    found.update(parse_limits(hard.splitlines(), "H"))
    return found


def _parse_rest(rest: list[str]) -> dict[str, str]:
    """Return the code of the active options, of the last job, and of the positional parameters."""
    if len(rest) < 4 or not rest[3].isdigit():
        return {}
    options, job, redirected, count, *more = rest
    letters = {"e": "errexit", "x": "xtrace", "v": "verbose"}
    found = {
        f"option {name}": f"set {'-' if letter in options else '+'}o {name}"
        for letter, name in letters.items()
    }
    if job not in ("", "0"):
        found["job $!"] = job
    values = [quote_posix(value) for value in more[: int(count)]]
    for line in "".join(more[int(count) : int(count) + 1]).splitlines():
        number, _, target = line.partition(" ")
        found[f"descriptor {number}"] = target
    found |= {f"descriptor {number}": "redirected" for number in redirected}
    return {**found, "setting arguments": " ".join(("set --", *values))}


def quote_posix(text: str) -> str:
    """Return a word that a POSIX shell reads as this text."""
    return "'" + text.replace("'", "'\\''") + "'"


def push_directories(folders: list[str]) -> str:
    """Return the code that sets the directory stack of bash, below the working directory."""
    return "; ".join(("dirs -c", *(f"pushd -n {quote_posix(each)} >/dev/null" for each in reversed(folders))))


def assign_directories(folders: list[str]) -> str:
    """Return the code that sets the directory stack of zsh."""
    return f"dirstack=({' '.join(map(quote_posix, folders))})"


def _find_callable_names(output: bytes, held: Mapping[str, str]) -> frozenset[str]:
    """Return the names of functions and aliases."""
    kinds = (key.split(" ", 1) for key in held)
    return frozenset(name for kind, name in kinds if kind in ("function", "alias"))
