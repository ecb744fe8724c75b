"""Removes old runs with all their files."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from ..errors import reason
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
    """Remove runs and yield a line for each.

    `entries` are newest first, `older_than` is in seconds.

    `forget` is called with the id of each removed run, because its secrets may be stored elsewhere.

    A run in progress is never removed. A run that can be resumed (killed, or waiting for a person) is removed
    only with `unfinished`. A damaged journal may be evidence, and is left for a person to remove.
    """
    removed = 0
    for number, entry in enumerate(entries):
        old = older_than is not None and (now - entry.began).total_seconds() > older_than
        too_many = keep is not None and number >= keep
        if not (old or too_many) or entry.outcome == "running":
            continue
        if entry.problem:
            yield f"kept {_name(entry)}: {entry.problem}; remove it yourself if it is of no use"
        elif entry.outcome in ("unfinished", "waiting") and not unfinished:
            yield f"kept {_name(entry)}: it can still be resumed; `--unfinished` removes it too"
        else:
            try:
                if not dry_run and not _remove(entry, forget):
                    continue
            except OSError as error:
                yield f"kept {_name(entry)}: {reason(error)}"
                continue
            removed += 1
            yield f"{'would remove' if dry_run else 'removed'} {_name(entry)}"
    count = f"{removed} run{'s' * (removed != 1)}"
    yield f"would remove {count}" if dry_run else f"removed {count}"


def _name(entry: RunSummary) -> str:
    return f"{entry.run}  {format_local(entry.began)}  {entry.outcome}  {short_document(entry)}"


def _remove(entry: RunSummary, forget: Callable[[str], None]) -> bool:
    """Remove the files of a run, unless it was resumed since it was listed."""
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
