"""Removes the name of our driver from a shell's own messages."""

from __future__ import annotations

import os
import re

_OWN = b"{ __runbook_"

_LONGEST = 400  # bytes of an unfinished line that may still turn out to be noise


class NoiseFilter:
    """Removes the driver's name from error messages and traces, as output streams by.

    fish writes its messages a few bytes at a time. Bytes that may still become noise are therefore held back
    until their line is finished or `flush` is called.
    """

    def __init__(self, folder: str, home: str = "") -> None:
        """Take the folder of the driver; fish writes its beginning as `~` if that is `home`."""
        self._names = [os.fsencode(folder)]
        if home and folder.startswith(home.rstrip("/") + "/"):
            self._names.append(b"~" + os.fsencode(folder[len(home.rstrip("/")) :]))
        file = b"(?:" + b"|".join(map(re.escape, self._names)) + rb")/\w+"
        self._openers = (
            _OWN,  # lines of the driver that `set -v` prints
            *(b"from sourcing file " + name for name in self._names),
            b"\tcalled on line ",
        )
        self._drop = re.compile(
            rb"(?:from sourcing file |\tcalled on line \d+ of file )" + file + rb"[^\n]*\n"
            rb"|" + file + rb" \(line \d+\): \r?\n"
            rb"|\{ __runbook_[^\n]* 2>(?:/dev/null|&1)\r?\n"
        )
        self._prefix = re.compile(
            file + rb"(?: \(line \d+\): |: (?:\d+: )?(?:eval: )?(?:" + file + rb": \d+: )?)"
        )
        self._held = b""
        self._fresh = True  # the next byte, or the first held byte, begins a line

    def feed(self, data: bytes) -> bytes:
        """Return the output without noise, as far as it is known yet."""
        data = self._held + data
        cut = self._find_unfinished(data)
        self._held = data[cut:]
        return self._clean(data[:cut])

    def flush(self) -> bytes:
        """Return the held bytes: no more bytes came to finish their line."""
        if not self._held:
            return b""
        held, self._held = self._held, b""
        return self._clean(held)

    def _find_unfinished(self, data: bytes) -> int:
        """Return where the end of the data begins that more output could turn into noise."""
        start = data.rfind(b"\n") + 1
        if (start or self._fresh) and self._may_open(data[start : start + _LONGEST]):
            return start
        return min(_find_name_start(name, data, start) for name in self._names)

    def _may_open(self, line: bytes) -> bool:
        return 0 < len(line) < _LONGEST and any(
            line.startswith(opener) or opener.startswith(line) for opener in self._openers
        )

    def _clean(self, data: bytes) -> bytes:
        if not data:
            return b""
        fresh, self._fresh = self._fresh, data.endswith(b"\n")
        if _OWN not in data and not any(name in data for name in self._names):
            return data
        lines = data.splitlines(keepends=True)
        return b"".join(self._filter_line(line, fresh or number > 0) for number, line in enumerate(lines))

    def _filter_line(self, line: bytes, whole: bool) -> bytes:
        return b"" if whole and self._drop.fullmatch(line) else self._prefix.sub(b"", line)


def _find_name_start(name: bytes, data: bytes, start: int) -> int:
    """Return where in the unfinished line from `start` the name is or begins.

    Returns the end of the data if the name is nowhere.
    """
    near = max(start, len(data) - _LONGEST)
    if (at := data.find(name, near)) >= 0:
        return at
    at = data.find(name[:1], max(start, len(data) - len(name)))
    while at >= 0 and not name.startswith(data[at:]):
        at = data.find(name[:1], at + 1)
    return at if at >= 0 else len(data)
