"""Patterns of this program that are compiled when they are first used."""

from __future__ import annotations

import re
from collections.abc import Callable

# As in `typing`, which this module does without: `--version` would load it for nothing else.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, AnyStr, Generic
else:
    AnyStr, Generic = str, {str: object}


class LazyPattern(Generic[AnyStr]):
    """A pattern that is compiled for the first text it is applied to: most runs need few of ours.

    It has the methods of a compiled pattern. They are those of `re` themselves: a page applies patterns a
    hundred times, and a method around each would cost as much as a short match.
    """

    __slots__ = (
        "_flags", "findall", "finditer", "fullmatch", "match", "pattern", "search", "split", "sub"
    )  # fmt: skip

    pattern: AnyStr

    def __init__(self, pattern: AnyStr, flags: int = 0) -> None:
        self.pattern = pattern
        self._flags = flags

    def _compile(self) -> re.Pattern[AnyStr]:
        """Return the compiled pattern, and take its methods."""
        compiled = re.compile(self.pattern, self._flags)
        self.search, self.match, self.fullmatch = compiled.search, compiled.match, compiled.fullmatch
        self.finditer, self.findall = compiled.finditer, compiled.findall
        self.split, self.sub = compiled.split, compiled.sub
        return compiled

    if TYPE_CHECKING:
        search: Callable[..., re.Match[AnyStr] | None]
        match: Callable[..., re.Match[AnyStr] | None]
        fullmatch: Callable[..., re.Match[AnyStr] | None]
        finditer: Callable[..., Iterator[re.Match[AnyStr]]]
        findall: Callable[..., list[Any]]
        split: Callable[..., list[AnyStr]]
        sub: Callable[..., AnyStr]
    else:

        def __getattr__(self, name):
            """Compile the pattern when its first method is asked for."""
            return getattr(self._compile(), name)


class CaselessPattern:
    """A pattern in small letters that matches whatever the case of a text.

    A text in ASCII is made small first: `re.IGNORECASE` reads each alternative of a pattern several times as
    long. Groups of a match have small letters too.
    """

    __slots__ = ("_in_any_case", "_in_small_letters", "pattern")

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self._in_small_letters = LazyPattern(pattern)
        self._in_any_case = LazyPattern(pattern, re.IGNORECASE)

    def search(self, text: str) -> re.Match[str] | None:
        """Return the first match."""
        if text.isascii():
            return self._in_small_letters.search(text.lower())
        return self._in_any_case.search(text)

    def match(self, text: str) -> re.Match[str] | None:
        """Return the match at the beginning."""
        if text.isascii():
            return self._in_small_letters.match(text.lower())
        return self._in_any_case.match(text)

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """Return the match of the whole text."""
        if text.isascii():
            return self._in_small_letters.fullmatch(text.lower())
        return self._in_any_case.fullmatch(text)
