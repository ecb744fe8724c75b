"""A cursor over bash, zsh or sh source: it passes blanks and comments and notes the context of stretches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from ..model import Context
from .posix_marks import Dialect, Region, Unfinished

_MAX_DEPTH = 80  # well above any real script, and well below Python's own limit on recursion
_BLANKS = re.compile(r"(?:[ \t]|\\\n)+")


class Cursor:
    """Where reading has got to in a script; what it has seen is in its lists."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        self.text = text
        self.dialect = dialect
        self.pos = 0
        self.end = 0  # the end of the last token, once the blanks after it are passed
        self.marks: list[Region] = []
        self.comments: list[tuple[int, int]] = []
        self._blank_until = 0
        self._depth = 0

    def peek(self) -> str:
        """The next character, or "" at the end."""
        return self.text[self.pos : self.pos + 1]

    def at(self, token: str) -> bool:
        """Whether the token stands here."""
        return self.text.startswith(token, self.pos)

    def mark(self, start: int, end: int, context: Context, reason: str = "") -> None:
        """Note the context of a stretch; marks inside it win."""
        if start < end:
            self.marks.append(Region(start, end, context, reason))

    def mark_unsafe(self, start: int, reason: str, known: int) -> None:
        """Note all from `start` to here as unsafe, in place of all marks but the first `known`."""
        del self.marks[known:]
        self.mark(start, self.pos, Context.UNSAFE, reason)

    @contextmanager
    def level(self, opened: int) -> Iterator[None]:
        """One level of nesting deeper."""
        if self._depth >= _MAX_DEPTH:
            raise Unfinished(opened, f"nested more than {_MAX_DEPTH} levels deep")
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    def blanks(self) -> None:
        """Pass spaces, tabs and continued lines; the token before them has ended."""
        if self.pos != self._blank_until:
            self.end = self.pos
        if blanks := _BLANKS.match(self.text, self.pos):
            self.pos = blanks.end()
        self._blank_until = self.pos

    def comment(self) -> None:
        """Pass a comment, up to its newline."""
        end = self.text.find("\n", self.pos)
        end = len(self.text) if end < 0 else end
        self.comments.append((self.pos, end))
        self.mark(self.pos, end, Context.COMMENT)
        self.pos = self._blank_until = end
