"""Writes the present time as the events of a run have it."""

from __future__ import annotations

import time

_last: tuple[int, str] = (-1, "")  # a second, and its text


def make_timestamp() -> str:
    """Return the present time in RFC 3339 format, in UTC, with milliseconds."""
    global _last
    second, milliseconds = divmod(time.time_ns() // 1_000_000, 1000)
    if second != _last[0]:
        _last = (second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)))
    return f"{_last[1]}.{milliseconds:03}Z"
