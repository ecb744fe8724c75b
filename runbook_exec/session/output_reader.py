"""Reads the output of programs on a pseudo-terminal, in few and large pieces."""

from __future__ import annotations

import errno
import os

_READ = 65536  # bytes read before they are processed; a Linux pseudo-terminal gives 4095 at a time


class OutputReader:
    """Reads a non-blocking terminal; `hung_up` is true once no process has it open."""

    def __init__(self, terminal: int) -> None:
        self.hung_up = False
        self._terminal = terminal
        self._batch = memoryview(bytearray(_READ))
        self._filled = 0  # bytes of it that are filled

    @property
    def is_full(self) -> bool:
        """Return whether the batch has no room, so that more output may be waiting."""
        return self._filled >= _READ

    def read(self) -> bool:
        """Read the available output; return whether any came.

        Many pieces are joined into one, because each costs more to process than to read. On Linux, a read
        makes the kernel hand over all available output, so nothing that was printed before is missed.
        """
        # if ^C interrupts the reading, some bytes may have been read already
        try:
            while self._filled < _READ and (size := self._read_piece()):
                self._filled += size
        except BlockingIOError:
            pass
        return self._filled > 0

    def _read_piece(self) -> int:
        try:
            size = os.readv(self._terminal, [self._batch[self._filled :]])
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            size = 0
        self.hung_up = not size
        return size

    def take(self) -> bytes:
        """Return the bytes that were read."""
        data = bytes(self._batch[: self._filled])
        self._filled = 0
        return data
