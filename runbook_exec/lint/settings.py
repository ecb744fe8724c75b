"""What a project says of the linter: a table of `pyproject.toml` or `runbook-exec.toml`, nearest first."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..annotation_values import did_you_mean, positive_duration
from . import RULES
from .run import ALL, Selection, Settings

# where the table stands in each file; the first of one folder wins
_FILES: Mapping[str, Sequence[str]] = {
    "runbook-exec.toml": ("lint",),
    "pyproject.toml": ("tool", "runbook-exec", "lint"),
}
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


def settings_for(paths: Iterable[str], given: Selection | None = None) -> dict[str, Settings]:
    """The settings of each page by its path, with what the command line says laid over them.

    Standard input, `-`, has those of the working directory. Raises BadSettings.
    """
    over = given or Selection()
    known: dict[Path, File] = {}
    found: dict[str, Settings] = {}
    for path in paths:
        folder = Path.cwd() if path == "-" else Path(path).absolute().parent
        file = known.get(folder) or known.setdefault(folder, _nearest(folder))
        found[path] = _settings(file, path, over)
    return found


def check_codes(codes: Iterable[str]) -> tuple[str, ...]:
    """The codes, beginnings of codes and names, if each means a rule; BadSettings for one that does not."""
    checked = tuple(codes)
    for code in checked:
        if code != ALL and not any(code == rule.name or rule.code.startswith(code) for rule in RULES):
            names = (*(rule.code for rule in RULES), *(rule.name for rule in RULES))
            guess = did_you_mean(code, names) or did_you_mean(code.upper(), names)
            guess = guess or "; `runbook-exec lint --list-rules` lists them"
            raise BadSettings(f"`{code}` is the code of no rule{guess}")
        if not code:
            raise BadSettings("expected the code of a rule, such as `P101`, got nothing")
    return checked


def _settings(file: File, path: str, over: Selection) -> Settings:
    no = [*file.no, *over.no]
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
    return Settings(selection, file.options)


def _below(folder: Path, path: Path) -> str:
    """The path as seen from the folder, with `/`; empty where it is not below it."""
    try:
        return path.absolute().relative_to(folder).as_posix()
    except ValueError:
        return ""


def _nearest(folder: Path) -> File:
    for above in (folder, *folder.parents):
        for name, keys in _FILES.items():
            path = above / name
            if path.is_file() and (file := _read(path, tuple(keys))) is not None:
                return file
    return File(folder)


@lru_cache(maxsize=256)
def _read(path: Path, keys: tuple[str, ...]) -> File | None:
    """The settings in a file; None where it says nothing of the linter. Raises BadSettings."""
    try:
        table: Any = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSettings(f"{path}: cannot be read: {error}") from None
    for key in keys:
        table = table.get(key) if isinstance(table, dict) else None
    if table is None:
        return None
    where = f"{path}: [{'.'.join(keys)}]"
    if not isinstance(table, dict):
        raise BadSettings(f"{where}: expected a table, got {_kind(table)}")
    given: dict[str, Any] = {}
    for key, value in table.items():
        reader = _SELECTING.get(key) or _OPTIONS.get(key)
        if reader is None:
            raise BadSettings(f"{where}: unknown key `{key}`{did_you_mean(key, KEYS) or _known()}")
        try:
            given[key] = reader(value)
        except (ValueError, BadSettings) as error:
            raise BadSettings(f"{where}: `{key}`: {error}") from None
    return File(
        path.parent,
        given.pop("select", ()),
        given.pop("extend-select", ()),
        given.pop("ignore", ()),
        given.pop("per-file-ignores", {}),
        given,
    )


def _known() -> str:
    return f"; known are {', '.join(f'`{key}`' for key in KEYS)}"


def _kind(value: object) -> str:
    named = {str: "text", bool: "a truth value", list: "a list", dict: "a table"}
    return named.get(type(value), f"`{value}`")


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError(f"expected a list of texts, got {_kind(value)}")
    return tuple(value)


def _codes(value: object) -> tuple[str, ...]:
    return check_codes(_texts(value))


def _per_file(value: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise ValueError(f'expected a table such as {{"docs/*.md" = ["D501"]}}, got {_kind(value)}')
    return {pattern: _codes(codes) for pattern, codes in value.items()}


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
    "select": _codes,
    "extend-select": _codes,
    "ignore": _codes,
    "per-file-ignores": _per_file,
}
_OPTIONS: Mapping[str, _Reader] = {
    "required-front-matter": _required,
    "cadence": _duration,
    "destructive": _patterns,
    "known-links": _texts,
}
KEYS = (*_SELECTING, *_OPTIONS)
