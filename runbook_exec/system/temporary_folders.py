"""Makes the temporary folders of a run, and removes those that killed runs have left.

A process holds a lock on a file in each of its folders. The system releases the lock when the process ends,
however it ends. So a folder whose lock can be taken belongs to no process any more.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import stat
from collections.abc import Iterator

_LOCK = "lock"

_PREFIX = "runbook-"

_NAME = r"runbook-(?:[a-z]+-)?[a-z0-9_]{8}"

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC


class TemporaryFolder:
    """A new folder that only its owner can read; `path` is its real path."""

    def __init__(self, kind: str = "", inside: str | None = None) -> None:
        """Make the folder in `inside`, by default in $TMPDIR; `kind` is a part of its name.

        Raises OSError.
        """
        prefix = f"{inside or find_temporary_folder()}/{_PREFIX}{kind}{'-' if kind else ''}"
        self.path = os.path.realpath(_make_folder(prefix))
        self._lock = -1
        if inside is None:
            with contextlib.suppress(OSError):  # without a lock, the folder stays if we are killed
                self._lock = _take_new_lock(self.path)

    def remove(self) -> None:
        """Remove the folder and everything in it, also folders in it that are read-only."""
        try:
            _remove_folder(self.path)
        except OSError:
            from shutil import rmtree  # only a folder that another program writes to needs it

            rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> str:
        return self.path

    def __exit__(self, *_: object) -> None:
        self.remove()


def find_temporary_folder() -> str:
    """Return the folder for temporary files that `tempfile` would use; that module imports many others.

    Raises FileNotFoundError if no file can be made in any of those that are usual.
    """
    for folder in _list_temporary_folders():
        path = os.path.abspath(folder)  # noqa: PTH100
        probe = f"{path}/{os.urandom(8).hex()}"
        with contextlib.suppress(OSError):
            file = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                os.write(file, b"probe")
                return path
            finally:
                os.close(file)
                os.unlink(probe)  # noqa: PTH108
    raise FileNotFoundError(errno.ENOENT, "no file can be made in a temporary folder")


def _list_temporary_folders() -> Iterator[str]:
    yield from filter(None, map(os.environ.get, ("TMPDIR", "TEMP", "TMP")))
    yield from ("/tmp", "/var/tmp", "/usr/tmp")  # noqa: S108
    with contextlib.suppress(OSError):
        yield os.getcwd()  # noqa: PTH109


def _make_folder(prefix: str) -> str:
    """Make a folder with a random name that only its owner can read, and return its path."""
    while True:
        with contextlib.suppress(FileExistsError):
            path = f"{prefix}{os.urandom(4).hex()}"
            os.mkdir(path, 0o700)  # noqa: PTH102
            return path


def _remove_folder(path: str) -> None:
    folder = os.open(path, _FLAGS | os.O_DIRECTORY)
    try:
        _empty_folder(folder)
        os.rmdir(path)  # noqa: PTH106
    finally:
        os.close(folder)


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
        parent = os.open(find_temporary_folder(), _FLAGS & ~os.O_NOFOLLOW | os.O_DIRECTORY)
        try:
            for name in os.listdir(parent):  # noqa: PTH208
                if name.startswith(_PREFIX) and re.fullmatch(_NAME, name):
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
