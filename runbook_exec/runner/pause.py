"""Waits between the attempts at a statement."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..engine.ports import Wait
from ..system.signals import allow_interrupts

_TICK = 0.2  # seconds


def make_pause(show_wait: Callable[[Wait, float, float], None]) -> Callable[[Wait], bool]:
    """Return a function that waits before an attempt.

    The function calls `show_wait` with the wait, the seconds that are left, and those since the first wait
    began. It returns False if ^C or another signal has ended the wait.
    """

    def pause(wait: Wait) -> bool:
        end = time.monotonic() + wait.seconds
        try:
            with allow_interrupts():
                while (left := end - (now := time.monotonic())) > 0:
                    show_wait(wait, left, now - wait.since)
                    time.sleep(min(_TICK, left))
        except KeyboardInterrupt:
            return False
        return True

    return pause
