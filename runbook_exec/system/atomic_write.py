"""Writes files as a whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from pathlib import Path

_LONGEST = 40  # characters of a file's name that are in the name of the one beside it


def sync_data(file: int) -> None:
    """Flush the data of an open file to the disk before this returns."""
    if sys.platform == "darwin":
        os.fsync(file)
    else:
        os.fdatasync(file)


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
                os.fsync(file)
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
            os.fsync(file)
        finally:
            os.close(file)
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise


def _write_all(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]
