"""Takes snapshots of POSIX shells: their variables, functions and aliases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from ...text.lazy_pattern import LazyPattern
from ..base import Scan, SnapshotFormat
from ..snapshot import TEXT, shell_own_names

_SECTION = "\0"

_NAME_OF_DECLARED = LazyPattern(r"(?:declare|typeset|export)((?: -[\w-]+)*) (\w+)(?==|$)")

_NAME_OF_ASSIGNED = LazyPattern(r"(\w+)=")

_NAME_OF_FUNCTION = LazyPattern(r"([^\s()]+) ?\(\)")

_NAME_OF_ALIAS = LazyPattern(r"(?:alias )?(?:-[gs] )?([^=\s]+)=")

_READ_ONLY = LazyPattern(r" -\w*r")

_SET = LazyPattern(rf"\s*(?:export +)?([A-Za-z_]\w*)={TEXT}?\s*")


class SnapshotSection(NamedTuple):
    """A command that prints all definitions of one kind, and a function that finds their names."""

    command: str
    kind: str
    find_name: Callable[[str], str]


def _find_declared(text: str) -> str:
    found = _NAME_OF_DECLARED.match(text)
    return found[2] if found and not _READ_ONLY.search(found[1]) else ""


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


def print_functions(command: str) -> SnapshotSection:
    """Return the section of a command that prints `f () { …; }`."""
    return SnapshotSection(command, "function", _find_with(_NAME_OF_FUNCTION))


def print_aliases(command: str) -> SnapshotSection:
    """Return the section of a command that prints `alias a=b` or `a=b`."""
    return SnapshotSection(command, "alias", _find_with(_NAME_OF_ALIAS))


def make_snapshot_format(
    scan: Callable[[str], Scan], sections: tuple[SnapshotSection, ...], redirect: str = ">"
) -> SnapshotFormat:
    """Return the snapshot format of a shell with these sections.

    `redirect` must work with `noclobber`.
    """
    commands = "; printf '\\0'; ".join(section.command for section in sections)

    def build_code(file: str, redefined: Iterable[str]) -> str:
        return f"{{ {commands}; }} {redirect}'{file}' 2>/dev/null"

    def parse(output: bytes) -> dict[str, str]:
        texts = output.decode("utf-8", "surrogateescape").split(_SECTION)
        found: dict[str, str] = {}
        for section, text in zip(sections, texts, strict=False):
            for name, code in _parse_section(section, text, scan):
                found[f"{section.kind} {name}"] = code
        return found

    return SnapshotFormat(
        build_code=build_code,
        parse=parse,
        find_callable_names=_find_callable_names,
        assignment=_SET,
        removals={"function": "unset -f", "variable": "unset -v", "alias": "unalias"},
    )


def _parse_section(
    section: SnapshotSection, text: str, scan: Callable[[str], Scan]
) -> Iterator[tuple[str, str]]:
    """Yield the names of the definitions in a section, with the code of each."""
    own = shell_own_names()
    for start, end in scan(text).statements:
        code = text[start:end]
        name = section.find_name(code)
        if name and not own.fullmatch(name):
            is_bare = section.kind == "alias" and not code.startswith("alias ")
            yield name, f"alias {code}" if is_bare else code


def _find_callable_names(output: bytes, held: Mapping[str, str]) -> frozenset[str]:
    """Return the names of functions and aliases."""
    kinds = (key.split(" ", 1) for key in held)
    return frozenset(name for kind, name in kinds if kind in ("function", "alias"))
