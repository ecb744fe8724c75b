"""Reads the size of the operator's screen."""

from __future__ import annotations

import os

_MOST_COLUMNS, _MOST_ROWS = 2000, 1000  # a larger size is a mistake in $COLUMNS or $LINES


def read_screen_size() -> os.terminal_size:
    """Return the columns and rows in `$COLUMNS` and `$LINES`, or of standard output, or 80 by 24."""
    from shutil import get_terminal_size  # large, and `--version` needs no size

    columns, rows = get_terminal_size()
    return os.terminal_size((min(columns, _MOST_COLUMNS), min(rows, _MOST_ROWS)))
