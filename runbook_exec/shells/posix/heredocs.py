"""Finds the end words and the bodies of here-documents in POSIX shells."""

from __future__ import annotations

import re
from functools import lru_cache

from ...light_classes import dataclass, replace
from ...text.lazy_pattern import LazyPattern
from .dialect import Dialect
from .regions import ShellSyntaxError

_QUOTED_PART = LazyPattern(r"\$?'([^']*)'|\$?\"((?:[^\"\\]|\\.)*)\"|\\(.)|([^'\"\\])", re.DOTALL)

_ESCAPED_IN_DOUBLE = LazyPattern(r"\\([\\\"$`])")


@lru_cache(maxsize=64)
def _without_quotes(word: str) -> str:
    parts = []
    for single, double, escaped, plain in _QUOTED_PART.findall(word):
        parts.append(single or _ESCAPED_IN_DOUBLE.sub(r"\1", double) or escaped or plain)
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class EndWord:
    """The word after `<<`: its stretch, its source text, and whether the operator is `<<-`."""

    start: int
    end: int
    raw: str
    strips_tabs: bool

    @property
    def is_quoted(self) -> bool:
        """Return whether a part of it is quoted: then nothing is expanded in the body."""
        return any(char in self.raw for char in "\\'\"")

    @property
    def text(self) -> str:
        """Return the line that ends the body: the word without its quotes."""
        return _without_quotes(self.raw)

    def ends_body(self, line: str) -> bool:
        """Return whether the line ends the body."""
        return self._without_tabs(line) == self.text

    def resembles(self, line: str) -> bool:
        """Return whether the line begins like the last one.

        In `$( )` bash ends the body at a line that begins with the whole word and has a `)` later. dash
        0.5.12 loses a byte beyond ASCII right after a part of the word.
        """
        return self._without_tabs(line).startswith(self.text[:1])

    def begins(self, line: str) -> bool:
        """Return whether the line begins with the whole word, and the word is not empty."""
        return self.text != "" and self._without_tabs(line).startswith(self.text)

    def _without_tabs(self, line: str) -> str:
        return line.lstrip("\t") if self.strips_tabs else line


@dataclass(frozen=True, slots=True)
class Heredoc:
    """A here-document: its body is `text[start:end]`.

    Its last line is `text[end:close]`, without the newline.
    """

    word: EndWord
    start: int
    end: int
    close: int

    def shift(self, by: int) -> Heredoc:
        """Return the same here-document in a text with so many more characters before it."""
        word = replace(self.word, start=self.word.start + by, end=self.word.end + by)
        return Heredoc(word, self.start + by, self.end + by, self.close + by)


def find_last_line(text: str, start: int, word: EndWord, dialect: Dialect) -> Heredoc | None:
    """Return the here-document whose body begins at `start`, or None if no line ends it."""
    line = start
    while line < len(text):
        end, joined = _logical_line(text, line, word, dialect)
        if word.ends_body(joined):
            return Heredoc(word, start, line, end)
        line = end + 1
    return None


def make_missing_end_error(word: EndWord) -> ShellSyntaxError:
    """Return the error for a here-document that no line ends."""
    return ShellSyntaxError(word.start, f"the here-document has no last line `{word.text}`")


def ends_in_escape(line: str) -> bool:
    """Return whether the line ends in a backslash that escapes the next character."""
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _logical_line(text: str, start: int, word: EndWord, dialect: Dialect) -> tuple[int, str]:
    """Return the end of the line at `start`, and the text to compare with the end word.

    The line includes its continuations.
    """
    parts: list[str] = []
    while True:
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        line = text[start:end]
        if word.is_quoted or not ends_in_escape(line) or end == len(text):
            return end, "".join((*parts, line))
        # dash and ash look for the end word in the lines as written, the others in joined ones
        parts.append(line[:-1] if dialect.joins_end_lines else line + "\n")
        start = end + 1
