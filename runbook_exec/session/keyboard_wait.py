"""Decides whether a statement waits for a key that nobody will type.

Only a session without an operator asks. A false alarm would end a statement that works. Therefore a program
must wait for some seconds: for nothing but a key, or for a key or something else after a line that asks.
"""

from __future__ import annotations

import os
import re

from ..light_classes import NamedTuple
from ..system.screen_modes import ScreenModes
from ..system.terminal_readers import Certainty, Foreground, TerminalReader
from ..text.ansi import strip_ansi
from ..text.lazy_pattern import LazyPattern
from .connections.base import TerminalProcess
from .pty_modes import find_read_limits

_INTERVAL = 0.5  # seconds between two looks

_STILL = 1.5  # seconds without output before a program counts as waiting for a key only

_POSSIBLY = 4.0  # seconds without output before a program counts that may wait for something else

_REPEATED = 4.0  # seconds that a program must repeat waits that end by themselves, as `top` does

_LINES_REPEATED = 60.0  # the same if it reads lines: `read -t` may be used to pass the time

_TICKS = 0.05 * os.sysconf("SC_CLK_TCK")  # processor time in each second that a waiting program may use

_TAIL = 1024  # bytes of output that are kept

_LONGEST = 120  # characters of a last line that are reported

# a last line that asks for a key, and not one that a program prints while it works, such as `Checking: `
_ASKS = LazyPattern(
    r"\?\s*$"
    r"|[\[(]\s*\w+(?:\s*[/|]\s*\w+)+\s*[\])]\W*$"  # [y/N]
    r"|\b(?:press|hit)\b|--more--|\(END\)"
    r"|\b(?:enter|type|choose|select|confirm|continue)\b[^.]*[:>]\s*$"
    r"|\b(?:pass(?:word|phrase|code)|pin|token|otp|code|user ?name|login|name|value|input|answer)\b[^:]*:\s*$"
    r"|(?:^|[^\d\s])[$#>]\s?$"  # a prompt
    r"|^[$#>]\s?$",
    re.IGNORECASE,
)

# before version 5.2, bash limits a `read -t` with an alarm, which the system does not show
_LIMITED_READ = LazyPattern(rb"\bread\b[^\n;|&]{0,200}?\s-[a-zA-Z]*t\s*(\d{1,5}(?:\.\d{1,9})?)")

_COLOUR = LazyPattern(r"\x1b\[[\d;:]*m")


class KeyWait(NamedTuple):
    """A program that waits for a key, and the line that it printed last; "" if it has none."""

    program: str
    last_line: str


class KeyboardWatch:
    """Watches what the programs on a terminal wait for, while a statement runs."""

    def __init__(self, process: TerminalProcess, code: bytes, now: float) -> None:
        """Begin to watch `code` at the moment `now` of the monotonic clock."""
        self._process = process
        self._code = code
        self._next_look = now + _INTERVAL
        self._last_output = now
        self._tail = b""
        self._modes: ScreenModes | None = None  # made with the first output
        self._waiting = -1  # the process that was seen to wait, since when, and its processor time then
        self._since = now
        self._ticks = 0

    def add_output(self, data: bytes, now: float) -> None:
        """Follow the output of the statement."""
        self._last_output = now
        self._tail = (self._tail + data[-_TAIL:])[-_TAIL:]
        if self._modes is None:
            self._modes = ScreenModes()
        self._modes.follow(data)

    def find_wait(self, now: float) -> KeyWait | None:
        """Return the program that waits for a key, if one has done so for long enough."""
        if now < self._next_look:
            return None
        self._next_look = now + _INTERVAL
        try:
            seen = self._process.inspect_foreground()
        except OSError:
            seen = Foreground()
        reader = seen.reader
        if reader is None:
            self._waiting = -1
            return None
        is_busy = seen.ticks - self._ticks > _TICKS * max(now - self._since, 1.0)
        if reader.pid != self._waiting or is_busy:
            self._waiting, self._since, self._ticks = reader.pid, now, seen.ticks
            return None
        if self._is_certain(reader, now):
            return KeyWait(reader.name, find_last_line(self._tail))
        return None

    def _is_certain(self, reader: TerminalReader, now: float) -> bool:
        waited, still = now - self._since, now - self._last_output
        if reader.certainty == Certainty.CERTAIN:
            limit = max((float(each) for each in _LIMITED_READ.findall(self._code)), default=0.0)
            takes_lines, key_limit = find_read_limits(self._process.terminal)
            if limit or (reader.seconds and takes_lines):
                return waited >= max(_LINES_REPEATED, limit + 1, reader.seconds + 1)
            if seconds := reader.seconds or key_limit:
                # a program that paints, such as `top`, shows a new screen now and then
                return waited >= max(_REPEATED, seconds + 1) or min(waited, still) >= _POSSIBLY
            return min(waited, still) >= _STILL
        in_alternate_screen = self._modes is not None and self._modes.in_alternate_screen
        asks = in_alternate_screen or _ASKS.search(_take_unfinished_line(self._tail))
        return min(waited, still) >= _POSSIBLY and bool(asks)


def _take_unfinished_line(tail: bytes) -> str:
    """Return the text after the last line end, without escape sequences."""
    line = strip_ansi(tail.rpartition(b"\n")[2].decode("utf-8", "replace"))
    return line.rstrip("\r").rpartition("\r")[2]


def find_last_line(tail: bytes) -> str:
    """Return the last line of output that a person would read, "" if it was painted and not printed."""
    for line in reversed(tail.decode("utf-8", "replace").splitlines()):
        plain = _COLOUR.sub("", line)
        if "\x1b" in plain:
            return ""
        if text := plain.strip():
            return text if len(text) <= _LONGEST else f"…{text[-_LONGEST:]}"
    return ""
