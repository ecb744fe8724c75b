"""Keeps the end of a terminal's output, for a terminal that attaches later."""

from __future__ import annotations

import re

_KEPT = 1 << 15  # bytes

# every sequence but colours: a terminal would answer some, and the answer would be typed into a program
_SEQUENCE = re.compile(
    rb"\x1b\[(?![\d;:]*m)[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-OQ-WYZ\\`-~]"
    rb"|[\x00-\x06\x0b-\x0c\x0e-\x1a\x1c-\x1f\x7f]"
)


class ScreenHistory:
    """The last output of a terminal."""

    def __init__(self) -> None:
        self._data = b""

    def add(self, data: bytes) -> None:
        """Add output, and forget what is too old."""
        self._data = (self._data + data)[-_KEPT:]

    def render(self) -> bytes:
        """Return the last output as text with colours, from the beginning of a line."""
        data = self._data
        if len(data) == _KEPT:
            data = data.partition(b"\n")[2]
        return _SEQUENCE.sub(b"", data) + b"\x1b[0m"
