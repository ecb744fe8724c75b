"""Reads the snapshot of a shell, which the shell writes to its own FIFO."""

from __future__ import annotations

import os

_AT_ONCE = 1 << 16  # bytes read at once


class SnapshotReader:
    """Collects the snapshot that a shell writes to its FIFO.

    `fd` is the FIFO, in non-blocking mode.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._data: bytearray | None = None

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
