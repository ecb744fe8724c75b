"""Reads the output of programs on a pseudo-terminal, in few and large pieces."""

from __future__ import annotations

import contextlib
import errno
import os

_READ = 65536  # bytes read before anything is done with them; a Linux pseudo-terminal gives 4095 at a time


class OutputReader:
    """Reads a terminal that does not block; `hung_up` once no process has it open any more."""

    def __init__(self, terminal: int) -> None:
        self.hung_up = False
        self._terminal = terminal
        self._batch = memoryview(bytearray(_READ))
        self._filled = 0  # bytes of it

    def read(self) -> bool:
        """Read what there is; return whether that is anything.

        Many pieces are made one, as each costs more to process than to read. On Linux, asking makes the
        kernel hand over what there is: nothing that was printed before is missed.
        """
        # something was read already if ^C cut the reading short
        with contextlib.suppress(BlockingIOError):
            while self._filled < _READ and (size := self._read_piece()):
                self._filled += size
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
        """Return what was read."""
        data = bytes(self._batch[: self._filled])
        self._filled = 0
        return data
