"""Where a span ends, and in which units a format counts columns."""

from __future__ import annotations

from ...model import Span
from ..lines import lines_of


def end_of(text: str, span: Span) -> tuple[int, int]:
    """The line and the column, from 1, of the character after the span."""
    end = lines_of(text).span(max(span.start, span.end - 1), span.end)
    return end.line, end.column + (1 if span.end > span.start else 0)


def utf16_column(text: str, line: int, column: int) -> int:
    """A column of a line, both from 1, counted in UTF-16 code units as editors do."""
    start = lines_of(text).starts[line - 1]
    before = text[start : start + column - 1]
    return len(before.encode("utf-16-le", "surrogatepass")) // 2 + 1
