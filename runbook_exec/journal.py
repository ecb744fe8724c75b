"""The journal: a run's events on disk, written down before the next thing happens."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from .events import Event, Output, RunEnded, StatementStarted, from_line, to_line

VERSION = 1
KEEP_OUTPUT = 1 << 20  # characters of one statement's output that are kept; what is cut is said
_CUT = "\n[… what follows was not kept in the journal]\n"


class JournalError(Exception):
    """The journal cannot be written or read; the message says which file and why."""


class Journal:
    """The journal of one run: a file of our own, 0600 in a 0700 folder, locked while the run lives."""

    def __init__(self, folder: Path, run: str, started: str) -> None:
        """Create the journal of a run in the state folder; `started` is its time, RFC 3339."""
        name = f"{started[:19].replace(':', '')}-{run}.jsonl"
        self.path = folder / name
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(
                self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600
            )
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise JournalError(f"cannot write the journal `{self.path}`: {error.strerror}") from error
        self._previous = hashlib.sha256(f"runbook-exec {VERSION} {run}".encode()).hexdigest()
        self._kept = 0

    def append(self, event: Event, durable: bool = False) -> str:
        """Write an event down and return its line.

        It is on the disk when this returns if it says that a statement is about to start, that the run has
        ended, or if `durable` asks for it; anything else is with the kernel, safe from our own death.
        """
        event = self._bounded(event)
        line = to_line(event, previous=self._previous)
        data = line.encode() + b"\n"
        try:
            if not (isinstance(event, Output) and not event.text):
                self._write(data)
                self._previous = hashlib.sha256(line.encode()).hexdigest()
            if durable or isinstance(event, StatementStarted | RunEnded):
                getattr(os, "fdatasync", os.fsync)(self._file)
        except OSError as error:
            raise JournalError(f"cannot write the journal `{self.path}`: {error.strerror}") from error
        return line

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._file, data) :]

    def _bounded(self, event: Event) -> Event:
        if isinstance(event, StatementStarted):
            self._kept = 0
        if not isinstance(event, Output):
            return event
        room = KEEP_OUTPUT - self._kept
        self._kept += len(event.text)
        if room >= len(event.text):
            return event
        text = event.text[:room] + _CUT if room > 0 else ""
        return Output(
            run=event.run,
            seq=event.seq,
            time=event.time,
            step=event.step,
            block=event.block,
            statement=event.statement,
            line=event.line,
            text=text,
        )

    def close(self) -> None:
        """Let go of the file and of its lock."""
        os.close(self._file)


def read_journal(path: Path) -> Iterator[Event]:
    """The events of a journal; a torn last line is passed over, any other damage raises JournalError."""
    lines = path.read_bytes().split(b"\n")
    torn = lines.pop()  # what follows the last newline: nothing, or a line that was being written
    del torn
    previous: str | None = None
    for number, line in enumerate(lines, 1):
        try:
            event = from_line(line.decode())
            told = json.loads(line).get("previous")
        except ValueError as error:
            raise JournalError(f"{path}:{number}: {error}") from error
        if previous is not None and told != previous:
            raise JournalError(f"{path}:{number}: this line does not follow from the one before")
        previous = hashlib.sha256(line).hexdigest()
        yield event


def state_folder(environ: dict[str, str]) -> Path:
    """Where journals are kept: `runbook-exec/runs` under `$XDG_STATE_HOME`, by default `~/.local/state`."""
    home = environ.get("XDG_STATE_HOME") or ""
    base = (
        Path(home) if home.startswith("/") else Path(environ.get("HOME") or "~").expanduser() / ".local/state"
    )
    return base / "runbook-exec" / "runs"
