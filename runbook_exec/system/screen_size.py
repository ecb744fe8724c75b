"""Reads the size of the operator's screen."""

from __future__ import annotations

import os
import sys

_MOST_COLUMNS, _MOST_ROWS = 2000, 1000  # a larger size is a mistake in $COLUMNS or $LINES


def read_screen_size() -> os.terminal_size:
    """Return the columns and rows in `$COLUMNS` and `$LINES`, or of standard output, or 80 by 24."""
    # as `shutil.get_terminal_size` does, which is slow to import
    columns, rows = _read_number("COLUMNS"), _read_number("LINES")
    if columns <= 0 or rows <= 0:
        try:
            found = os.get_terminal_size(sys.__stdout__.fileno() if sys.__stdout__ else 1)
        except (OSError, ValueError):  # no terminal, or closed
            found = os.terminal_size((80, 24))
        columns, rows = columns or found.columns or 80, rows or found.lines or 24
    return os.terminal_size((min(columns, _MOST_COLUMNS), min(rows, _MOST_ROWS)))


def _read_number(name: str) -> int:
    """Return the number in a variable of the environment; 0 if it holds none."""
    try:
        return max(0, int(os.environ.get(name, "")))
    except ValueError:
        return 0
