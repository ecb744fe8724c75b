"""Decides how long a run waits between the attempts at a statement that is retried."""

from __future__ import annotations

from ..text.durations import format_duration

_FIRST, _LONGEST = 1.0, 30.0  # seconds


def wait_after_attempt(attempt: int) -> float:
    """Return the seconds to wait after a failed attempt: 1, then twice as long each time, at most 30."""
    return min(_FIRST * 2.0 ** min(attempt - 1, 16), _LONGEST)


def describe_retries(retry: int) -> str:
    """Return how often a statement is tried, and how long the run waits between the tries altogether."""
    total = sum(wait_after_attempt(attempt) for attempt in range(1, retry + 1))
    waiting = f"{total:g} s" if total < 60 else format_duration(total)
    return f"up to {retry + 1} tries, {waiting} of waiting between them"
