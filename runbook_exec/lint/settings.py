"""What a project says of the linter: `runbook-exec.toml` or a table of `pyproject.toml`, nearest first."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ..text.durations import positive_duration
from ..text.suggest import did_you_mean
from .selection import Selection, Settings

# the files of a folder, of which the first counts, and where in each our table is
_FILES: Mapping[str, Sequence[str]] = {"runbook-exec.toml": (), "pyproject.toml": ("tool", "runbook-exec")}

_LINT = "lint"  # a table in ours that holds the same keys

_TYPES = ("text", "date", "list", "number", "true-or-false", "any")


class BadSettings(Exception):
    """A settings file or a code that is refused; the message is whole and names the file."""


@dataclass(frozen=True, slots=True)
class File:
    """A settings file, read; `folder` is what the patterns of `per_file` are relative to."""

    folder: Path
    only: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    no: tuple[str, ...] = ()
    per_file: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    codes: tuple[tuple[str, str], ...] = ()  # all of them, each after where it stands


def settings_for(paths: Iterable[str], given: Selection | None = None) -> dict[str, Settings]:
    """The settings of each page by its path, with what the command line says laid over them.

    Standard input, `-`, has those of the working directory. Codes are not looked at: that needs the rules.
    Raises BadSettings.
    """
    over = given or Selection()
    nearest = _Nearest()
    found: dict[str, Settings] = {}
    shared: dict[str, Settings] = {}
    for path in paths:
        folder, _ = os.path.split(os.path.abspath("./-" if path == "-" else path))  # noqa: PTH100
        if folder not in shared:
            file = nearest.to(folder)
            made = _settings(file, path, over)
            if file.per_file:
                found[path] = made
                continue
            shared[folder] = made
        found[path] = shared[folder]
    return found


class _Nearest:
    """Finds the settings file nearest to a folder, reading each file once."""

    def __init__(self) -> None:
        self._known: dict[str, File | None] = {}

    def to(self, folder: str) -> File:
        """The nearest settings, or none at all; raises BadSettings."""
        if folder not in self._known:
            own = next(filter(None, (self._in(Path(folder), name) for name in _FILES)), None)
            above, _ = os.path.split(folder)
            self._known[folder] = own or (self.to(above) if above != folder else None)
        return self._known[folder] or File(Path(folder))

    def _in(self, folder: Path, name: str) -> File | None:
        path = folder / name
        return _read(path, tuple(_FILES[name])) if path.is_file() else None


def _settings(file: File, path: str, over: Selection) -> Settings:
    no = [*(file.no if not over.only else ()), *over.no]
    if file.per_file and path != "-":
        inside = _below(file.folder, Path(path))
        for pattern, codes in file.per_file.items():
            if inside and fnmatchcase(inside, pattern):
                no += codes
    selection = Selection(
        only=tuple(over.only) or file.only,
        more=(*(file.more if not over.only else ()), *over.more),
        no=tuple(no),
    )
    said = (("", code) for codes in (over.only, over.more, over.no) for code in codes)
    return Settings(selection, file.options, (*file.codes, *said))


def _below(folder: Path, path: Path) -> str:
    """The path as seen from the folder, with `/`; empty where it is not below it."""
    try:
        return Path(os.path.abspath(path)).relative_to(folder).as_posix()  # noqa: PTH100
    except ValueError:
        return ""


def _read(path: Path, keys: tuple[str, ...]) -> File | None:
    """The settings in a file; None where it says nothing of this program. Raises BadSettings."""
    try:
        table: Any = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSettings(f"{path}: cannot be read: {error}") from None
    for key in keys:
        table = table.get(key) if isinstance(table, dict) else None
    if table is None:
        return None
    given: dict[str, Any] = {}
    said: list[tuple[str, str]] = []
    ours = _values(table, path, keys)
    for where, values in ((keys, ours), ((*keys, _LINT), _values(ours.pop(_LINT, {}), path, (*keys, _LINT)))):
        for key, value in values.items():
            if key in given:
                raise BadSettings(
                    f"{_place(path, where)}: `{key}` stands outside this table, too; keep one of them"
                )
            given[key] = _value(key, value, _place(path, where))
            said += ((f"{_place(path, where)}: `{key}`: ", code) for code in _codes(key, given[key]))
    return File(
        path.parent,
        given.pop("select", ()),
        given.pop("extend-select", ()),
        given.pop("ignore", ()),
        given.pop("per-file-ignores", {}),
        given,
        tuple(said),
    )


def _codes(key: str, value: Any) -> Iterable[str]:
    if key not in _SELECTING:
        return ()
    return (code for codes in value.values() for code in codes) if isinstance(value, dict) else value


def _values(table: object, path: Path, keys: Sequence[str]) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise BadSettings(f"{_place(path, keys)}: expected a table, got {_kind(table)}")
    return dict(table)


def _value(key: str, value: object, where: str) -> Any:
    reader = _SELECTING.get(key) or _OPTIONS.get(key)
    if reader is None:
        raise BadSettings(f"{where}: unknown key `{key}`{did_you_mean(key, KEYS) or _known()}")
    try:
        return reader(value)
    except (ValueError, BadSettings) as error:
        raise BadSettings(f"{where}: `{key}`: {error}") from None


def _place(path: Path, keys: Sequence[str]) -> str:
    return f"{path}: {_name(keys)}" if keys else str(path)


def _name(keys: Sequence[str]) -> str:
    return f"[{'.'.join(keys)}]"


def _known() -> str:
    return f"; known are {', '.join(f'`{key}`' for key in KEYS)}"


def _kind(value: object) -> str:
    named = {str: "text", bool: "a truth value", list: "a list", dict: "a table"}
    return named.get(type(value), f"`{value}`")


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError(f"expected a list of texts, got {_kind(value)}")
    return tuple(value)


def _per_file(value: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise ValueError(f'expected a table such as {{"docs/*.md" = ["D501"]}}, got {_kind(value)}')
    return {pattern: _texts(codes) for pattern, codes in value.items()}


def _patterns(value: object) -> tuple[str, ...]:
    patterns = _texts(value)
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"`{pattern}` is no regular expression: {error}") from None
    return patterns


def _required(value: object) -> dict[str, str]:
    if isinstance(value, list):
        return dict.fromkeys(_texts(value), "any")
    if not isinstance(value, dict):
        raise ValueError(f"expected a list of keys, or a table of keys and types, got {_kind(value)}")
    for key, kind in value.items():
        if kind not in _TYPES:
            raise ValueError(f"`{key}`: expected one of {', '.join(f'`{each}`' for each in _TYPES)}")
    return dict(value)


def _duration(value: object) -> float:
    if not isinstance(value, str):
        raise ValueError(f"expected a duration such as `75d`, got {_kind(value)}")
    return positive_duration(value)


_Reader = Callable[[object], Any]

_SELECTING: Mapping[str, _Reader] = {
    "select": _texts,
    "extend-select": _texts,
    "ignore": _texts,
    "per-file-ignores": _per_file,
}

_OPTIONS: Mapping[str, _Reader] = {
    "required-front-matter": _required,
    "cadence": _duration,
    "destructive": _patterns,
    "known-links": _texts,
    "rehearsal-programs": _texts,
}

KEYS = (*_SELECTING, *_OPTIONS)
