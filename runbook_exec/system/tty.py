"""Controls the operator's terminal: its keys, its size and its modes."""

from __future__ import annotations

import contextlib
import os
import termios
import tty

from .signals import hold_signals


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
