"""Finds the statements that print secrets of a password manager, and the secrets in what they printed."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Mapping

from ..document.placeholders import is_secret_name, replace_placeholders
from ..shells.registry import SHELLS
from ..shells.secret_commands import SecretUse, find_secret_use
from ..text.ansi import strip_ansi
from ..text.lazy_pattern import LazyPattern
from .model import ItemId, PlanItem

_LEAST = 6  # characters; a shorter value would be masked in too many other places

_LONG = 8

_PAIR = LazyPattern(r"""[ \t]*['"]?([\w./ -]{1,60}?)['"]?[ \t]*(?:[:=]|[ \t]{2,})[ \t]*(\S.*)""")

_RANDOM = LazyPattern(r"[0-9]|[a-z][A-Z]")

_PLAIN = LazyPattern(
    r"\d{4}-\d\d-\d\d[T ]?[\d:.+Z ]*|[\d.,:]+|v?\d+(?:\.\d+)+|(?:true|false|null|none)|[-=]+", re.I
)

_BASE64 = LazyPattern(r"[A-Za-z0-9+/]{8,}={0,2}")


def find_secret_uses(items: Iterable[PlanItem], shell: str) -> Mapping[ItemId, SecretUse]:
    """Return what statements do with what keepers of secrets print, for those that have such a command."""
    if shell not in SHELLS:
        return {}
    found = {}
    for item in items:
        if item.statement is not None:
            text = replace_placeholders(item.statement.text, item.statement.placeholders)
            use = find_secret_use(text, SHELLS[shell].find_commands)
            if use:
                found[item.where] = use
    return found


def find_printed_secrets(output: str) -> Iterator[str]:
    """Yield the values in the output of a keeper of secrets that are secrets wherever they appear.

    Output of one line is a secret. Of JSON, and of lines such as `NAME: VALUE`, the values are, as are lines
    of one word; what looks like an ordinary word, a date or a number is not, unless its name is a secret's.
    """
    text = strip_ansi(output).replace("\r\n", "\n").strip("\n")
    for value in dict.fromkeys(_each_value(text)):
        yield value
        if len(value) % 4 == 0 and _BASE64.fullmatch(value):
            yield from _decode(value)


def _each_value(text: str) -> Iterator[str]:
    if text.lstrip().startswith(("{", "[")):
        yield from (value for name, value in _json_pairs(text) if _looks_secret(name, value))
        return
    if "\n" not in text:
        if len(text.strip()) >= _LEAST:
            yield text.strip()
        return
    lines = text.split("\n")
    first = lines[0].strip()
    if _looks_secret("", first) and len(first.split()) == 1:
        yield first
    for line in lines[1:]:
        pair = _PAIR.fullmatch(line)
        if pair is None and _looks_secret("", line.strip()) and len(line.split()) == 1:
            yield line.strip()
        elif pair and _looks_secret(pair[1], value := pair[2].strip().rstrip(",").strip("'\"")):
            yield value


def _json_pairs(text: str) -> Iterator[tuple[str, str]]:
    """Yield the texts in JSON with their names; JSON in a text is read, too."""
    rest: list[tuple[str, object]] = [("", text)]
    while rest:
        name, item = rest.pop()
        if isinstance(item, str):
            if item.lstrip()[:1] in ("{", "["):
                try:
                    rest.append((name, json.loads(item)))
                    continue
                except (ValueError, RecursionError):
                    pass
            yield name, item
        elif isinstance(item, dict):
            rest += item.items()
        elif isinstance(item, list):
            rest += ((name, each) for each in item)


def _looks_secret(name: str, value: str) -> bool:
    if len(value) < _LEAST or _PLAIN.fullmatch(value):
        return False
    if name and is_secret_name(name.strip().lower().replace("_", "-")):
        return " " not in value
    return len(value) >= _LONG and _RANDOM.search(value) is not None and " " not in value


def _decode(value: str) -> Iterator[str]:
    """Yield the text of which the value is the Base64, if it is that of a text."""
    try:
        decoded = base64.b64decode(value, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return
    if len(decoded.strip()) >= _LEAST and decoded.strip().isprintable():
        yield decoded.strip()
