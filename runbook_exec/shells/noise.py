"""What a shell's own messages say of our driver, taken out of its output."""

from __future__ import annotations

import re

_LONGEST = 400  # bytes of an unfinished line that may still turn out to be noise


class Tidy:
    """Takes the driver's name out of error messages and traces, line by line, as output streams by.

    fish writes its messages a few bytes at a time, so an unfinished line that may still become noise is
    held back until it is finished or `flush` is called.
    """

    def __init__(self, folder: str) -> None:
        here = re.escape(folder.encode())
        self._folder = folder.encode()
        self._openers = (
            self._folder,
            b"from sourcing file " + self._folder,
            b"\tcalled on line ",
            b"+" + self._folder,
        )
        self._drop = re.compile(
            rb"(?:from sourcing file |\tcalled on line \d+ of file |\+)" + here + rb"/\w+[^\n]*\n"
            rb"|" + here + rb"/\w+ \(line \d+\): \r?\n"
        )
        self._prefix = re.compile(
            here + rb"/\w+(?: \(line \d+\): |: (?:\d+: )?(?:eval: )?(?:" + here + rb"/\w+: \d+: )?)"
        )
        self._held = b""
        self._fresh = True  # the next byte begins a line

    def feed(self, data: bytes) -> bytes:
        """The output without noise, as far as it can be told yet."""
        data = self._held + data
        self._held = b""
        if self._fresh or b"\n" in data:
            start = data.rfind(b"\n") + 1
            if (start or self._fresh) and self._may_open(data[start : start + _LONGEST]):
                data, self._held = data[:start], data[start:]
        if self._folder in data:
            lines = data.splitlines(keepends=True)
            first = 0 if self._fresh else 1
            data = b"".join(lines[:first] + [self._line(line) for line in lines[first:]])
        if data:
            self._fresh = data.endswith(b"\n") or (self._fresh and not data)
        elif self._held:
            self._fresh = True
        return data

    def flush(self) -> bytes:
        """What was held back: nothing more came to finish its line."""
        held, self._held = self._line(self._held), b""
        if held:
            self._fresh = False
        return held

    def _may_open(self, line: bytes) -> bool:
        return (
            bool(line)
            and len(line) < _LONGEST
            and any(line.startswith(opener) or opener.startswith(line) for opener in self._openers)
        )

    def _line(self, line: bytes) -> bytes:
        return b"" if self._drop.fullmatch(line) else self._prefix.sub(b"", line, count=1)
