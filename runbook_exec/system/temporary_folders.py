"""Makes the temporary folders of a run, and removes those that killed runs have left.

A process holds a lock on a file in each of its folders. The system releases the lock when the process ends,
however it ends. So a folder whose lock can be taken belongs to no process any more.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import stat

_LOCK = "lock"

_NAME = re.compile(r"runbook-(?:[a-z]+-)?[a-z0-9_]{8}")

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC


class TemporaryFolder:
    """A new folder that only its owner can read; `path` is its real path."""

    def __init__(self, kind: str = "", inside: str | None = None) -> None:
        """Make the folder in `inside`, by default in $TMPDIR; `kind` is a part of its name.

        Raises OSError.
        """
        from tempfile import mkdtemp  # the commands that make no folder do without it

        prefix = f"runbook-{kind}-" if kind else "runbook-"
        self.path = os.path.realpath(mkdtemp(prefix=prefix, dir=inside))
        self._lock = -1
        if inside is None:
            with contextlib.suppress(OSError):  # without a lock, the folder stays if we are killed
                self._lock = _take_new_lock(self.path)

    def remove(self) -> None:
        """Remove the folder and everything in it, also folders in it that are read-only."""
        from shutil import rmtree

        rmtree(self.path, ignore_errors=True)
        if os.path.isdir(self.path):  # noqa: PTH112
            for inside, _, _ in os.walk(self.path):
                os.chmod(inside, 0o700)  # noqa: PTH101
            rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> str:
        return self.path

    def __exit__(self, *_: object) -> None:
        self.remove()


def _take_new_lock(folder: str) -> int:
    """Make the lock of a folder and return its descriptor. It is locked before it has its name."""
    beside = f"{folder}/.{_LOCK}"
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.rename(beside, f"{folder}/{_LOCK}")  # noqa: PTH104
    except OSError:
        os.close(file)
        raise
    return file


def remove_dead_folders() -> None:
    """Remove the folders in $TMPDIR of this user's processes that have ended without removing them.

    A folder of another user, one that others can write to, and a symbolic link are left alone.
    """
    with contextlib.suppress(OSError):
        from tempfile import gettempdir

        parent = os.open(gettempdir(), _FLAGS & ~os.O_NOFOLLOW | os.O_DIRECTORY)
        try:
            for name in filter(_NAME.fullmatch, os.listdir(parent)):  # noqa: PTH208
                with contextlib.suppress(OSError):
                    _remove_if_dead(parent, name)
        finally:
            os.close(parent)


def _remove_if_dead(parent: int, name: str) -> None:
    folder = os.open(name, _FLAGS | os.O_DIRECTORY, dir_fd=parent)
    try:
        state = os.fstat(folder)
        if state.st_uid != os.geteuid() or stat.S_IMODE(state.st_mode) != 0o700:
            return
        lock = os.open(_LOCK, _FLAGS, dir_fd=folder)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _empty_folder(folder)
            os.rmdir(name, dir_fd=parent)
        finally:
            os.close(lock)
    finally:
        os.close(folder)


def _empty_folder(folder: int) -> None:
    """Remove everything in an open folder, the lock at last. No symbolic link is followed."""
    os.fchmod(folder, 0o700)
    for name in sorted(os.listdir(folder), key=lambda name: name == _LOCK):
        if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            inner = os.open(name, _FLAGS | os.O_DIRECTORY, dir_fd=folder)
            try:
                _empty_folder(inner)
            finally:
                os.close(inner)
            os.rmdir(name, dir_fd=folder)
        else:
            os.unlink(name, dir_fd=folder)
