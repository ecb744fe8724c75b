"""Controls the operator's terminal: its keys, its size and its modes."""

from __future__ import annotations

import contextlib
import os
import re
import termios
import tty

from .signals import hold_signals

_PRIVATE_MODE = re.compile(rb"\x1b\[\?([\d;]+)([hl])")

_NORMALLY_ON = {b"7", b"25"}  # wrapping, and the cursor

# modes that make a terminal unusable if a program that died left them on: application keys, mouse, focus,
# alternate screen, bracketed paste
_MATTERS = {b"1", b"7", b"9", b"25", b"47", b"1000", b"1001", b"1002", b"1003", b"1004", b"1005", b"1006"}

_MATTERS |= {b"1015", b"1047", b"1049", b"2004"}


class OperatorTty:
    """A terminal that is raw while a statement runs, and is restored afterwards."""

    def __init__(self, fd: int, screen: int) -> None:
        """Read keys from `fd`; `screen` is the descriptor of the terminal's output."""
        self._fd = fd
        self._screen = screen
        self._found = termios.tcgetattr(fd)
        self._taken = False

    def fileno(self) -> int:
        """Return the descriptor that keys are read from."""
        return self._fd

    def device(self) -> str:
        """Return the name of the terminal's device; "" if it has none."""
        with contextlib.suppress(OSError):
            return os.ttyname(self._fd)
        return ""

    def take(self) -> None:
        """Make the terminal raw: every key goes to the program.

        Keys that were typed before are dropped.
        """
        if not self._taken:
            with hold_signals():  # otherwise a half raw terminal would not be restored
                # other values of `when` would wait for programs that are printing there
                tty.setraw(self._fd, termios.TCSANOW)
                self._drop_keys()
                self._taken = True

    def give_back(self) -> None:
        """Restore the modes.

        Keys that were typed before are dropped: one could answer the next question.
        """
        if self._taken:
            with hold_signals(), contextlib.suppress(termios.error):  # the terminal may be gone
                self._taken = False
                self._drop_keys()
                termios.tcsetattr(self._fd, termios.TCSANOW, self._found)

    def _drop_keys(self) -> None:
        # TCSAFLUSH would leave input that the kernel has not yet given to the terminal, and may wait for ever
        termios.tcflush(self._fd, termios.TCIFLUSH)

    def size(self) -> tuple[int, int]:
        """Return the rows and columns."""
        try:
            columns, rows = os.get_terminal_size(self._screen)
        except OSError:
            return 24, 80
        return (rows or 24, columns or 80)


class ScreenModes:
    """Tracks the modes of the terminal, to reset those that programs leave changed."""

    def __init__(self) -> None:
        self._changed: dict[bytes, bool] = {}
        self._styled = False
        self._tail = b""

    def follow(self, data: bytes) -> None:
        """Track the modes in data that is about to be written to the terminal."""
        if b"\x1b" not in data and not self._tail:
            return
        self._styled = True
        data = self._tail + data
        for modes, switch in _PRIVATE_MODE.findall(data):
            for mode in modes.split(b";"):
                if mode in _MATTERS:
                    self._changed[mode] = switch == b"h"
        escape = data.rfind(b"\x1b")
        unfinished = 0 <= len(data) - escape < 16 and not _PRIVATE_MODE.search(data, escape)
        self._tail = data[escape:] if unfinished and escape >= 0 else b""

    @property
    def in_alternate_screen(self) -> bool:
        """Return whether the alternate screen is shown."""
        return any(self._changed.get(mode, False) for mode in (b"47", b"1047", b"1049"))

    def restore(self) -> bytes:
        """Return the escape sequences that restore the terminal; none if nothing has changed."""
        wrong = [mode for mode, on in self._changed.items() if on != (mode in _NORMALLY_ON)]
        codes = b"".join(b"\x1b[?%s%s" % (mode, b"h" if mode in _NORMALLY_ON else b"l") for mode in wrong)
        if self._styled:
            codes += b"\x1b[0m"
        self._changed, self._styled, self._tail = {}, False, b""
        return codes
