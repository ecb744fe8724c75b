"""Decides how often a statement is tried, and how long a run waits between two attempts."""

from __future__ import annotations

from ..document.model import Annotation
from ..text.durations import format_duration

_FIRST, _LONGEST = 1.0, 30.0  # seconds

_RETRIES = 20  # of a statement that is tried `every` so often or `until` something, and has no `retry`


def count_retries(annotation: Annotation) -> int:
    """Return how often a statement is tried again."""
    if annotation.background:  # `until` says there when the run goes on
        return annotation.retry
    return annotation.retry or (_RETRIES if annotation.every or annotation.until else 0)


def wait_after_attempt(annotation: Annotation, attempt: int) -> float:
    """Return the seconds to wait after a failed attempt.

    Without `every` it is 1 second, then twice as long each time, at most 30.
    """
    return annotation.every or min(_FIRST * 2.0 ** min(attempt - 1, 16), _LONGEST)


def describe_retries(annotation: Annotation) -> str:
    """Return how often a statement is tried, and how long the run waits in between; "" if it is once."""
    retries = count_retries(annotation)
    if not retries:
        return ""
    if annotation.every:
        waiting = f"one every {_format_wait(annotation.every)}"
    else:
        total = sum(wait_after_attempt(annotation, attempt) for attempt in range(1, retries + 1))
        waiting = f"{_format_wait(total)} of waiting between them"
    until = (
        f", until it prints `{annotation.until}`" if annotation.until and not annotation.background else ""
    )
    return f"up to {retries + 1} tries, {waiting}{until}"


def _format_wait(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 60 else format_duration(seconds)
