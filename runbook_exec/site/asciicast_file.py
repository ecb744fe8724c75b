"""Reads the recording beside a page: its title, and the moment that its poster shows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from ..light_classes import NamedTuple

IDLE = 2.0  # seconds: the player shows a longer pause as this

_LATEST = 1e15  # seconds of the time of an event

_MOST = 20_000  # events that are read to find the poster


class AsciicastFile(NamedTuple):
    """A recorded run beside its page: the name and the title of the file."""

    name: str
    title: str
    poster: float | None = None  # seconds from its start, with pauses as the player shows them


def read_asciicast(path: Path) -> AsciicastFile | None:
    """Return the recording in a file; None if it does not exist."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            head = _read_line(file.readline())
            lines = [event for event in map(_read_line, islice(file, _MOST)) if _is_event(event)]
    except FileNotFoundError:
        return None
    header = head if isinstance(head, dict) else {}
    title = header.get("title")
    events = list(_list_moments(lines, is_relative=header.get("version") == 3))
    return AsciicastFile(path.name, title if isinstance(title, str) else "", _find_poster(events))


def _read_line(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _is_event(line: Any) -> bool:
    return (
        isinstance(line, list)
        and len(line) == 3
        and isinstance(line[0], int | float)
        and abs(line[0]) < _LATEST
        and all(isinstance(each, str) for each in line[1:])
    )


def _list_moments(events: Iterable[list[Any]], *, is_relative: bool) -> Iterator[tuple[float, str]]:
    """Yield the time and the kind of each event; `is_relative` if the file has the pause before each."""
    last = shown = 0.0
    for moment, kind, _ in events:
        pause = moment if is_relative else moment - last
        last = moment
        shown += min(max(pause, 0.0), IDLE)
        yield shown, kind


def _find_poster(events: list[tuple[float, str]]) -> float | None:
    """Return the moment before the marker in the middle; without markers, the middle of the events."""
    if not events:
        return None
    marks = [moment for moment, kind in events if kind == "m"]
    if marks:
        return max(marks[len(marks) // 2] - 0.001, 0.0)
    return events[len(events) // 2][0]
