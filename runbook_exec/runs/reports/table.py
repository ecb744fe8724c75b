"""Writes runs as a table and as JSON, for `runbook-exec runs`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...engine.events import RunEnded
from ...journal.index import RunSummary
from ...light_classes import dataclass
from ...text.ansi import escape_unprintable
from ...text.durations import format_duration
from ...text.moments import format_local
from ...text.plain_json import to_printable_json
from ..record import document_path

_HEADER = ("run", "began", "outcome", "took", "document")


@dataclass(frozen=True, slots=True)
class RunFilter:
    """The runs that a user wants; fields that are "" or None match all."""

    document: str = ""  # a part of its path
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def matches(self, entry: RunSummary) -> bool:
        """Return whether a run matches."""
        return (
            (not self.document or self.document.removeprefix("./") in self._find_path(entry))
            and self.outcome in ("", entry.outcome)
            and (self.since is None or entry.began >= self.since)
            and (self.until is None or entry.began < self.until)
        )

    def _find_path(self, entry: RunSummary) -> str:
        return str(document_path(entry.started)) if entry.started else ""


def format_table(entries: Sequence[RunSummary]) -> Iterator[str]:
    """Yield a header and a line for each run; nothing for no runs."""
    rows = [_HEADER, *(_row(entry) for entry in entries)]
    if not entries:
        return
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER) - 1)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        yield "  ".join([*cells, row[-1]])


def _row(entry: RunSummary) -> tuple[str, ...]:
    document = escape_unprintable(short_document(entry))
    took = format_duration(entry.seconds) if entry.started else ""
    return (escape_unprintable(entry.run), format_local(entry.began), entry.outcome, took, document)


def short_document(entry: RunSummary) -> str:
    """Return the document's path relative to here, with the procedure.

    For a damaged journal it is the path of the journal.
    """
    if entry.started is None:
        return str(entry.path)
    path = _shorten_path(document_path(entry.started), os.getcwd())  # noqa: PTH109 - for each of many runs
    return f"{path}#{entry.started.anchor}" if entry.started.anchor else path


@lru_cache  # many runs are of few pages
def _shorten_path(path: Path, here: str) -> str:
    """Return a path relative to a folder if it is inside of it."""
    return str(path.relative_to(here) if path.is_absolute() and path.is_relative_to(here) else path)


def runs_to_json(entries: Iterable[RunSummary]) -> str:
    """Return the runs as a JSON list."""
    return to_printable_json([_object(entry) for entry in entries])


def _object(entry: RunSummary) -> dict[str, Any]:
    started = entry.started
    known: dict[str, Any] = {
        "run": entry.run,
        "outcome": entry.outcome,
        "began": started.time if started else None,
        "seconds": round(entry.seconds, 3),
        "journal": str(entry.path),
    }
    if started:
        known |= {
            "document": str(document_path(started)),
            "digest": started.digest,
            "anchor": started.anchor,
            "place": started.place,
            "commit": started.commit,
            "dirty": started.dirty,
        }
    known["reason"] = entry.last.reason if isinstance(entry.last, RunEnded) else ""
    return known
