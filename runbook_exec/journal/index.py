"""Lists runs from the first and the last line of each journal, regardless of its length."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TypeAlias

from ..engine.events import FINISHED, Event, Outcome, RunEnded, RunStarted
from ..engine.state import State, apply
from ..errors import Refused, reason
from ..light_classes import NamedTuple
from ..text.lazy_pattern import LazyPattern
from .event_lines import from_line
from .paths import (
    LONGEST_LINE,
    SUFFIX,
    open_journal,
    open_journal_descriptor,
    read_bounded_lines,
    run_of_journal,
)

_NEWEST = 300

_TO_SECOND = len("2026-11-24T021314")  # characters of a journal's name up to the second

_PIECE = 1 << 16  # bytes that are read at first, from the end backwards

_START = b'{"event":"run_started"'  # the beginning of the line of such an event

# fields in the line of such an event: within a text, each quotation mark has a backslash before it
_NAMED = {name: LazyPattern(rb',"%b":("(?:[^"\\]|\\.)*")' % name.encode()) for name in ("path", "folder")}

FileIdentity: TypeAlias = tuple[int, int]  # the numbers of the device and of the inode

_ACTIONS = (b'{"event":"statement_started"', b'{"event":"answered"')


class NoSuchRun(Refused):
    """No run, or more than one, matches; the message is complete."""


class RunSummary(NamedTuple):
    """A run at a glance.

    `started` is None if the journal does not begin with the start of a run.
    """

    path: Path
    started: RunStarted | None
    last: Event | None
    running: bool
    problem: str = ""  # why the journal cannot be read; "" if it can

    @property
    def run(self) -> str:
        """Return the run's id."""
        return self.started.run if self.started else run_of_journal(self.path)

    @property
    def outcome(self) -> str:
        """Return the outcome of the last event, or running, unfinished, damaged."""
        if self.running:
            return "running"
        if self.started is None or self.last is None:
            return "damaged"
        return self.last.outcome if isinstance(self.last, RunEnded) else "unfinished"

    @property
    def began(self) -> datetime:
        """Return when the run began; for a damaged journal, when it was last written."""
        if self.started:
            return datetime.fromisoformat(self.started.time)
        try:
            return datetime.fromtimestamp(self.path.lstat().st_mtime).astimezone()
        except (OSError, OverflowError, ValueError):
            return datetime.fromtimestamp(0).astimezone()

    @property
    def seconds(self) -> float:
        """Return the seconds from the first event to the last."""
        if self.started is None or self.last is None:
            return 0.0
        return (datetime.fromisoformat(self.last.time) - self.began).total_seconds()


def list_journals(folder: Path) -> list[Path]:
    """Return all journals of a folder, oldest first, including empty ones."""
    return sorted(_journals(folder))


def list_runs(folder: Path) -> list[RunSummary]:
    """Return all runs whose journals are in a folder, newest first. Raises OSError."""
    found = [entry for path in _journals(folder) if (entry := read_summary(path)) is not None]
    return sorted(found, key=lambda entry: (entry.began, entry.path.name), reverse=True)


def list_damaged(entries: Iterable[RunSummary]) -> list[str]:
    """Return a line for each journal that cannot be read, with the reason."""
    return [f"passed over {each.path}: {each.problem}" for each in entries if each.problem]


def find_journal(folder: Path, wanted: str | None) -> Path:
    """Find the journal of a run by the beginning of its id, by a path, or the newest that can be read.

    Raises NoSuchRun.
    """
    if wanted is None:
        newest = next((each for each in list_newest(folder) if not each.problem), None)
        newest = newest or next((each for each in list_runs(folder) if not each.problem), None)
        if newest is None:
            raise NoSuchRun(f"there is no run yet: `{folder}` holds no journal")
        return newest.path
    if "/" in wanted or wanted.endswith(SUFFIX):
        if not Path(wanted).is_file():
            raise NoSuchRun(f"cannot read `{wanted}`: no such file")
        return Path(wanted)
    found = sorted(path for path in _journals(folder) if run_of_journal(path).startswith(wanted))
    exact = [path for path in found if run_of_journal(path) == wanted]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if not found or not wanted:
        latest = next((each.run for each in list_runs(folder) if not each.problem), "")
        hint = (
            f"the newest is `{latest}`; `runbook-exec runs` lists them" if latest else "there is no run yet"
        )
        raise NoSuchRun(f"no run's id begins with `{wanted}`; {hint}")
    ids = ", ".join(run_of_journal(path) for path in found[:8])
    raise NoSuchRun(f"`{wanted}` is the beginning of {len(found)} runs: {ids}{', …' * (len(found) > 8)}")


def find_journal_of(folder: Path, run: str) -> Path | None:
    """Return the journal of the run with exactly this id; None if there is none."""
    return next((path for path in _journals(folder) if run_of_journal(path) == run), None)


def find_unfinished(folder: Path, document: Path, anchor: str | None = None) -> RunSummary | None:
    """Return the newest run of a document if it can be resumed, or if its journal is damaged."""
    return next(list_unfinished(folder, document, anchor), None)


def list_unfinished(
    folder: Path, document: Path | None = None, anchor: str | None = None
) -> Iterator[RunSummary]:
    """Yield the runs that can be resumed, newest first, and a damaged one of the document.

    For a document, or one procedure of it, it is its newest run, and only if it can be resumed. A run in
    which nothing has happened does not count, unless it waits for a person and no document is given. Only a
    limited number of the newest runs is searched.
    """
    for entry in list_newest(folder, None if document is None else _find_identity(document)):
        if entry.started is None or entry.running:
            continue
        if document is not None and not _is_of(entry.started, document, anchor):
            continue
        if entry.outcome not in (*FINISHED, "damaged"):
            if has_acted(entry.path) or (document is None and entry.outcome == Outcome.WAITING):
                yield entry
                if document is not None:
                    return
        elif document is not None:
            if entry.problem:
                yield entry
            return


def find_running(folder: Path, document: Path) -> RunSummary | None:
    """Return the newest run of a document that is in progress; `started` is when it was last resumed.

    Only a limited number of the newest runs is searched.
    """
    for path in _newest_paths(folder):
        with contextlib.suppress(OSError), open_journal(path) as file:
            if not is_locked(file.fileno()):
                continue
            lines = (line for line in read_bounded_lines(file) if line.startswith(_START))
            starts = [event for line in lines if (event := _event(line))]
            start = starts[-1] if starts else None
            if isinstance(start, RunStarted) and _is_of(start, document):
                return RunSummary(path, start, None, running=True)
    return None


def has_acted(path: Path) -> bool:
    """Return whether something has happened in a run, by its journal: see `State.acted`."""
    with contextlib.suppress(OSError), open_journal(path) as file:
        for line in read_bounded_lines(file):
            if line.startswith(_ACTIONS) and (event := _event(line)) and apply(State(), event).acted:
                return True
    return False


def _newest_paths(folder: Path) -> list[Path]:
    """Return the newest journals. Their names hold the second in which each run began."""
    return sorted(_journals(folder), key=lambda path: path.name, reverse=True)[:_NEWEST]


def list_newest(folder: Path, of: FileIdentity | None = None) -> Iterator[RunSummary]:
    """Yield the newest runs, newest first; only a limited number of them.

    Most of those that are not `of` a document are left out, if one is given.
    """
    for _, paths in groupby(_newest_paths(folder), key=lambda path: path.name[:_TO_SECOND]):
        wanted = [path for path in paths if of is None or _may_be_of(path, of)]
        found = [entry for path in wanted if (entry := read_summary(path)) is not None]
        yield from sorted(found, key=lambda entry: entry.began, reverse=True)


def _find_identity(document: Path) -> FileIdentity:
    """Return the numbers of a file; those of no file if there is none."""
    try:
        facts = document.stat()
    except (OSError, ValueError):
        return (-1, -1)
    return (facts.st_dev, facts.st_ino)


def _may_be_of(path: Path, document: FileIdentity) -> bool:
    """Return whether a journal may be of a document, from the names in its first line.

    The text of the page is a part of the line, and the last line need not be read for this.
    """
    try:
        with open_journal(path) as file:
            first = file.readline(LONGEST_LINE)
        name, folder = (_NAMED[each].search(first) for each in ("path", "folder"))
        if name is None or folder is None:
            return True
        found = _find_identity(Path(json.loads(folder[1])) / json.loads(name[1]))
    except (OSError, ValueError, RecursionError):
        return True
    return found == document


def _is_of(started: RunStarted, document: Path, anchor: str | None = None) -> bool:
    if anchor is not None and started.anchor != anchor:
        return False
    try:
        return (Path(started.folder) / started.path).samefile(document)
    except (OSError, RuntimeError, ValueError):
        return False  # RuntimeError: a circle of links


def read_summary(path: Path) -> RunSummary | None:
    """Return a run at a glance; None if the file is gone or its first line is not complete."""
    try:
        file, size = open_journal_descriptor(path)
        try:
            return _read_ends(path, file, size)
        finally:
            os.close(file)
    except FileNotFoundError:
        if path.is_symlink():
            return RunSummary(path, None, None, False, "a link to nothing")
        return None  # removed since the folder was listed
    except OSError as error:
        return RunSummary(path, None, None, False, reason(error))


def _read_ends(path: Path, file: int, size: int) -> RunSummary | None:
    """Return a run at a glance from its first and its last line. Most journals are read with one call."""
    beginning = os.pread(file, _PIECE, 0)
    first = beginning[: beginning.find(b"\n") + 1] or _first_line(file)
    if not first:
        return None
    whole = beginning if len(beginning) == size else b""
    started, last = _event(first), _event(_cut_last_line(whole) if whole else _last_line(file, size))
    if not isinstance(started, RunStarted):
        return RunSummary(path, None, last, False, "its first line does not start a run")
    if last is None:
        return RunSummary(path, started, None, False, "its last line is not an event")
    running = not isinstance(last, RunEnded) and is_locked(file)
    return RunSummary(path, started, last, running)


def is_locked(file: int) -> bool:
    """Return whether a process holds the lock of an open journal, and so runs its run."""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(file, fcntl.LOCK_UN)
    return False


def _journals(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.name.endswith(SUFFIX)]
    except FileNotFoundError:
        return []


def _first_line(file: int) -> bytes:
    """Return the first line, cut if it is too long; b"" if it has no end."""
    os.lseek(file, 0, os.SEEK_SET)
    with os.fdopen(file, "rb", closefd=False) as reader:
        first = reader.readline(LONGEST_LINE)
    return first if len(first) == LONGEST_LINE or first.endswith(b"\n") else b""


def _cut_last_line(data: bytes) -> bytes:
    """Return the last line of a whole journal that has an end."""
    return data[: data.rfind(b"\n")].rpartition(b"\n")[2]


def _last_line(file: int, size: int) -> bytes:
    """Return the last line that has an end."""
    at = size
    data = b""
    while at > 0 and len(data) < LONGEST_LINE:
        size = min(max(_PIECE, len(data)), at)
        at -= size
        data = os.pread(file, size, at) + data
        whole, end, _ = data.rpartition(b"\n")
        if end and (at == 0 or b"\n" in whole):
            return whole.rpartition(b"\n")[2]
    return b""


def _event(line: bytes) -> Event | None:
    try:
        return from_line(line.decode())
    except ValueError:
        return None
