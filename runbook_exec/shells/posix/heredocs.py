"""Here-documents of bash, zsh and sh: their end words, and where their bodies end."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from .dialect import Dialect
from .regions import ShellSyntaxError

_QUOTED_PART = re.compile(r"\$?'([^']*)'|\$?\"((?:[^\"\\]|\\.)*)\"|\\(.)|([^'\"\\])", re.DOTALL)

_ESCAPED_IN_DOUBLE = re.compile(r"\\([\\\"$`])")


@lru_cache(maxsize=64)
def _without_quotes(word: str) -> str:
    parts = []
    for single, double, escaped, plain in _QUOTED_PART.findall(word):
        parts.append(single or _ESCAPED_IN_DOUBLE.sub(r"\1", double) or escaped or plain)
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class EndWord:
    """What follows `<<`: the stretch of the word, how it is written, and whether the operator is `<<-`."""

    start: int
    end: int
    raw: str
    strips_tabs: bool

    @property
    def is_quoted(self) -> bool:
        """Whether any of it is quoted, so that nothing is expanded in the body."""
        return any(char in self.raw for char in "\\'\"")

    @property
    def text(self) -> str:
        """The line that ends the body: the word without its quotes."""
        return _without_quotes(self.raw)

    def ends_body(self, line: str) -> bool:
        """Whether the line is the last one."""
        return self._without_tabs(line) == self.text

    def resembles(self, line: str) -> bool:
        """Whether the line begins as the last one does.

        In `$( )` bash takes one that begins with the whole word, and holds a `)` later on, for the last. dash
        0.5.12 loses a byte beyond ASCII that follows on a part of the word.
        """
        return self._without_tabs(line).startswith(self.text[:1])

    def begins(self, line: str) -> bool:
        """Whether the line begins with the whole word, and there is one."""
        return self.text != "" and self._without_tabs(line).startswith(self.text)

    def _without_tabs(self, line: str) -> str:
        return line.lstrip("\t") if self.strips_tabs else line


@dataclass(frozen=True, slots=True)
class Heredoc:
    """A here-document: its body is `text[start:end]`, its last line `text[end:close]` without the newline."""

    word: EndWord
    start: int
    end: int
    close: int

    def shift(self, by: int) -> Heredoc:
        """The same in a text that has so many characters more before it."""
        word = replace(self.word, start=self.word.start + by, end=self.word.end + by)
        return Heredoc(word, self.start + by, self.end + by, self.close + by)


def find_last_line(text: str, start: int, word: EndWord, dialect: Dialect) -> Heredoc | None:
    """The here-document whose body begins at `start`, or None if no line ends it."""
    line = start
    while line < len(text):
        end, joined = _logical_line(text, line, word, dialect)
        if word.ends_body(joined):
            return Heredoc(word, start, line, end)
        line = end + 1
    return None


def make_missing_end_error(word: EndWord) -> ShellSyntaxError:
    """The error for a here-document that no line ends."""
    return ShellSyntaxError(word.start, f"the here-document has no last line `{word.text}`")


def ends_in_escape(line: str) -> bool:
    """Whether the line's last character is a backslash that escapes what comes next."""
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _logical_line(text: str, start: int, word: EndWord, dialect: Dialect) -> tuple[int, str]:
    """The end of the line at `start`, with those it continues on, and what is held against the end word."""
    parts: list[str] = []
    while True:
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        line = text[start:end]
        if word.is_quoted or not ends_in_escape(line) or end == len(text):
            return end, "".join((*parts, line))
        # dash looks for the end word in lines as written, the others in joined ones
        parts.append(line[:-1] if dialect.joins_end_lines else line + "\n")
        start = end + 1
