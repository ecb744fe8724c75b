"""Patterns of this program that are compiled when they are first used."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# As in `typing`, which this module does without: `--version` would load it for nothing else.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import AnyStr, Generic
else:
    AnyStr, Generic = str, {str: object}


class LazyPattern(Generic[AnyStr]):
    """A pattern that is compiled for the first text it is applied to: most runs need few of ours."""

    __slots__ = ("_compiled", "_flags", "pattern")

    pattern: AnyStr

    def __init__(self, pattern: AnyStr, flags: int = 0) -> None:
        self.pattern = pattern
        self._flags = flags
        self._compiled: re.Pattern[AnyStr] | None = None

    def compile(self) -> re.Pattern[AnyStr]:
        """Return the compiled pattern, for loops that apply it often."""
        if self._compiled is None:
            self._compiled = re.compile(self.pattern, self._flags)
        return self._compiled

    def search(self, text: AnyStr, *ends: int) -> re.Match[AnyStr] | None:
        """Return the first match; `ends` are where the search begins and ends."""
        return (self._compiled or self.compile()).search(text, *ends)

    def match(self, text: AnyStr, *ends: int) -> re.Match[AnyStr] | None:
        """Return the match at the beginning."""
        return (self._compiled or self.compile()).match(text, *ends)

    def fullmatch(self, text: AnyStr, *ends: int) -> re.Match[AnyStr] | None:
        """Return the match of the whole text."""
        return (self._compiled or self.compile()).fullmatch(text, *ends)

    def finditer(self, text: AnyStr, *ends: int) -> Iterator[re.Match[AnyStr]]:
        """Return the matches in order."""
        return (self._compiled or self.compile()).finditer(text, *ends)

    def findall(self, text: AnyStr, *ends: int) -> list[AnyStr]:
        """Return the texts of the matches, or of the pattern's one group in them."""
        return (self._compiled or self.compile()).findall(text, *ends)

    def split(self, text: AnyStr, limit: int = 0) -> list[AnyStr]:
        """Return the parts between the matches, at most `limit` + 1 of them, with the groups."""
        return (self._compiled or self.compile()).split(text, limit)

    def sub(
        self, instead: AnyStr | Callable[[re.Match[AnyStr]], AnyStr], text: AnyStr, limit: int = 0
    ) -> AnyStr:
        """Return the text with every match replaced, or the first `limit`."""
        return (self._compiled or self.compile()).sub(instead, text, limit)


@contextmanager
def delay_compilation() -> Iterator[None]:
    """Let a library that is imported meanwhile compile its patterns when it first uses them.

    Some libraries compile many patterns at import, and most runs use few of them.
    """
    compile_now = re.compile
    re.compile = LazyPattern  # type: ignore[assignment]
    try:
        yield
    finally:
        re.compile = compile_now
