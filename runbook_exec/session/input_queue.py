"""Queues keys that were typed and that the program's terminal has not taken yet."""

from __future__ import annotations

import contextlib
import os
import termios

from .pty_modes import drop_unread

INTERRUPT = b"\x03"


class InputQueue:
    """Keys on their way to a terminal, which takes only so many before its program reads them."""

    def __init__(self, terminal: int) -> None:
        self._terminal = terminal
        self._keys = bytearray()

    def add(self, keys: bytes) -> None:
        """Add keys that were typed."""
        self._keys += keys

    def clear(self) -> None:
        """Drop the keys that were not taken: they were typed for a program that has ended."""
        self._keys.clear()

    def write_pending(self) -> bool:
        """Pass on as many keys as the terminal takes; return whether some are left.

        ^C does not wait behind keys that no program reads: if it interrupts, it drops them, as any terminal
        does.
        """
        self._write()
        at = self._keys.rfind(INTERRUPT)
        if at >= 0 and self._can_interrupt():
            del self._keys[:at]
            drop_unread(self._terminal)
            self._write()
        return bool(self._keys)

    def _write(self) -> None:
        with contextlib.suppress(BlockingIOError):
            del self._keys[: os.write(self._terminal, self._keys)]

    def _can_interrupt(self) -> bool:
        """Return whether ^C still interrupts the program."""
        modes = termios.tcgetattr(self._terminal)
        return bool(modes[3] & termios.ISIG) and modes[6][termios.VINTR] == INTERRUPT
