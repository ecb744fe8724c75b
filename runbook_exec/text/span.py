"""Defines a span: a stretch of a file, with its line and column."""

from __future__ import annotations

from ..light_classes import NamedTuple


class Span(NamedTuple):
    """A stretch of a file: `text[start:end]`, with the 1-based line and column of its start.

    Offsets count characters of the file as decoded, with its byte order mark and its own line ends. Columns
    count characters too; a byte order mark takes none. A span is a tuple because a page has hundreds of
    spans, and a tuple is made faster than a dataclass.
    """

    start: int
    end: int
    line: int
    column: int
