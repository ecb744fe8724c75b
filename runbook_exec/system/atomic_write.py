"""Writes files as a whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import sys
from pathlib import Path

_LONGEST = 40  # characters of a file's name that are in the name of the one beside it


# On macOS, fsync leaves data in the cache of the disk, which a power cut empties. This command does not.
_FULL_SYNC: int | None = None
if sys.platform == "darwin":
    _FULL_SYNC = fcntl.F_FULLFSYNC

# errors of file systems that do not have it, such as those of a network
_NO_FULL_SYNC = (errno.ENOTSUP, errno.EINVAL, errno.ENOTTY)


def sync_data(file: int) -> None:
    """Flush the data of an open file to the disk before this returns. Raises OSError."""
    if sys.platform == "linux":
        os.fdatasync(file)
    else:
        sync_file(file)


def sync_file(file: int, full_sync: int | None = _FULL_SYNC) -> None:
    """Flush an open file or folder to the disk before this returns. Raises OSError.

    `full_sync` is the command of fcntl that also empties the cache of the disk, None if fsync does.
    """
    if full_sync is not None:
        try:
            fcntl.fcntl(file, full_sync)
        except OSError as error:
            if error.errno not in _NO_FULL_SYNC:
                raise
        else:
            return
    os.fsync(file)


def replace_file(path: Path, data: bytes, mode: int | None = None, *, durable: bool = True) -> None:
    """Replace a file: a reader finds the old or the new content, never a part.

    `mode` is the file's mode. By default a file that exists keeps its mode, and a new one follows the umask.
    A file that is not `durable` may be empty after a power cut. Raises OSError, and then the file has not
    changed and none is left beside it.
    """
    if mode is None:
        with contextlib.suppress(FileNotFoundError):
            mode = stat.S_IMODE(path.stat().st_mode)
    beside = path.with_name(f".{path.name[:_LONGEST]}.{os.urandom(8).hex()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    file = os.open(beside, flags, 0o666 if mode is None else 0o600)
    try:
        try:
            _write_all(file, data)
            if mode is not None:
                os.fchmod(file, mode)
            if durable:
                sync_file(file)
        finally:
            os.close(file)
        beside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


def create_file(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Write a new file; `mode` is its mode, from which the umask takes.

    Raises FileExistsError if it exists, or OSError, and then no part of it is left.
    """
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        try:
            _write_all(file, data)
            sync_file(file)
        finally:
            os.close(file)
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise


def _write_all(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]
