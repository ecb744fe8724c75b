"""Defines the quoting styles of shells: functions from a value to the quoted text.

`static/fill.js` has the same styles under the same names. The style at a place of a statement is found by
asking the shell's module to quote a few test values there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ..shells.fish.quoting import keys_apart

# Test values: no two styles quote all of them alike; the first needs no quotes anywhere.
TELLING = ("x", "a'b\\c\"d$e`f(g", "1..2", "")

LINES = "one\ntwo"

_PLAIN = re.compile(r"[A-Za-z0-9_./:@+][A-Za-z0-9_./:@+-]*")

_INDEX = re.compile(r"[0-9. -]+")


def _backslash_before(characters: str) -> Callable[[str], str]:
    pattern = re.compile(f"[{characters}]")
    return lambda value: pattern.sub(r"\\\g<0>", value)


_posix_double = _backslash_before(r'\\"$`')

_spare = re.compile(r'[$"]')


def _fish_single(value: str) -> str:
    return keys_apart(re.sub(r"[\\']", r"\\\g<0>", value), "'")


def _fish_double(value: str) -> str:
    return keys_apart(re.sub(r'[\\"$]', r"\\\g<0>", value), '"')


def _single_quote(value: str) -> str:
    return "'" + value.replace("'", r"'\''") + "'"


def _escape_apart(quoted: str) -> str:
    return _spare.sub(r"'\\\g<0>'", quoted)


def _fish_word(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else f"'{_fish_single(value)}'"


def _posix_word(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else _single_quote(value)


POSIX: Mapping[str, Callable[[str], str]] = {
    "quoted": _single_quote,
    "word": _posix_word,
    "single": lambda value: value.replace("'", r"'\''"),
    "double": _posix_double,
    "double-apart": lambda value: '""' + _posix_double(value),
    "in-double": lambda value: f'"{_posix_double(value)}"',
    "ansi-c": _backslash_before(r"\\'"),
    "ansi-c-apart": lambda value: "'$'" + _backslash_before(r"\\'")(value),
}

FISH: Mapping[str, Callable[[str], str]] = {
    "word": _fish_word,
    "part": lambda value: f"'{_fish_single(value)}'",
    "word-spared": lambda value: _escape_apart(_fish_word(value)),
    "part-spared": lambda value: _escape_apart(f"'{_fish_single(value)}'"),
    "single": _fish_single,
    "single-escaped": lambda value: "\\" + _fish_single(value),
    "single-spared": lambda value: _escape_apart(_fish_single(value)),
    "single-spared-escaped": lambda value: "\\" + _escape_apart(_fish_single(value)),
    "double": _fish_double,
    "double-escaped": lambda value: "\\" + _fish_double(value),
    "double-apart": lambda value: f"\"'{_fish_single(value)}'\"",
    "double-apart-spared": lambda value: f"\"'{_escape_apart(_fish_single(value))}'\"",
    "double-parentheses": lambda value: (
        f"\"'{_escape_apart(_fish_single(value))}'\"" if re.search(r"[()]", value) else _fish_double(value)
    ),
    "index": lambda value: value,
}


def is_unwritable(way: str, value: str) -> bool:
    """Return whether a value cannot be quoted in this style."""
    return "\0" in value or (way == "index" and not _INDEX.fullmatch(value))
