"""Finds the variables whose content a statement reads again, and those that are given a value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ...light_classes import NamedTuple
from ...text.lazy_pattern import LazyPattern
from ..base import Scan
from ..quoting import Context
from .harmless import is_harmless, is_harmless_in_quotes
from .places import EvaluatedPlace, Reader


class VariableReading(NamedTuple):
    """A variable whose content is read again: as what, by what, and its place in the code as far as known."""

    name: str
    reader: Reader
    by: str
    code: str = ""
    start: int = 0
    end: int = 0

    @property
    def advice(self) -> str:
        """Return which values are accepted."""
        if self.reader is Reader.PATTERN:
            return "expected a value without `(`"
        return "expected an integer or a single word without special characters"

    def accepts(self, value: str) -> bool:
        """Return whether the value cannot be executed as the content of the variable."""
        if is_harmless(value, self.reader, self.by, self.code, self.start, self.end):
            return True
        if self.reader is Reader.NAME and value.isdecimal():  # a part of a name, or an error
            return True
        # within quotes of the inner code, as in `ssh HOST "echo '$TEXT'"`
        is_shell = self.reader is Reader.SHELL and self.start < self.end
        return is_shell and is_harmless_in_quotes(value, self.code, self.start)


# not `${#x}`, which is a length; all arguments of the shell are one variable
_EXPANSION = LazyPattern(r"\$(?!\{#)(?:\{(?:\([^)]*\))?)?[#^=~!]*(?:([A-Za-z_]\w*)|[@*\d])")

_ESCAPED = LazyPattern(r'\\([\\"$`])')  # in the double quotes around the code

_QUOTED = LazyPattern(
    r"'(?P<single>[^']*)'|\"(?P<double>(?:[^\"\\]|\\.)*)\"|(?P<bare>[^'\"\\\s]*)", re.DOTALL
)

_NAME = LazyPattern(r"(?<![\w$'\"])(?<!\$\{#)[A-Za-z_]\w*")

_INDIRECT = LazyPattern(r"\$\{!([A-Za-z_]\w*)|\$\{\([^)]*[Pe][^)]*\)([A-Za-z_]\w*)|\$\{([A-Za-z_]\w*)@P")

_PATTERN = LazyPattern(r"\$\{?(?:\([^)]*\))?[\^=]*~(?!~)[\^=]*([A-Za-z_]\w*)")  # of zsh

_CALCULATED = LazyPattern(
    r"\$\(\((?P<double>(?:[^()]|\([^()]*\))*)\)\)|(?<![$\w])\(\((?P<command>(?:[^()]|\([^()]*\))*)\)\)"
    r"|\$\{[A-Za-z_]\w*\[(?P<key>[^]]*)\]|\$\{[A-Za-z_]\w*:(?P<part>[^-=+?}][^}]*)\}|\$\[(?P<old>[^]]*)\]"
    r"|(?:^|[\s;])[A-Za-z_]\w*\[(?P<element>[^]]*)\]\+?="
)

# variables that hold integers, or the name of another one, from here on
_DECLARED = LazyPattern(
    r"(?:\b(?:declare|typeset|local|export|readonly|private)(?:\s+[-+]\w+)*?\s+-(?P<options>\w*[inEF]\w*)"
    r"|(?:^|[;&(){}]|do|then)[ \t]*(?:integer|float))(?P<names>(?:\s[^;&|\n]*)?)",
    re.MULTILINE,
)

_DECLARED_NAME = LazyPattern(r"(?<=\s)([A-Za-z_]\w*)(=|(?=[\s)}]|\Z))")


def find_variable_readings(
    text: str, places: Sequence[EvaluatedPlace], scan: Scan
) -> Iterator[VariableReading]:
    """Yield the variables whose content a statement reads again as code, a number or a name."""
    for place in places:
        for match in _EXPANSION.finditer(text, place.start, place.end):
            if scan.context(*match.span()) is not Context.SINGLE:
                code, start = _read_code(text, place, match.start())
                name = match[1] or "@"
                yield VariableReading(name, place.reader, place.by, code, start, start + bool(code))
        if place.reader is Reader.ARITHMETIC:
            for match in _NAME.finditer(text, place.start, place.end):
                yield VariableReading(match[0], place.reader, place.by)
    for match in _INDIRECT.finditer(text):
        yield VariableReading(match[1] or match[2] or match[3], Reader.NAME, match[0])
    for match in _PATTERN.finditer(text):
        if scan.context(*match.span()) not in (Context.SINGLE, Context.DOUBLE):
            yield VariableReading(match[1], Reader.PATTERN, f"${{~{match[1]}}}")
    for match in _DECLARED.finditer(text):
        reader = Reader.NAME if "n" in (match["options"] or "") else Reader.ARITHMETIC
        for name, equals in _DECLARED_NAME.findall(match["names"]):
            if reader is Reader.ARITHMETIC or not equals:
                yield VariableReading(name, reader, match[0].strip())
    for match in _CALCULATED.finditer(text):
        for name in re.findall(r"(?<!\$\{#)\b[A-Za-z_]\w*", match[match.lastgroup or 0]):
            yield VariableReading(name, Reader.ARITHMETIC, match[0].strip())


def _read_code(text: str, place: EvaluatedPlace, at: int) -> tuple[str, int]:
    """Return the code of a place with its expansions as written, and where `text[at:]` is in it.

    The code is empty if it is not written as a whole, without or within one pair of quotes for each word.
    """
    if place.heredoc:
        return text[place.start : place.end], at - place.start
    code, found = "", -1
    for start, end in place.words:
        word = _QUOTED.fullmatch(text, start, end)
        if word is None:
            return "", 0
        code += " " if code else ""
        first, last = word.span(word.lastgroup or 0)
        if first <= at < last:
            found = len(code + _ESCAPED.sub(r"\1", text[first:at]))
        code += text[first:last] if word["single"] else _ESCAPED.sub(r"\1", text[first:last])
    return (code[place.prefix :], found - place.prefix) if found >= place.prefix else ("", 0)
