"""The table, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from unicodedata import east_asian_width

from .claims import Row

_HEAD = ("what", "ours", "against", "theirs", "measured", "at most", "holds")
_SAID = {True: "yes", False: "NO", None: ""}


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table whose columns line up in a terminal too."""
    cells = [
        (row.title, row.ours, row.against, row.theirs, row.measured, row.floor, _SAID[row.holds])
        for row in rows
    ]
    widths = [max(map(_width, column)) for column in zip_longest(*cells, _HEAD, fillvalue="")]
    lines = [_line(_HEAD, widths), _line(["-" * width for width in widths], widths)]
    return "\n".join((*lines, *(_line(row, widths) for row in cells)))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
