"""Reads a shell's variables and functions, which it writes to a FIFO of its own."""

from __future__ import annotations

import os

_AT_ONCE = 1 << 16  # bytes read at once


class SnapshotReader:
    """Collects what a shell writes while it is asked for; `fd` is the FIFO, which does not block."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._data: bytearray | None = None

    @property
    def is_open(self) -> bool:
        """Whether a snapshot is being taken."""
        return self._data is not None

    def begin(self) -> None:
        """Begin a snapshot."""
        self._data = bytearray()

    def end(self) -> bytes:
        """End the snapshot and return what was read."""
        data, self._data = self._data, None
        return bytes(data or b"")

    def read(self) -> bool:
        """Read what there is; returns whether there may be more."""
        try:
            data = os.read(self.fd, _AT_ONCE)
        except BlockingIOError:
            return False
        if self._data is not None:
            self._data += data
        return bool(data)
