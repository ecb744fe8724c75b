"""Holds signals that end the program during critical sections, and remembers them."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_received: list[int] = []


def watch_signals(*numbers: int) -> Callable[[], bool]:
    """Return a function that returns whether one of these signals came since.

    Each also raises KeyboardInterrupt.

    A statement may handle that interrupt and continue, but the caller must begin nothing after it. A signal
    that was ignored when we were started, as by `nohup`, stays ignored.
    """
    before = len(_received)
    for number in numbers:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _end)
    return lambda: len(_received) > before


def count_end_signals() -> int:
    """Return how many watched signals have come so far; each asks the program to end."""
    return len(_received)


def _end(number: int, frame: object) -> NoReturn:
    _received.append(number)
    raise KeyboardInterrupt


@contextmanager
def hold_signals() -> Iterator[None]:
    """Hold the signals that raise KeyboardInterrupt until the end of the block.

    This holds for the calling thread: in a program with several threads, another may receive the signal.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
