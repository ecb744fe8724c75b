"""Reads the list of jobs that a shell prints."""

from __future__ import annotations

import re

from ..light_classes import NamedTuple
from ..text.lazy_pattern import LazyPattern

# `[1]+ 12345 Running   sleep 9 &` of the POSIX shells, and `1	12345	0%	running	sleep 9 &` of fish
_JOB = LazyPattern(
    r"^(?:\[\d+\]\s*[+-]?\s*(?P<posix>\d+)\s+|\d+\t(?P<fish>\d+)\t(?:[^\t\n]*\t)?)"
    r"(?:running|stopped|suspended)(?:\s*\([^)\n]*\))?\s+(?P<command>\S.*?)\s*&?$",
    re.MULTILINE | re.IGNORECASE,
)


class Job(NamedTuple):
    """A job that a shell holds: its process group, and its command."""

    group: int
    command: str


def parse_jobs(text: str) -> tuple[Job, ...]:
    """Return the jobs in a shell's list that run or are stopped."""
    return tuple(Job(int(m["posix"] or m["fish"]), m["command"]) for m in _JOB.finditer(text))
