"""Compiles and applies regular expressions of a document, or refuses them with the mistake's place.

`re` stays the engine: pages use its lookarounds and back references, and other engines read some patterns
differently. It looks for signals while it searches, so a timer of the process can end a search.
"""

from __future__ import annotations

import re
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from types import FrameType

PATTERN_SECONDS = 1  # of processor time, for all searches of one value

_LONGEST = 10_000  # characters of a pattern

_TICK = 0.05  # seconds

_PACKAGE = __name__.partition(".")[0]


class PatternProblem(ValueError):
    """A regular expression does not compile; `position` is the place in it, in characters."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


class PatternTimeout(ValueError):
    """A regular expression needs too much time for a text; the message is complete."""

    def __init__(self) -> None:
        super().__init__(f"the regular expression needs more than {PATTERN_SECONDS} s for this text")


class _PatternClock:
    """The timer of the process that ends a search."""

    def __init__(self) -> None:
        self.is_running = False
        self.is_expired = False

    def expire(self, number: int, frame: FrameType | None) -> None:
        """End the search, and each later one under the same limit.

        The signal can arrive while code of others runs, as a callback of the garbage collector, which would
        swallow the error. The next tick of the timer ends the search then.
        """
        is_ours = frame is None or frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE
        if self.is_running and not self.is_expired and is_ours:
            self.is_expired = True
            raise PatternTimeout


_CLOCK = _PatternClock()


@contextmanager
def limit_pattern_time() -> Iterator[None]:
    """Let patterns search for at most PATTERN_SECONDS of processor time. Raises PatternTimeout.

    An inner limit is a part of the outer one. In a thread other than the main one, there is no limit: only
    the main thread gets signals.
    """
    if _CLOCK.is_running:
        if _CLOCK.is_expired:
            raise PatternTimeout
        yield
        return
    try:
        before = signal.signal(signal.SIGVTALRM, _CLOCK.expire)
    except ValueError:  # not the main thread
        yield
        return
    _CLOCK.is_running, _CLOCK.is_expired = True, False
    signal.setitimer(signal.ITIMER_VIRTUAL, PATTERN_SECONDS, _TICK)
    try:
        yield
    finally:
        _CLOCK.is_running = False
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before or signal.SIG_DFL)


def search_pattern(pattern: str, text: str) -> re.Match[str] | None:
    """Return the first match of a document's pattern. Raises PatternProblem and PatternTimeout."""
    compiled = compile_pattern(pattern)
    with limit_pattern_time():
        return compiled.search(text)


def match_whole(pattern: str, text: str) -> bool:
    """Return whether a document's pattern matches all of a text. Raises as `search_pattern`."""
    compiled = compile_pattern(pattern)
    with limit_pattern_time():
        return compiled.fullmatch(text) is not None


@lru_cache(maxsize=64)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a pattern, in which `^` and `$` match at line ends. Raises PatternProblem."""
    if len(pattern) > _LONGEST:
        raise PatternProblem(f"expected at most {_LONGEST} characters, got {len(pattern)}", 0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a doubtful set such as `[[a]` still means what `re` reads
            return re.compile(pattern, re.MULTILINE)
    except re.error as error:
        position = error.pos or 0
        where = f"{error.msg} at character {position + 1}"
        raise PatternProblem(f"`{pattern}` is no regular expression: {where}", position) from None
    except (OverflowError, RecursionError):
        raise PatternProblem("the regular expression is too large", 0) from None
