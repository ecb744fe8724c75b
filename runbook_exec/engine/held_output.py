"""Holds output as it was printed, until its secrets and captures are known."""

from __future__ import annotations

import re

_KEPT = 8 << 20  # bytes: the most of the beginning, and the least of the end


# the end of a question, such as `Enter the password for you at my.1password.com: `
_QUESTION = (
    rb"(?i)[^\r\n]{0,200}(?:pass|pin|code|otp|key|user|mail|unlock|touch|verif|\by/n\b)"
    rb"[^\r\n]{0,100}[:?>\])] ?\Z"
)

_FULL_SCREEN = (b"\x1b[?1049h", b"\x1b[?1049l")  # a program takes the whole screen, and gives it back


class HeldOutput:
    """Holds the output of a statement as it was printed, without any mask.

    Of a long output only the beginning and the end are kept.
    """

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._beginning = bytearray()
        self._end = bytearray()
        self._skipping = False  # whether the rest of the current line is dropped
        self.dropped = 0  # bytes between the beginning and the end
        self._asked = 0  # the size of the output up to the end of the last question

    def __bool__(self) -> bool:
        """Return whether anything was printed."""
        return bool(self._beginning or self._end or self.dropped)

    @property
    def beginning(self) -> bytes:
        """Return all of the output, unless something is `dropped`."""
        return bytes(self._beginning)

    @property
    def end(self) -> bytes:
        """Return the output after the beginning, or after the `dropped` bytes."""
        return bytes(self._end)

    def text(self) -> str:
        """Return what is kept of the output; bytes that are not UTF-8 are surrogate escapes."""
        return (self._beginning + self._end).decode("utf-8", "surrogateescape")

    @property
    def lacks_end(self) -> bool:
        """Return whether the last line is one of those that were dropped."""
        return bool(self.dropped) and (self._skipping or not self._end)

    def add(self, data: bytes) -> None:
        """Add the next piece of output."""
        if not self.dropped:
            room = self._kept - len(self._beginning)
            self._beginning += data[:room]
            data = data[room:]
        elif self._skipping:
            line = data.find(b"\n")
            self._skipping = line < 0
            self.dropped += len(data) if self._skipping else line + 1
            data = b"" if self._skipping else data[line + 1 :]
        self._end += data
        if len(self._end) > 2 * self._kept:
            self._drop()

    def take_question(self) -> bytes:
        """Return what a program asks at the end of the output, once: a line, or all of a full screen."""
        data = self._end or self._beginning
        size = self.dropped + len(self._beginning) + len(self._end)
        new = min(size - self._asked, len(data))
        opened = data.rfind(_FULL_SCREEN[0])
        if opened > data.rfind(_FULL_SCREEN[1]):
            found = bytes(data[max(opened, len(data) - new) :])
        else:
            start = max(data.rfind(b"\n"), data.rfind(b"\r"), len(data) - new - 1, len(data) - 301) + 1
            question = re.fullmatch(_QUESTION, data[start:])
            found = bytes(question[0]) if question else b""
        self._asked = size if found else self._asked
        return found

    def _drop(self) -> None:
        """Drop whole lines: half a line may hold half of a secret, which nothing would recognise."""
        before = len(self._beginning) + len(self._end)
        if not self.dropped:
            del self._beginning[self._beginning.rfind(b"\n") + 1 :]
        line = self._end.find(b"\n", len(self._end) - self._kept - 1)
        self._skipping = line < 0
        del self._end[: len(self._end) if self._skipping else line + 1]
        self.dropped += before - len(self._beginning) - len(self._end)
