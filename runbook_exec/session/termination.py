"""Ends what runs on a terminal: as with ^C at first, then less and less politely."""

from __future__ import annotations

import contextlib
import signal
import time

from .connections.base import TerminalProcess

_PATIENCE = 3.0  # seconds a program is given after ^C, and again after SIGTERM

_WAYS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)


class Terminator:
    """Ends what runs on a terminal at its deadline, or on request; `attempts` is how often it tried."""

    def __init__(self, shell: TerminalProcess, deadline: float | None, spares_shell: bool = False) -> None:
        """`deadline` is a moment of the monotonic clock.

        A shell that is spared is asked to end what it does, again and again, and never killed.
        """
        self.attempts = 0
        self._spares_shell = spares_shell
        self._shell = shell
        self._deadline = deadline
        self._stopped: tuple[int, signal.Signals] | None = None  # which processes were asked to end, and how

    def enforce_deadline(self, now: float) -> None:
        """Do what is due at this moment."""
        if self._deadline is not None and now >= self._deadline:
            self._stop(_WAYS[min(self.attempts, len(_WAYS) - 1)])
            self.attempts += 1
            self._deadline = time.monotonic() + _PATIENCE
        elif self._stopped:
            self._stop_next()

    def interrupt(self) -> None:
        """Interrupt what runs as ^C does."""
        self._stop(signal.SIGINT)

    def _stop(self, wanted: signal.Signals) -> None:
        shell = self._shell
        with contextlib.suppress(OSError):
            group = shell.find_foreground_group()
            self._stopped = (group, wanted)
            if wanted == signal.SIGINT or (self.attempts < len(_WAYS) and group != shell.find_own_group()):
                shell.signal_group(group, wanted)
            elif self._spares_shell:
                shell.signal_group(group, signal.SIGINT)
            elif wanted == signal.SIGKILL:
                shell.signal(wanted)  # the shell itself is what runs, or goes on and on

    def _stop_next(self) -> None:
        """Ask the same of a program that was started after the one that was asked, as a loop does."""
        with contextlib.suppress(OSError):
            group = self._shell.find_foreground_group()
            if self._stopped and group not in (self._stopped[0], self._shell.find_own_group()):
                self._stopped = (group, self._stopped[1])
                self._shell.signal_group(group, self._stopped[1])
