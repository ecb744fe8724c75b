"""Decides which values are secret, and which are allowed."""

from __future__ import annotations

import re
import shlex

from ..document.model import Input
from ..document.placeholders import is_secret_name
from ..text.lazy_pattern import LazyPattern
from ..text.regex import PatternTimeout, match_whole

_LEAST_SECRET = 6  # characters

# names of variables that are secrets, although placeholders of such a name may not be
_NAMED_IN_SHELLS = LazyPattern(
    r"(?<!COM)(?<!BY)(?<!TRES)(?<!SUR)(?<!UNDER)(?<!OVER)(?<!LOW)(?<!HIGH)(?<!BAND)(?<!MULTI)(?<!ASK)PASS$"
    r"|(?:^|_)(?:PW|COOKIES?|JWT|BEARER|SESSION_TOKEN|CREDS?|PGPASS\w*|MYSQL_PWD|(?:BW|OP)_SESSION\w*|AUTH|DSN)$",
    re.IGNORECASE,
)

# `NAME=` with or without `declare -x`, or fish's `set -gx NAME `
_ASSIGNED = LazyPattern(
    r"\s*(?:(?:declare|typeset|export|local)(?: -\S+)* )?\w+=|\s*set (?:-\S+ )*(?:-- )?\w+ "
)

_ANSI_QUOTE = LazyPattern(r"\$(?=')")
# names of variables that say where secrets are, or what keys on the keyboard do
_NAMES_A_PLACE = LazyPattern(
    r"(?:_DIRS?|_FOLDER|_HOME|_SOCK|_LOCATION|_KEY_BINDINGS|_COMMAND|PASSFILE|APPLICATION_CREDENTIALS)\Z",
    re.IGNORECASE,
)


_WITH_PASSWORD = LazyPattern(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@]*:[^\s/@]+@")


def is_secret(name: str, input: Input | None, annotation_secret: bool = False) -> bool:
    """Return whether the value is a secret, by annotation, front matter, or else by name."""
    if annotation_secret:
        return True
    if input is not None and input.secret is not None:
        return input.secret
    return is_secret_name(name)


def find_variable_secret(name: str, code: str, known: bool = False) -> str:
    """Return the secret in the code that sets a shell's variable; "" if it holds none.

    A variable holds a secret if that is `known`, if its name is that of one, or if its value is a URL with a
    password. A value of fewer than six characters is not one: it would be masked in too many other places.
    """
    found = _ASSIGNED.match(code)
    # no value is longer than its word, and every password in a URL has an `@` after it
    if found is None or len(code) - found.end() < _LEAST_SECRET:
        return ""
    if not ("@" in code or known or _has_secret_name(name)):
        return ""
    value = _unquote(code[found.end() :])
    return value if is_variable_secret(name, value, known) else ""


def is_variable_secret(name: str, value: str, known: bool = False) -> bool:
    """Return whether the value of a variable is a secret (see `find_variable_secret`)."""
    if len(value) < _LEAST_SECRET:
        return False
    return known or _has_secret_name(name) or ("://" in value and _WITH_PASSWORD.search(value) is not None)


def _has_secret_name(name: str) -> bool:
    named = is_secret_name(name) or _NAMED_IN_SHELLS.search(name) is not None
    return named and not _NAMES_A_PLACE.search(name)


def _unquote(code: str) -> str:
    """Return the text of a quoted word, as near as that is possible without a shell."""
    try:
        words = shlex.split(_ANSI_QUOTE.sub("'", code))
    except ValueError:  # the shell quotes in a way of its own
        words = [code.strip("'\"")]
    return words[0] if len(words) == 1 else ""


def describe_value(text: str, secret: bool) -> str:
    """Return a value as a person is shown it: of a secret its length, and blanks that a reader would miss."""
    if not text:
        return "(empty)"
    size = f"{len(text)} character{'s' * (len(text) != 1)}"
    if secret:
        return f"{'•' * 8}  ({size})"
    if not text.strip():
        return f"“{text}”  ({size}, only blanks)"
    ends = [end for end, bare in (("begins", text.lstrip()), ("ends", text.rstrip())) if bare != text]
    return f"“{text}”  ({' and '.join(ends)} with a blank)" if ends else text


def check_value(input: Input | None, value: str) -> str | None:
    """Return why the value is not allowed, or None; the message has no secret value."""
    if "\0" in value:
        return "a value cannot hold a NUL character; no program could receive it"
    if input is None:
        return None
    got = "" if is_secret(input.name, input) else f", got `{value}`"
    if input.choices and value not in input.choices:
        return f"expected one of {', '.join(f'`{choice}`' for choice in input.choices)}{got}"
    if input.pattern is None:
        return None
    try:
        matches = match_whole(input.pattern, value)
    except PatternTimeout as timeout:
        return f"cannot check it against `{input.pattern}`: {timeout}; write a simpler `pattern`"
    return None if matches else f"expected a value that matches `{input.pattern}` as a whole{got}"
