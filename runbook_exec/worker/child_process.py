"""Starts the process of a leg, which outlives the worker, and finds it again."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from ..errors import Refused, reason
from ..light_classes import NamedTuple

_MODULE = "runbook_exec.cli.ordered.leg"

_TRIES, _WAIT = 20, 0.05  # looks at a lock that has no number yet; seconds between them

_LOG = 4000  # bytes of the end of a log that a message quotes


class LegFiles(NamedTuple):
    """The files of a run's legs, beside its journal."""

    lock: Path  # locked by the process of a leg for as long as it lives; has its number
    log: Path  # what that process prints
    text: Path  # the text of the page, as it was ordered


def find_leg_files(state: Path, run: str) -> LegFiles:
    """Return the files of a run in the state folder."""
    folder = state / "legs"
    return LegFiles(folder / f"{run}.lock", folder / f"{run}.log", folder / f"{run}.md")


class LegLock:
    """The right to start the process of a leg, which that process inherits."""

    def __init__(self, file: int) -> None:
        self.file = file

    @classmethod
    def take(cls, path: Path) -> LegLock | None:
        """Take the lock; return None if the process of a leg has it. Raises Refused."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise Refused(f"cannot write `{path}`: {reason(error)}") from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return None
        except OSError as error:
            os.close(file)
            raise Refused(f"cannot lock `{path}`: {reason(error)}") from None
        if not _is_same_file(path, file):  # it was removed as old just then
            os.close(file)
            return cls.take(path)
        os.truncate(file, 0)  # the number of an earlier process
        return cls(file)

    def release(self) -> None:
        """Let go of the lock; a process that has inherited it keeps it."""
        os.close(self.file)


class LegChild:
    """The process of a leg that this worker has started."""

    def __init__(self, process: subprocess.Popen[bytes], files: LegFiles, log_size: int) -> None:
        self._process = process
        self._files = files
        self._log_size = log_size

    def find_status(self) -> int | None:
        """Return its exit status; None while it lives."""
        return self._process.poll()

    def read_log(self) -> str:
        """Return the end of what it has printed."""
        with contextlib.suppress(OSError), self._files.log.open("rb") as log:
            log.seek(max(self._log_size, os.fstat(log.fileno()).st_size - _LOG))
            return log.read().decode("utf-8", "replace").strip()
        return ""


def start_leg(task: Mapping[str, object], files: LegFiles, lock: LegLock) -> LegChild:
    """Start the process of a leg with its task, which goes through its standard input. Raises Refused.

    It has a session of its own, so that neither a signal to the worker's group nor its terminal reaches it.
    """
    words = [sys.executable, "-P", "-m", _MODULE]
    data = json.dumps({**task, "lock": lock.file}).encode()
    try:
        with open(files.log, "ab", opener=_open_private) as log:
            size = log.tell()
            process = subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=(lock.file,),
                start_new_session=True,
            )
    except OSError as error:
        raise Refused(f"cannot start a run: {reason(error)}") from None
    threading.Thread(target=process.wait, daemon=True).start()  # a run with `--hold` outlives its leg
    os.pwrite(lock.file, str(process.pid).encode(), 0)
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
            pipe.write(data)
    return LegChild(process, files, size)


def end_leg(files: LegFiles) -> bool:
    """Ask the process of a leg to end, whoever has started it; return whether it lives.

    Its statement gets ^C, and stronger signals if it goes on.
    """
    for _ in range(_TRIES):
        lock = LegLock.take(files.lock)
        if lock is not None:
            lock.release()
            return False
        with contextlib.suppress(OSError, ValueError):  # another worker is just starting it
            os.kill(int(files.lock.read_text(encoding="ascii")), signal.SIGTERM)
            return True
        time.sleep(_WAIT)
    return True


def remove_leg_files(files: LegFiles) -> bool:
    """Remove the files of a run's legs, unless a process of it lives; return whether that was done.

    Raises Refused, and OSError.
    """
    if not files.lock.parent.is_dir() or (lock := LegLock.take(files.lock)) is None:
        return False
    try:
        for path in files:
            path.unlink(missing_ok=True)
    finally:
        lock.release()
    return True


def _is_same_file(path: Path, file: int) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(path.stat(), os.fstat(file))
    return False


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
