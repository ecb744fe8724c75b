"""Reads the value of each annotation by name, or reports its mistake with the place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...diagnostics.problem import Problem
from ...shells.registry import shell_name
from ...text.durations import positive_duration
from ...text.host_names import parse_host
from ...text.regex import PatternProblem, compile_pattern
from ...text.suggest import did_you_mean
from ..placeholders import parse_placeholder_name
from .lexer import AnnotationWord, TextOrigin


class _FieldError(ValueError):
    """A word is not valid; `position` is the offset of the mistake, if it is in the value."""

    def __init__(self, message: str, *, position: int | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.position = position
        self.hint = hint


def _read_capture(text: str) -> tuple[str, str | None]:
    name, equals, rest = text.partition("=")
    if not equals:
        return parse_placeholder_name(name), None
    if len(rest) < 3 or not (rest.startswith("/") and rest.endswith("/")):
        raise ValueError(f"expected `NAME=/regular expression/`, got `{text}`")
    try:
        compile_pattern(rest[1:-1])
    except PatternProblem as problem:
        raise _FieldError(f"`capture`: {problem}", position=len(name) + 2 + problem.position) from None
    return parse_placeholder_name(name), rest[1:-1]


def _whole_number(most: int) -> Callable[[str], int]:
    def read_number(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) > most:
            raise ValueError(f"expected a whole number from 0 to {most}, got `{text}`")
        return int(text)

    return read_number


def _single_word(text: str) -> str:
    if re.search(r"\s", text):
        raise ValueError(f"expected a name without blanks, got `{text}`")
    return text


# Each name with the reader of its value and an example; None for a flag, which has no value.
_READERS: Mapping[str, tuple[Callable[[str], Any], str] | None] = {
    "id": (_single_word, "id=mint"),
    "capture": (_read_capture, "capture=new-token"),
    "secret": None,
    "expect": (str, 'expect="Revoked"'),
    "expect-not": (str, 'expect-not="Warning"'),
    "expect-status": (_whole_number(255), "expect-status=1"),
    "allow-failure": None,
    "timeout": (positive_duration, "timeout=30s"),
    "retry": (_whole_number(1000), "retry=3"),
    "every": (positive_duration, "every=15s"),
    "until": (str, 'until="Running"'),
    "confirm": (str, 'confirm="Really delete it?"'),
    "manual": None,
    "skip": None,
    "choose": (str, "choose=2"),
    "when": (str, "when=\"region == 'eu'\""),
    "cwd": (str, "cwd=/srv/app"),
    "shell": (shell_name, "shell=bash"),
    "setup": None,
    "background": None,
    "host": (parse_host, "host=web1"),
}

_ALONE: Mapping[str, Any] = {"retry": 1, "confirm": ""}

_REPEATABLE = ("expect", "expect-not")


KNOWN = tuple(_READERS)

FLAGS = frozenset(name for name, reader in _READERS.items() if reader is None)


def read_values(words: Iterable[AnnotationWord], place: TextOrigin) -> tuple[dict[str, Any], list[Problem]]:
    """Return the fields of an `Annotation`, and a problem for each invalid word."""
    given: dict[str, Any] = {}
    problems: list[Problem] = []
    for word in words:
        field = word.name.replace("-", "_")
        try:
            if field in given and word.name not in _REPEATABLE:
                raise _FieldError(f"`{word.name}` is given twice; leave one out")
            value = _read_value(word)
        except _FieldError as refused:
            problems.append(_problem(word, refused, place))
            continue
        if word.name in _REPEATABLE:
            given.setdefault(field, []).append(value)
        elif word.name == "capture":
            given["capture"], given["capture_pattern"] = value
        elif value is not False:
            given[field] = value
    return {name: tuple(v) if isinstance(v, list) else v for name, v in given.items()}, problems


def _read_value(word: AnnotationWord) -> Any:
    """Return the value of the word's field. Raises _FieldError if the value is not valid."""
    name, value = word.name, word.value
    if name not in _READERS:
        guess = did_you_mean(name, KNOWN)
        hint = "" if guess else f"known are {', '.join(f'`{known}`' for known in KNOWN)}"
        raise _FieldError(f"unknown annotation `{name}`{guess}", hint=hint)
    reader = _READERS[name]
    if reader is None:
        if value is not None and value is not False:
            raise _FieldError(f"`{name}` takes no value; write `{name}` alone or leave it out")
        return value is None
    if value is None and name in _ALONE:
        return _ALONE[name]
    read, example = reader
    if value is None or value == "":
        raise _FieldError(f"`{name}` needs a value, such as `{example}`")
    if not isinstance(value, str):
        raise _FieldError(f"`{name}`: expected text, such as `{example}`", position=0)
    try:
        return read(value)
    except _FieldError:
        raise
    except ValueError as error:
        raise _FieldError(f"`{name}`: {error}", position=0) from None


def _problem(word: AnnotationWord, refused: _FieldError, place: TextOrigin) -> Problem:
    if refused.position is None:
        return place.problem(str(refused), word.start, word.end, hint=refused.hint)
    start = word.value_start + (refused.position if word.exact else 0)
    return place.problem(str(refused), start, max(word.value_end, start + 1), hint=refused.hint)
