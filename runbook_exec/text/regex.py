"""Compiles regular expressions of a document, or refuses them with the mistake's place."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator


class PatternProblem(ValueError):
    """A regular expression does not compile; `position` is the place in it, in characters."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


class LazyPattern:
    """A pattern that is compiled for the first text it is applied to; most texts need few of ours."""

    __slots__ = ("_compiled", "_flags", "_pattern")

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self._pattern = pattern
        self._flags = flags
        self._compiled: re.Pattern[str] | None = None

    def _get(self) -> re.Pattern[str]:
        if self._compiled is None:
            self._compiled = re.compile(self._pattern, self._flags)
        return self._compiled

    def search(self, text: str, *ends: int) -> re.Match[str] | None:
        """Return the first match; `ends` are where the search begins and ends."""
        return self._get().search(text, *ends)

    def match(self, text: str, *ends: int) -> re.Match[str] | None:
        """Return the match at the beginning."""
        return self._get().match(text, *ends)

    def fullmatch(self, text: str, *ends: int) -> re.Match[str] | None:
        """Return the match of the whole text."""
        return self._get().fullmatch(text, *ends)

    def finditer(self, text: str, *ends: int) -> Iterator[re.Match[str]]:
        """Return the matches in order."""
        return self._get().finditer(text, *ends)

    def sub(self, instead: str, text: str) -> str:
        """Return the text with every match replaced."""
        return self._get().sub(instead, text)


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a pattern, in which `^` and `$` match at line ends. Raises PatternProblem."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a doubtful set such as `[[a]` still means what `re` reads
            return re.compile(pattern, re.MULTILINE)
    except re.error as error:
        position = error.pos or 0
        raise PatternProblem(f"{error.msg} at character {position + 1} of `{pattern}`", position) from None
    except (OverflowError, RecursionError):
        raise PatternProblem("the regular expression is too large", 0) from None
