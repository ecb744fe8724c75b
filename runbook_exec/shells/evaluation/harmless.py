"""Decides which values cannot be executed where they are read again."""

from __future__ import annotations

import re

from ...text.lazy_pattern import LazyPattern
from .places import Reader
from .strings import find_open_quote

# No shell and no interpreter that is listed executes a word of these characters as more than one name. A
# first `-` is an option and a first `=` of zsh a command, as for a value that is quoted.
_WORD = LazyPattern(r"(?!\w+=)[\w./:@%+,=-]*", re.ASCII)

_INTEGER = LazyPattern(r"[+-]?(?:\d{1,19}|0[xX][0-9A-Fa-f]{1,16}|\d{1,15}\.\d{1,15})", re.ASCII)

# names that shells and programs execute, search or calculate with are none that a value may have
_NAME = (
    r"(?!(?:PATH|IFS|ENV|BASH_\w*|LD_\w*|DYLD_\w*|PS\d|R?PROMPT\w*|SHELLOPTS|BASHOPTS|GIT_\w*|RANDOM|SECONDS"
    r"|OPTIND|LINENO|precmd\w*|chpwd\w*|preexec\w*|zshexit\w*|fish_prompt)(?:=|\[|\Z))[A-Za-z_]\w*"
)

# an element of an array or map is a name too, if its key is a plain word
_VARIABLE = LazyPattern(rf"{_NAME}(?:\[[\w.-]+\])?", re.ASCII)

_SUBSCRIPT = LazyPattern(r"[\w.-]+", re.ASCII)

_ASSIGNMENT = LazyPattern(rf"{_NAME}(?:=.*)?", re.ASCII | re.DOTALL)

_PROMPT = LazyPattern(r"[^$`%\\!\x00-\x1f\x7f]*")

_CONTROL = LazyPattern(r"[\x00-\x08\x0a-\x1f\x7f]")

_IN_STRING = LazyPattern(r"[^'\"\\`${}#\[\]\x00-\x08\x0a-\x1f\x7f]*")

_IN_SQL = {
    "'": LazyPattern(r"[^'\\\x00-\x08\x0a-\x1f\x7f]*"),
    '"': LazyPattern(r"[^\"\\\x00-\x08\x0a-\x1f\x7f]*"),
}

_SUBSTITUTION = LazyPattern(r"(?:^|[;{}\n\s!\d$/,])s([^\w\s\\])", re.DOTALL)

# an address in a script, not a part of another command
_ADDRESS = LazyPattern(r"(?:\A|[;{}\n,!])\s*/[^/]*\Z")

# `s` with the flag `e`, and the command `e` alone: they execute the line, in which the value may be
_SED_EXECUTES = LazyPattern(
    r"(?:^|[;{}\n\s!\d$/,])s([^\w\s\\])(?:(?!\1)[^\\]|\\.)*\1(?:(?!\1)[^\\]|\\.)*\1[a-zA-Z\d]*e"
    r"|(?:^|[;{}\n/!\d$])\s*e\s*(?:[;}\n]|\Z)",
    re.DOTALL,
)

_LINES = LazyPattern(r"[\d,$+~]*", re.ASCII)


def is_harmless(value: str, reader: Reader, by: str, code: str = "", start: int = 0, end: int = 0) -> bool:
    """Return whether a value cannot be executed by what reads it.

    `by` begins with the name of the program that reads it. `code[start:end]` is the value's place in the
    code, if the code is known.
    """
    match reader:
        case Reader.ARITHMETIC:
            return _INTEGER.fullmatch(value) is not None
        case Reader.NAME:
            is_key = "[" in code[:start] and start < end
            return (_SUBSCRIPT if is_key else _VARIABLE).fullmatch(value) is not None
        case Reader.ASSIGNMENT:
            return _ASSIGNMENT.fullmatch(value) is not None
        case Reader.PROMPT:
            return _PROMPT.fullmatch(value) is not None
        case Reader.PATTERN:
            return "(" not in value
        case Reader.OPTION:
            return start > 0 or not any(word.startswith("-") for word in value.split())
        case Reader.SED:
            return _fits_sed(value, code, start, end)
        case Reader.SHELL:
            return _WORD.fullmatch(value) is not None
    if _WORD.fullmatch(value):
        return True
    return start < end and _fits_string(value, reader, by, code, start)


def is_harmless_in_quotes(value: str, code: str, start: int) -> bool:
    """Return whether a value stays a part of the quoted text of a shell that holds the offset `start`."""
    return _fits_string(value, Reader.SHELL, "", code, start)


def _fits_string(value: str, reader: Reader, by: str, code: str, start: int) -> bool:
    quote = find_open_quote(code, start, reader, by)
    if reader is Reader.SQL:
        return quote in _IN_SQL and _IN_SQL[quote].fullmatch(value) is not None
    return quote in ("'", '"') and _IN_STRING.fullmatch(value) is not None


def _fits_sed(value: str, code: str, start: int, end: int) -> bool:
    """Return whether a value stays a part of a pattern or of its replacement in a script of sed.

    As a command of its own it could be `e`, which executes a line, or `w`, which writes a file.
    """
    if _LINES.fullmatch(value):
        return True
    if start >= end or _CONTROL.search(value) or "\\" in value or _SED_EXECUTES.search(code):
        return False
    delimiters = [(match.end(), match[1]) for match in _SUBSTITUTION.finditer(code[:start])]
    if delimiters:
        opened, delimiter = delimiters[-1]
        # two more delimiters end the substitution: the value is in its first or second part
        count = code[opened:start].replace("\\" + delimiter, "").count(delimiter)
        return count < 2 and delimiter in code[end:] and delimiter not in value
    before = code[:start].replace("\\/", "")
    is_address = before.count("/") % 2 == 1 and _ADDRESS.search(before)
    return bool(is_address) and "/" in code[end:] and "/" not in value
