"""Finds out whether a place in code of another language is surely inside a string.

The exact language and its dialect are not known. The code is therefore read in every way that one of them
has: with and without comments, regular expressions and escapes. If two ways differ, the place counts as
outside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...light_classes import NamedTuple
from ...text.lazy_pattern import LazyPattern
from .places import Reader


class _Token(NamedTuple):
    """A string, a comment, or another stretch of code in which quotes are plain characters."""

    pattern: LazyPattern[str]
    quote: str = ""  # that of a string
    is_certain: bool = True  # whether no language reads its first character as code


def _make_token(pattern: str, quote: str = "", *, is_certain: bool = True) -> _Token:
    return _Token(LazyPattern(pattern, re.DOTALL), quote, is_certain)


def _make_possible(*patterns: str) -> tuple[_Token, ...]:
    return tuple(_make_token(pattern, is_certain=False) for pattern in patterns)


_BRACKETS = r"(?:\{[^{}]*\}|\([^()]*\)|\[[^][]*\]|<[^<>]*>)"

_DELIMITER = r"([^\w\s,;=.)\]}>:]|:(?!\s))"

_DELIMITED = r"(?:(?!\1)[^\\]|\\.)*\1"

_HEREDOC = r"<<<?[-~]?(['\"]?)(\w+)\1.*?\n[ \t]*\2\b"

_BLOCK_COMMENT = r"/\*.*?(?:\*/|\Z)"

_CODE = (
    _make_token(r"'''(?:[^\\]|\\.)*?(?:'''|\Z)", "'"),
    _make_token(r'"""(?:[^\\]|\\.)*?(?:"""|\Z)', '"'),
    # of `it's` and of the variable `$'` in Perl it is not certain
    _make_token(r"(?:(?<![\w)\]$])|(?<=\b[rbufRBUF])|(?<=\b[rbfRBF]{2}))'(?!'')(?:[^'\\]|\\.)*(?:'|\Z)", "'"),
    _make_token(r"(?<=[\w)\]$])'(?!'')(?:[^'\\]|\\.)*(?:'|\Z)", "'", is_certain=False),
    _make_token(r'(?<!\$)"(?!"")(?:[^"\\]|\\.)*(?:"|\Z)', '"'),
    _make_token(r'(?<=\$)"(?!"")(?:[^"\\]|\\.)*(?:"|\Z)', '"', is_certain=False),
    # in languages of lines
    *_make_possible(r"'(?!'')(?:[^'\\\n]|\\.)*\n", r'"(?!"")(?:[^"\\\n]|\\.)*\n'),
    _make_token(r"`(?:[^`\\]|\\.)*(?:`|\Z)", "`"),
    *_make_possible(
        r"(?:#|//|(?<![\w)\]])--)[^\n]*(?:\n|\Z)",
        _BLOCK_COMMENT,
        _HEREDOC,
        r"\[\[.*?\]\]",
        r"\\.",
        r"\$['\"`/#]",
        rf"(?<!\w)(?:[mgv]|q[qwrx]?|%[qQwWr]?)(?:{_BRACKETS}|{_DELIMITER}{_DELIMITED})",
        rf"(?<!\w)(?:s|y|tr)(?:{_BRACKETS}\s*{_BRACKETS}|{_DELIMITER}{_DELIMITED}{_DELIMITED})",
    ),
)

_SQL = (
    _make_token(r"'[^']*(?:'|\Z)", "'"),
    _make_token(r"'(?:[^'\\]|\\.)*(?:'|\Z)", "'"),
    _make_token(r'"[^"]*(?:"|\Z)', '"'),
    _make_token(r'"(?:[^"\\]|\\.)*(?:"|\Z)', '"'),
    _make_token(r"`[^`]*(?:`|\Z)", "`"),
    _make_token(r"--(?:[ \t][^\n]*)?(?:\n|\Z)"),
    _make_token(_BLOCK_COMMENT),
    *_make_possible(r"(?:--|#(?![->])|//)[^\n]*(?:\n|\Z)", r"(\$\w*\$).*?(?:\1|\Z)"),
)

_SHELL = (
    _make_token(r"\\."),
    _make_token(r"'[^']*(?:'|\Z)", "'"),
    _make_token(r"'(?:[^'\\]|\\.)*(?:'|\Z)", "'"),  # in fish, and `$'…'`
    _make_token(r'"(?:[^"\\$`]|\\.|\$(?!\())*(?:"|\Z)', '"'),
    _make_token(r'"(?:[^"\\$`]|\\.|\$(?!\())*(?:\$\(|`)'),  # a command in it may have quotes
    *_make_possible(r"(?<![^\s;&|()])#[^\n]*(?:\n|\Z)", _HEREDOC),
)

_LANGUAGES = {Reader.CODE: _CODE, Reader.SQL: _SQL, Reader.SHELL: _SHELL}

_REGEXES = (
    LazyPattern(r"/(?![/*])(?:[^/\\\n]|\\.)+/"),
    LazyPattern(r"/(?![/*])(?:[^/\\\n[]|\\.|\[(?:[^]\\\n]|\\.)*\])+/"),
)

# after which a `/` begins a regular expression, and does not divide
_BEFORE_REGEX = LazyPattern(
    r"(?:\A|[(,=:[!&|?{;~+*%<>^\n-]|\b(?:split|grep|return|print|if|unless|and|or|not|when|case))[ \t]*\Z"
)

_BEFORE_DIVISION = LazyPattern(r"[\w\]'\"]\Z|[\w)][ \t]+\Z")

# what begins code in a string: Ruby, JavaScript, Perl, Julia, and Python's `f"{…}"`
_CODE_IN_STRING = LazyPattern(r"['\"].*[#$@][{(]|(?:[rR]?[fF]|[fF][rR])['\"].*\{", re.DOTALL)

_ONLY_DOUBLE = frozenset(("awk", "gawk", "mawk", "nawk", "tclsh", "expect", "emacs", "gdb"))


def find_open_quote(code: str, start: int, language: Reader, by: str = "") -> str:
    """Return the quote of the string that surely holds an offset; "" for none.

    `by` begins with the name of the program that reads the code.
    """
    found = {quote for begin, quote in _find_stretches(code, start, language)}
    if len(found) != 1 or (found == {"'"} and by.partition(" ")[0] in _ONLY_DOUBLE):
        return ""
    return found.pop()


def _find_stretches(code: str, start: int, language: Reader) -> Iterator[tuple[int, str]]:
    """Yield the offset and the quote of each stretch that can hold an offset; "" if it is no string."""
    reached = {0}
    for at in range(start):
        if at not in reached:
            continue
        reached.remove(at)
        is_certain = False
        for end, quote, certain in _read_tokens(code, at, language):
            is_certain = is_certain or certain
            if end <= start:
                reached.add(end)
            else:
                is_code = language is Reader.CODE and _CODE_IN_STRING.search(code, max(at - 2, 0), start)
                yield at, "" if is_code else quote
        if not is_certain:
            reached.add(at + 1)
    if start in reached:
        yield start, ""


def _read_tokens(code: str, at: int, language: Reader) -> Iterator[tuple[int, str, bool]]:
    """Yield the end of each token that can begin at an offset, its quote, and whether it is certain."""
    for pattern, quote, is_certain in _LANGUAGES[language]:
        if found := pattern.match(code, at):
            yield found.end(), quote, is_certain
    if language is Reader.CODE and code[at] == "/":
        before = code[:at]
        is_operand = _BEFORE_REGEX.search(before) is not None
        divides = code[at + 1 : at + 2].isspace() or not before[-1:].isspace()
        if is_operand or not (divides and _BEFORE_DIVISION.search(before)):
            for pattern in _REGEXES:
                if found := pattern.match(code, at):
                    yield found.end(), "", is_operand
