"""`runbook-exec runs prune`: old runs are removed, each with all that is kept of it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from ..journal.index import RunSummary
from ..text.moments import format_local
from .replay import asciicast_path
from .reports.table import short_document


def prune_runs(
    entries: Sequence[RunSummary],
    now: datetime,
    *,
    older_than: float | None = None,
    keep: int | None = None,
    unfinished: bool = False,
    dry_run: bool = False,
    forget: Callable[[str], None],
) -> Iterator[str]:
    """Remove runs and say which; `entries` are in order, the newest first, and `older_than` is in seconds.

    `forget` is told the id of each that is removed, as its secrets may be kept elsewhere.

    One that is going on is never removed. One that did not end, or that waits for a person, may be taken up
    again, and is removed only if `unfinished` asks for it; a damaged one may be what somebody looks for, and
    is removed by hand.
    """
    removed = 0
    for number, entry in enumerate(entries):
        old = older_than is not None and (now - entry.began).total_seconds() > older_than
        too_many = keep is not None and number >= keep
        if not (old or too_many) or entry.outcome in ("running", "damaged"):
            continue
        if entry.outcome in ("unfinished", "waiting") and not unfinished:
            yield f"kept {_name(entry)}: it may be taken up again, `--unfinished` removes it too"
        elif dry_run or _remove(entry, forget):
            removed += 1
            yield f"{'would remove' if dry_run else 'removed'} {_name(entry)}"
    count = f"{removed} run{'s' * (removed != 1)}"
    yield f"would remove {count}" if dry_run else f"removed {count}"


def _name(entry: RunSummary) -> str:
    return f"{entry.run}  {format_local(entry.began)}  {entry.outcome}  {short_document(entry)}"


def _remove(entry: RunSummary, forget: Callable[[str], None]) -> bool:
    """Remove what is kept of a run, unless somebody has taken it up in between."""
    try:
        file = os.open(entry.path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with contextlib.suppress(FileNotFoundError):
            asciicast_path(entry.path).unlink()
        entry.path.unlink()
        forget(entry.run)
    except BlockingIOError:
        return False
    finally:
        os.close(file)
    return True
