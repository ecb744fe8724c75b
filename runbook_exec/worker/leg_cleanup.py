"""Removes what the legs of runs have left beside their journals, long after those runs have ended."""

from __future__ import annotations

import contextlib
from pathlib import Path

from ..errors import Refused
from ..journal.index import list_journals, read_summary
from ..journal.paths import run_of_journal
from .child_process import find_leg_files, remove_leg_files

OLD = 30 * 86400.0  # seconds: an order that was signed longer ago begins nothing

_OPEN = ("running", "unfinished", "waiting")


def remove_old_legs(state: Path, now: float) -> list[str]:
    """Remove the files of legs that nothing has changed for 30 days; return the ids of their runs.

    The files of a run that can go on are kept. `now` is in seconds since 1970.
    """
    folder = state / "legs"
    if not folder.is_dir():
        return []
    journals = {run_of_journal(path): path for path in list_journals(state / "runs")}
    removed = []
    for run in sorted({path.stem for path in folder.iterdir() if not path.name.startswith(".")}):
        files = find_leg_files(state, run)
        with contextlib.suppress(OSError, Refused):
            newest = max(path.stat().st_mtime for path in files if path.exists())
            if now - newest < OLD or _is_open(journals.get(run)):
                continue
            if remove_leg_files(files):
                removed.append(run)
    return removed


def _is_open(journal: Path | None) -> bool:
    summary = read_summary(journal) if journal is not None else None
    return summary is not None and (bool(summary.problem) or summary.outcome in _OPEN)
