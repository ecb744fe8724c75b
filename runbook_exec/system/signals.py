"""Being told to end: what must be done whole comes before it, and it is not forgotten afterwards."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_told: list[int] = []


def watch_signals(*numbers: int) -> Callable[[], bool]:
    """Whether one of these signals has come since this was called; each raises KeyboardInterrupt, too.

    A statement may take that for itself and go on; what is begun after it is ours to decide. What whoever
    started us has had ignored, as `nohup` does, stays so.
    """
    before = len(_told)
    for number in numbers:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _end)
    return lambda: len(_told) > before


def _end(number: int, frame: object) -> NoReturn:
    _told.append(number)
    raise KeyboardInterrupt


@contextmanager
def hold_signals() -> Iterator[None]:
    """Keep back what would raise KeyboardInterrupt; it is raised at the end of the block.

    That is so for the thread that calls this: where there are others, one of them may be told.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
