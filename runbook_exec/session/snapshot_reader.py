"""Reads the snapshot of a shell, which the shell writes to its own FIFO."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
from collections.abc import Iterable, Mapping

from ..light_classes import NamedTuple
from ..shells.driver import SNAPSHOT
from ..shells.registry import SHELLS

_AT_ONCE = 1 << 20  # bytes read at once; and of a large snapshot that a shell can write without waiting

_SET_PIPE_SIZE = 1031  # F_SETPIPE_SZ of Linux, which Python 3.9 does not name


class SnapshotRequest(NamedTuple):
    """The code that writes a snapshot, with `{folder}` and `{options}` in it, and what else is read."""

    code: str
    highest_descriptor: int  # up to which open files are listed; 0 for none


def make_snapshot_request(shell: str, redefined: Iterable[str]) -> SnapshotRequest:
    """Return the request for a snapshot; functions from the shell's start are in it only if `redefined`."""
    form = SHELLS[shell].snapshot
    return SnapshotRequest(form.build_code(f"{{folder}}/{SNAPSHOT}", redefined), form.highest_descriptor)


class SnapshotReader:
    """Collects the snapshot that a shell writes to its FIFO.

    `fd` is the FIFO, in non-blocking mode.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._data: bytearray | None = None
        if sys.platform == "linux":
            with contextlib.suppress(OSError):  # a user may have only so much memory in pipes
                fcntl.fcntl(fd, _SET_PIPE_SIZE, _AT_ONCE)

    @property
    def is_open(self) -> bool:
        """Return whether a snapshot is being taken."""
        return self._data is not None

    def begin(self) -> None:
        """Begin a snapshot."""
        self._data = bytearray()

    def end(self) -> bytes:
        """End the snapshot and return the bytes of it."""
        data, self._data = self._data, None
        return bytes(data or b"")

    def read(self) -> bool:
        """Read the available bytes; return whether more may follow."""
        try:
            data = os.read(self.fd, _AT_ONCE)
        except BlockingIOError:
            return False
        if self._data is not None:
            self._data += data
        return bool(data)


def format_descriptors(open_files: Mapping[int, str]) -> bytes:
    """Return the open files of a shell as lines of their numbers and names, as a snapshot has them."""
    lines = "".join(f"{number} {target}\n" for number, target in open_files.items())
    return lines.encode("utf-8", "surrogateescape")
