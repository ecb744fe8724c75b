"""Waits between the attempts at a statement."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import ceil

from ..system.signals import allow_interrupts

_TICK = 0.2  # seconds


def make_pause(show_wait: Callable[[int, int], None]) -> Callable[[float, int], bool]:
    """Return a function that waits some seconds before an attempt of this number.

    The function calls `show_wait` with the attempt and the seconds left. It returns False if ^C or another
    signal has ended the wait.
    """

    def pause(seconds: float, attempt: int) -> bool:
        end = time.monotonic() + seconds
        try:
            with allow_interrupts():
                while (left := end - time.monotonic()) > 0:
                    show_wait(attempt, ceil(left))
                    time.sleep(min(_TICK, left))
        except KeyboardInterrupt:
            return False
        return True

    return pause
