"""How what runs is made to end: as with ^C at first, then less and less politely."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

_PATIENCE = 3.0  # seconds a program is given after ^C, and again after SIGTERM

_WAYS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)


class Terminator:
    """Ends what runs on a terminal once its time is over, or when asked to; `times` is how often it tried."""

    def __init__(self, terminal: int, shell: int, at: float | None, spares_shell: bool = False) -> None:
        """`shell` is the shell's process, `at` the moment when the time is over, on the monotonic clock.

        A shell that is spared is asked to end what it does, again and again, and never killed.
        """
        self.attempts = 0
        self._spares_shell = spares_shell
        self._terminal = terminal
        self._shell = shell
        self._at = at
        self._stopped: tuple[int, signal.Signals] | None = None  # which processes were asked to end, and how

    def enforce_deadline(self, now: float) -> None:
        """Do what is due at this moment."""
        if self._at is not None and now >= self._at:
            self._stop(_WAYS[min(self.attempts, len(_WAYS) - 1)])
            self.attempts += 1
            self._at = time.monotonic() + _PATIENCE
        elif self._stopped:
            self._stop_next()

    def interrupt(self) -> None:
        """As ^C does."""
        self._stop(signal.SIGINT)

    def _stop(self, wanted: signal.Signals) -> None:
        with contextlib.suppress(OSError):
            group = self._find_foreground()
            self._stopped = (group, wanted)
            if wanted == signal.SIGINT or (self.attempts < len(_WAYS) and group != os.getpgid(self._shell)):
                os.killpg(group, wanted)
            elif self._spares_shell:
                os.killpg(group, signal.SIGINT)
            elif wanted == signal.SIGKILL:
                os.kill(self._shell, wanted)  # the shell itself is what runs, or goes on and on

    def _find_foreground(self) -> int:
        """The group of processes that has the terminal; ProcessLookupError where none has."""
        group = os.tcgetpgrp(self._terminal)
        if group <= 0:  # to killpg, 0 would be our own
            raise ProcessLookupError
        return group

    def _stop_next(self) -> None:
        """Ask the same of a program that was started after the one that was asked, as a loop does."""
        with contextlib.suppress(OSError):
            group = self._find_foreground()
            if self._stopped and group not in (self._stopped[0], os.getpgid(self._shell)):
                self._stopped = (group, self._stopped[1])
                os.killpg(group, self._stopped[1])


def hang_up(leader: int) -> None:
    """Hang up on every process of the session that `leader` led, as a shell does when its window is closed.

    bash tells its background jobs itself, the others leave them running. What was started with nohup or
    setsid goes on. Without /proc nothing is found.
    """
    for entry in Path("/proc").glob("[0-9]*"):
        pid = int(entry.name)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if pid != leader and os.getsid(pid) == leader:
                os.kill(pid, signal.SIGHUP)
                os.kill(pid, signal.SIGCONT)  # a stopped one would not take notice
