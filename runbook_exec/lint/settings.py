"""Settings of a project: `runbook-exec.toml` or a table of `pyproject.toml`, nearest first."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ..errors import Refused
from ..light_classes import dataclass, field
from ..system.regular_file import read_regular_file
from ..text.durations import positive_duration
from ..text.suggest import did_you_mean
from .inputs import STANDARD_INPUT, path_below
from .selection import LintSettings, Selection

# the settings files of a folder, of which the first counts, with the keys of our table in each
_FILES: Mapping[str, Sequence[str]] = {"runbook-exec.toml": (), "pyproject.toml": ("tool", "runbook-exec")}

_LINT = "lint"  # a table in ours that holds the same keys

_TYPES = ("text", "date", "list", "number", "true-or-false", "any")


class BadSettings(Refused):
    """A settings file that is refused; the message is complete and names the file."""


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """The content of a settings file; the patterns of `per_file` are relative to `folder`."""

    folder: Path
    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    codes: tuple[tuple[str, str], ...] = ()  # all codes, each after the place where it is written


def settings_for(paths: Iterable[str], given: Selection | None = None) -> dict[str, LintSettings]:
    """Return the settings of each page by its path.

    `given`, from the command line, takes precedence. Standard input, `-`, has the settings of the working
    directory. Codes are not checked here, because that needs the rules. Raises BadSettings if a settings file
    is refused.
    """
    over = given or Selection()
    nearest = _SettingsFinder()
    found: dict[str, LintSettings] = {}
    shared: dict[str, LintSettings] = {}
    for path in paths:
        folder, _ = os.path.split(os.path.abspath("./-" if path == STANDARD_INPUT else path))  # noqa: PTH100
        if folder not in shared:
            file = nearest.find(folder)
            made = _settings(file, path, over)
            if file.per_file:
                found[path] = made
                continue
            shared[folder] = made
        found[path] = shared[folder]
    return found


class _SettingsFinder:
    """Finds the settings file nearest to a folder, reading each file once."""

    def __init__(self) -> None:
        self._known: dict[str, SettingsFile | None] = {}

    def find(self, folder: str) -> SettingsFile:
        """Return the nearest settings, or empty ones; raises BadSettings if a file is refused."""
        if folder not in self._known:
            own = next(filter(None, (self._read_file(Path(folder), name) for name in _FILES)), None)
            above, _ = os.path.split(folder)
            self._known[folder] = own or (self.find(above) if above != folder else None)
        return self._known[folder] or SettingsFile(Path(folder))

    def _read_file(self, folder: Path, name: str) -> SettingsFile | None:
        path = folder / name
        return _read_settings(path, tuple(_FILES[name])) if path.is_file() else None


def _settings(file: SettingsFile, path: str, over: Selection) -> LintSettings:
    no = [*(file.ignore if not over.select else ()), *over.ignore]
    if file.per_file and path != STANDARD_INPUT:
        inside = path_below(os.path.join(file.folder, ""), path)  # noqa: PTH118
        for pattern, codes in file.per_file.items():
            if inside and fnmatchcase(inside, pattern):
                no += codes
    selection = Selection(
        select=tuple(over.select) or file.select,
        extend_select=(*(file.extend_select if not over.select else ()), *over.extend_select),
        ignore=tuple(no),
    )
    codes_with_places = (
        ("", code) for codes in (over.select, over.extend_select, over.ignore) for code in codes
    )
    return LintSettings(selection, file.options, (*file.codes, *codes_with_places))


def _read_settings(path: Path, keys: tuple[str, ...]) -> SettingsFile | None:
    """Return the settings in a file.

    Returns None if it has no table of ours. Raises BadSettings if it is refused.
    """
    try:
        table: Any = tomllib.loads(read_regular_file(path).decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadSettings(f"{path}: cannot be read: {error}") from None
    for key in keys:
        table = table.get(key) if isinstance(table, dict) else None
    if table is None:
        return None
    given: dict[str, Any] = {}
    codes_with_places: list[tuple[str, str]] = []
    ours = _values(table, path, keys)
    for where, values in ((keys, ours), ((*keys, _LINT), _values(ours.pop(_LINT, {}), path, (*keys, _LINT)))):
        for key, value in values.items():
            if key in given:
                raise BadSettings(
                    f"{_place(path, where)}: `{key}` is outside of this table, too; keep one of them"
                )
            given[key] = _value(key, value, _place(path, where))
            codes_with_places += (
                (f"{_place(path, where)}: `{key}`: ", code) for code in _codes(key, given[key])
            )
    return SettingsFile(
        path.parent,
        given.pop("select", ()),
        given.pop("extend-select", ()),
        given.pop("ignore", ()),
        given.pop("per-file-ignores", {}),
        given,
        tuple(codes_with_places),
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
        raise BadSettings(f"{where}: unknown key `{key}`{did_you_mean(key, KEYS) or _known_keys_hint()}")
    try:
        return reader(value)
    except (ValueError, BadSettings) as error:
        raise BadSettings(f"{where}: `{key}`: {error}") from None


def _place(path: Path, keys: Sequence[str]) -> str:
    return f"{path}: {_name(keys)}" if keys else str(path)


def _name(keys: Sequence[str]) -> str:
    return f"[{'.'.join(keys)}]"


def _known_keys_hint() -> str:
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


def _parse_required(value: object) -> dict[str, str]:
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


_ValueParser = Callable[[object], Any]

_SELECTING: Mapping[str, _ValueParser] = {
    "select": _texts,
    "extend-select": _texts,
    "ignore": _texts,
    "per-file-ignores": _per_file,
}

_OPTIONS: Mapping[str, _ValueParser] = {
    "required-front-matter": _parse_required,
    "cadence": _duration,
    "destructive": _patterns,
    "known-links": _texts,
    "rehearsal-programs": _texts,
}

KEYS = (*_SELECTING, *_OPTIONS)
