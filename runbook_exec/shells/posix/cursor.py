"""Moves over POSIX shell source: passes blanks and comments, and marks contexts."""

from __future__ import annotations

import re
from typing import cast

from ...text.lazy_pattern import LazyPattern
from ..quoting import Context
from .dialect import Dialect
from .regions import Region, ShellSyntaxError

_MAX_DEPTH = 80  # well above any real script, and well below Python's own limit on recursion

_PARENTHESIS = LazyPattern(r"\\.|'[^']*'|\"(?:[^\"\\]|\\.)*\"|[()'\"]", re.DOTALL)

_BLANKS = LazyPattern(r"(?:[ \t]|\\\n)+")


class Cursor:
    """A position in a script, with the marks and comments before it."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        self.text = text
        self.dialect = dialect
        self.pos = 0
        self.end = 0  # the end of the last token, once the blanks after it are passed
        self.marks: list[Region] = []
        self.comments: list[tuple[int, int]] = []
        self._blank_until = 0
        self._parentheses: dict[int, int | None] = {}  # the ends of the `(` that were searched
        self.depth = 0

    def peek(self) -> str:
        """Return the next character, or "" at the end."""
        return self.text[self.pos : self.pos + 1]

    def at(self, token: str) -> bool:
        """Return whether the token is next."""
        return self.text.startswith(token, self.pos)

    def mark(self, start: int, end: int, context: Context, reason: str = "") -> None:
        """Mark the context of a stretch; marks inside it have priority."""
        if start < end:
            self.marks.append(Region(start, end, context, reason))

    def mark_unsafe(self, start: int, reason: str, known: int) -> None:
        """Mark everything from `start` to here as unsafe.

        This mark replaces all marks after the first `known`.
        """
        del self.marks[known:]
        self.mark(start, self.pos, Context.UNSAFE, reason)

    def descend(self, opened: int) -> None:
        """Go one level of nesting deeper."""
        if self.depth >= _MAX_DEPTH:
            raise ShellSyntaxError(opened, f"nested more than {_MAX_DEPTH} levels deep")
        self.depth += 1

    def ascend(self) -> None:
        """Leave that level; not needed after an error, which ends the reading."""
        self.depth -= 1

    def skip_blanks(self) -> None:
        """Pass spaces, tabs and continued lines; the token before them has ended."""
        if self.pos != self._blank_until:
            self.end = self.pos
        if blanks := _BLANKS.match(self.text, self.pos):
            self.pos = blanks.end()
        self._blank_until = self.pos

    def skip_comment(self) -> None:
        """Pass a comment, up to its newline."""
        end = self.text.find("\n", self.pos)
        end = len(self.text) if end < 0 else end
        self.comments.append((self.pos, end))
        self.mark(self.pos, end, Context.COMMENT)
        self.pos = self._blank_until = end

    def skip_plain(self, plain: LazyPattern[str]) -> str:
        """Pass characters that mean nothing here, and return the one after them, or "" at the end."""
        self.pos = cast(re.Match[str], plain.match(self.text, self.pos)).end()
        return self.peek()

    def arithmetic_end(self, start: int) -> int | None:
        """Return the end of the `((` at `start` if it is arithmetic; None if it holds commands."""
        inner = self.parenthesis_end(start + 1)
        return inner + 1 if inner is not None and self.text.startswith(")", inner) else None

    def parenthesis_end(self, start: int) -> int | None:
        """Return the end of the `(` at `start`, by its parentheses and quotes alone.

        Returns None if it has no end.
        """
        if start not in self._parentheses:
            self._find_parentheses(start)
        return self._parentheses[start]

    def _find_parentheses(self, start: int) -> None:
        """Find the end of the `(` at `start` and of all between."""
        opened: list[int] = []
        for token in _PARENTHESIS.finditer(self.text, start):
            if token[0] in "'\"" and self.dialect.is_bash:
                # bash looks for the end of this quote before it knows that these are commands
                raise ShellSyntaxError(token.start(), f"`{token[0]}` has no closing `{token[0]}`")
            if token[0] == "(":
                opened.append(token.start())
                self._parentheses[token.start()] = None
            elif token[0] == ")":
                self._parentheses[opened.pop()] = token.end()
                if not opened:
                    return
