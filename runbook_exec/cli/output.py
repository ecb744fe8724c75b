"""Prints text on standard output, byte for byte, and reports the terminal's width."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from ..system.screen_size import read_screen_size


def write_bytes(data: bytes) -> None:
    """Write the bytes to standard output, and flush it."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def print_text(text: str) -> None:
    """Print the text unchanged; surrogate escapes become the bytes of a file's name."""
    write_bytes(text.encode("utf-8", "surrogateescape"))


def print_lines(text: str) -> None:
    """Print the text with a line end after its last line; print nothing if it is empty."""
    if text:
        write_bytes(text.encode("utf-8", "replace") + (b"" if text.endswith("\n") else b"\n"))


def print_warnings(lines: Iterable[str]) -> None:
    """Print lines to standard error."""
    for line in lines:
        print(line, file=sys.stderr)


def terminal_columns() -> int:
    """Return the columns of the terminal, or 80 if there is none."""
    return read_screen_size().columns
