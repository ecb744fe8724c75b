"""Writes the journal: a run's events on disk, each before the next thing happens."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from ..engine.events import (
    Answered,
    Asked,
    Captured,
    Event,
    Output,
    RunEnded,
    RunStarted,
    ShellChanged,
    StatementFinished,
    StatementStarted,
)
from ..errors import reason
from ..system.atomic_write import sync_data, sync_file
from .event_lines import to_line
from .hash_chain import VERSION, Damage, JournalLine, first_hash, hash_line, read_lines, seal_line
from .paths import SUFFIX, name_journal, run_of_journal
from .user_key import OF_LINE, UserKey

KEEP_OUTPUT = 1 << 20  # characters of one statement's output that are kept; a note marks a cut

_TRIES, _WAIT = 5, 0.01  # attempts to take a lock; seconds between them

# events that may wait for the start of the next statement: an answer only after the end of one
_HELD_FIRST: tuple[type[Event], ...] = (ShellChanged, Captured, StatementFinished)
_HELD_TOO: tuple[type[Event], ...] = (*_HELD_FIRST, Answered)

_FLUSHED = (StatementStarted, Asked, RunEnded)

_CUT = "\n[… what follows was not kept in the journal]\n"


class JournalError(Exception):
    """The journal cannot be written or read; the message names the file and the reason."""


class Journal:
    """The journal of one run: a file 0600 in a folder 0700, locked during the run.

    If it `joins`, the end of a statement is written together with the start of the next: one write and one
    flush. Its owner must call `write_held` before anything that may take time.
    """

    def __init__(self, path: Path, file: int, previous: str, key: UserKey | None = None) -> None:
        """Append to an open file whose lock we hold; `previous` is the hash of its last line.

        `key` signs each line.
        """
        self.path = path
        self.joins = False
        self._key = key
        self._held = b""  # lines that are not written yet
        self._file = file
        self._previous = previous
        self._kept = 0
        self._end = os.fstat(file).st_size  # offset at which the last complete line ends
        self._known = (
            False  # whether the folder was flushed, so that the file survives a crash of the machine
        )

    @classmethod
    def create(
        cls, folder: Path, run: str, started: str, key: UserKey | None = None, *, is_chosen: bool = False
    ) -> Journal:
        """Create the journal of a new run in the state folder; `started` is its time, RFC 3339.

        `is_chosen` is whether somebody has chosen the id, so that another run may have it. Raises
        JournalError.
        """
        path = folder / name_journal(run, started)
        try:
            for each in (folder.parent, folder):  # with `parents`, only the last folder gets the mode
                each.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _claim_id(folder, run) if is_chosen else contextlib.nullcontext():
                file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
                _lock(file)
        except OSError as error:
            raise JournalError(
                f"cannot write the journal `{path}`: {reason(error)}; "
                "set XDG_STATE_HOME to a folder that you can write to"
            ) from error
        return cls(path, file, first_hash(run), key)

    @classmethod
    def reopen(cls, path: Path, key: UserKey | None = None) -> Journal:
        """Open the journal of a run that is resumed, and remove a torn line at its end.

        Raises JournalError if it is damaged, cannot be written, or another process runs the run.
        """
        try:
            file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        except OSError as error:
            raise JournalError(f"cannot write the journal `{path}`: {reason(error)}") from error
        try:
            _lock(file)
            if os.fstat(file).st_nlink == 0:
                raise FileNotFoundError(errno.ENOENT, "the run was removed just now")
            previous, size = "", os.fstat(file).st_size
            for line in read_lines(path):
                if isinstance(line, Damage):
                    raise JournalError(f"{path}:{line.number}: {line.what}")
                if isinstance(line, JournalLine):
                    previous = line.digest
                else:
                    os.ftruncate(file, size - line.size)
            return cls(path, file, previous, key)
        except BlockingIOError:
            os.close(file)
            raise JournalError(f"this run is still in progress{_holder(path)}") from None
        except JournalError:
            os.close(file)
            raise
        except OSError as error:
            os.close(file)
            raise JournalError(f"cannot write the journal `{path}`: {reason(error)}") from error

    def append(self, event: Event) -> str:
        """Write an event and return its line, or "" for output beyond the limit.

        The start of a statement, a question and the end of the run are on the disk when this returns, with
        all events before them. Other events have reached the kernel, and survive our own death, unless they
        are held for the start of the next statement. Raises JournalError, and then removes what was written
        of the event, if that is possible.
        """
        if isinstance(event, StatementStarted):
            self._kept = 0
        elif isinstance(event, Output):
            event = self._bound_output(event)
            if not event.text:
                return ""
        version = f'"journal":{VERSION},' if isinstance(event, RunStarted) else ""
        line = f'{to_line(event)[:-1]},{version}"previous":"{self._previous}"}}'
        if self._key is not None:
            line = f'{line[:-1]},"mark":"{self._key.sign(OF_LINE + line.encode())}"}}'
        if isinstance(event, RunEnded):
            line = seal_line(line)
        data = line.encode()
        if self.joins and isinstance(event, _HELD_TOO if self._held else _HELD_FIRST):
            self._held += data + b"\n"
            self._previous = hash_line(data)
            return line
        self._append_data(data + b"\n", isinstance(event, _FLUSHED))
        self._previous = hash_line(data)
        return line

    def _append_data(self, data: bytes, must_flush: bool) -> None:
        """Write the held lines and `data`. Raises JournalError, and then keeps only the held ones."""
        held, self._held = self._held, b""
        try:
            rest = held + data
            while rest:
                rest = rest[os.write(self._file, rest) :]
            if must_flush:
                self._sync()
        except (OSError, JournalError) as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._end)
                self._keep_held(held)
            raise error if isinstance(error, JournalError) else self._make_error(error) from error
        self._end += len(held) + len(data)

    def _keep_held(self, held: bytes) -> None:
        """Write the held lines whole, or nothing of them: what they tell has happened. Raises OSError."""
        try:
            rest = held
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError:
            os.ftruncate(self._file, self._end)
            raise
        self._end += len(held)

    def write_held(self) -> None:
        """Write the lines that are held back, so that they survive our own death. Raises JournalError."""
        if self._held:
            self._append_data(b"", must_flush=False)

    def flush(self) -> None:
        """Flush all events to the disk before this returns. Raises JournalError."""
        self.write_held()
        self._sync()

    def _sync(self) -> None:
        try:
            sync_data(self._file)
            if not self._known:
                folder = os.open(self.path.parent, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    sync_file(folder)
                finally:
                    os.close(folder)
                self._known = True
        except OSError as error:
            raise self._make_error(error) from error

    def _make_error(self, error: OSError) -> JournalError:
        return JournalError(f"cannot write the journal `{self.path}`: {reason(error)}")

    def _bound_output(self, event: Output) -> Output:
        """Return the output, without the part of a statement's output beyond the limit."""
        room = KEEP_OUTPUT - self._kept
        self._kept += len(event.text)
        if room >= len(event.text):
            return event
        text = event.text[:room] + _CUT if room >= 0 else ""
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
        """Write what is held back, close the file, and so release its lock."""
        with contextlib.suppress(JournalError):
            self.write_held()
        os.close(self._file)


def read_journal(path: Path) -> Iterator[Event]:
    """Yield the events of a journal, without a torn last line.

    Raises JournalError for other damage.
    """
    return (line.event for line in read_whole_lines(path))


def read_whole_lines(path: Path) -> Iterator[JournalLine]:
    """Yield the lines of a journal, without a torn last line.

    Raises JournalError for other damage.
    """
    try:
        for line in read_lines(path):
            if isinstance(line, Damage):
                raise JournalError(f"{path}:{line.number}: {line.what}")
            if isinstance(line, JournalLine):
                yield line
    except OSError as error:
        raise JournalError(f"cannot read the journal `{path}`: {reason(error)}") from error


@contextlib.contextmanager
def _claim_id(folder: Path, run: str) -> Iterator[None]:
    """Let no other process begin a run with this id within the block; raises JournalError if one has it."""
    lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        names = (path for path in folder.iterdir() if path.name.endswith(f"-{run}{SUFFIX}"))
        if any(run_of_journal(path) == run for path in names):
            raise JournalError(
                f"run `{run}` exists already; `runbook-exec resume {run}` continues it, "
                "and another `--id` begins a new one"
            )
        yield
    finally:
        os.close(lock)


def _lock(file: int) -> None:
    """Take the lock of a run. Raises BlockingIOError if another process holds it."""
    for _ in range(_TRIES):
        with contextlib.suppress(BlockingIOError):
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        time.sleep(_WAIT)  # a process that lists runs holds it for an instant, to test it
    return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _holder(path: Path) -> str:
    """Return which process runs a run, in words, if its journal has it."""
    pids = [event.pid for event in read_journal(path) if isinstance(event, RunStarted) and event.pid]
    return f", in process {pids[-1]}" if pids else ""
