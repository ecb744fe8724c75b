"""The lines of a page, kept while several places on it are asked for."""

from __future__ import annotations

from functools import lru_cache

from ..model import Span
from ..source import Source, source


@lru_cache(maxsize=4)
def lines_of(text: str) -> Source:
    """The text divided into lines; quick where it was one of the last few that were asked for."""
    return source(text)


def span_in(text: str, start: int, end: int) -> Span:
    """The stretch `text[start:end]` with its line and column."""
    return lines_of(text).span(start, end)
