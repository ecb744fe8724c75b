"""Holds or defers signals that end the program, and remembers them.

A run is interrupted only where it waits: for a program, or for a person. An interrupt that comes at any other
moment, as while output is shown, counts at the next wait, so no event is lost or half shown.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_MOST_DEFERRED = 2  # interrupts; a third means that the program does not come to a wait

_received: list[int] = []

_deferring = False

_deferred = 0  # interrupts that came since interrupts are deferred

_ours = False  # whether nothing but this module raises for these signals, while interrupts are deferred

_holding = 0  # blocks in which not even a third interrupt is raised


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


def _end(number: int, frame: object) -> None:
    _received.append(number)
    _interrupt(number, frame)


def _interrupt(number: int, frame: object) -> None:
    """Raise KeyboardInterrupt, or note the interrupt if interrupts are deferred."""
    global _deferred
    _deferred += 1
    if not _holding and (not _deferring or _deferred > _MOST_DEFERRED):
        _deferred = 0
        raise KeyboardInterrupt


_KNOWN = (_end, _interrupt, signal.SIG_DFL, signal.SIG_IGN)  # handlers that raise only here, or not at all


@contextmanager
def defer_interrupts() -> Iterator[None]:
    """Defer KeyboardInterrupt until the next `allow_interrupts`.

    SIGINT is deferred as well if Python would raise it.
    """
    global _deferring, _ours
    before, was_deferring, was_ours = signal.getsignal(signal.SIGINT), _deferring, _ours
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)
    _ours = all(signal.getsignal(number) in _KNOWN for number in _ENDING)
    _deferring = True
    try:
        yield
    finally:
        _deferring, _ours = was_deferring, was_ours
        if before is signal.default_int_handler:
            signal.signal(signal.SIGINT, before)


class _Allowance:
    """Lets KeyboardInterrupt be raised within a block."""

    __slots__ = ("_was_deferring",)

    def __enter__(self) -> None:
        global _deferring
        self._was_deferring, _deferring = _deferring, False
        try:
            if take_interrupt():
                raise KeyboardInterrupt
        except KeyboardInterrupt:  # also one that comes just now
            _deferring = self._was_deferring
            raise

    def __exit__(self, *_: object) -> None:
        global _deferring
        _deferring = self._was_deferring


def allow_interrupts() -> AbstractContextManager[None]:
    """Let KeyboardInterrupt be raised within the block, at its begin if one was deferred."""
    return _Allowance()


def take_interrupt() -> bool:
    """Return whether an interrupt was deferred, and forget it."""
    global _deferred
    came, _deferred = _deferred > 0, 0
    return came


class _SignalHold:
    """Holds signals within a block; a class, because a generator would cost several times as much."""

    __slots__ = ("_before",)

    def __enter__(self) -> None:
        global _holding
        self._before: set[signal.Signals | int] | None = None
        if _deferring and _ours:
            _holding += 1
            return
        before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        try:
            signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        except BaseException:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            raise
        self._before = before

    def __exit__(self, *_: object) -> None:
        global _holding
        if self._before is None:
            _holding -= 1
        else:
            signal.pthread_sigmask(signal.SIG_SETMASK, self._before)


def hold_signals() -> AbstractContextManager[None]:
    """Hold the signals that raise KeyboardInterrupt until the end of the block.

    This holds for the calling thread: in a program with several threads, another may receive the signal.
    While interrupts are deferred, a note replaces the system calls that would hold them.
    """
    return _SignalHold()
