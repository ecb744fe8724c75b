"""Prints text so that no character of it acts on the terminal, and reports the terminal's width."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable

from ..system.screen_size import read_screen_size
from ..text.ansi import escape_unprintable

TYPE_CHECKING = False  # as in `typing`, which takes longer to import than `--version` needs
if TYPE_CHECKING:
    from typing import TextIO


class PrintableStream(io.TextIOWrapper):
    """A standard stream that writes out each character that moves the cursor, turns text around or is hidden.

    A page, the name of a file or a journal may hold such characters. Bytes for its `buffer` stay as they are.
    """

    def write(self, text: str, /) -> int:
        """Write the text in its printable form, and return how many characters were given."""
        super().write(escape_unprintable(text))
        return len(text)


def install_printable_streams() -> None:
    """Make `print`, warnings and tracebacks write in printable form to both standard streams."""
    for name in ("stdout", "stderr"):
        stream = _make_printable(getattr(sys, name))
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)  # `shutil` asks this one for the size of the terminal


def _make_printable(stream: TextIO) -> TextIO:
    if not isinstance(stream, io.TextIOWrapper) or isinstance(stream, PrintableStream):
        return stream
    encoding, buffered = stream.encoding, not stream.line_buffering
    return PrintableStream(stream.detach(), encoding, "backslashreplace", line_buffering=not buffered)


def write_bytes(data: bytes) -> None:
    """Write the bytes to standard output, and flush it."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def print_unchanged(text: str) -> None:
    """Print the text unchanged, for a program; surrogate escapes become the bytes of a file's name."""
    write_bytes(text.encode("utf-8", "surrogateescape"))


def print_text(text: str) -> None:
    """Print the text in its printable form, in UTF-8."""
    write_bytes(escape_unprintable(text).encode("utf-8", "replace"))


def print_lines(text: str) -> None:
    """Print the text with a line end after its last line; print nothing if it is empty."""
    if text:
        print_text(text if text.endswith("\n") else f"{text}\n")


def print_warnings(lines: Iterable[str]) -> None:
    """Print lines to standard error."""
    for line in lines:
        print(line, file=sys.stderr)


def terminal_columns() -> int:
    """Return the columns of the terminal, or 80 if there is none."""
    return read_screen_size().columns
