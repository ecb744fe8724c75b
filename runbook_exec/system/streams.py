"""Writes to descriptors that may be full or closed: the failure is noted and not raised."""

from __future__ import annotations

import errno
import io
import os
import sys

# As in `typing`, which this module does without: `--version` would load it for nothing else.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class OutputStream:
    """Writes to one descriptor until that fails; `failure` is then the reason, and the rest is dropped.

    A terminal that is gone is no failure: it drops everything.
    """

    def __init__(self, fd: int, *, is_terminal: bool = False) -> None:
        self.failure = ""
        self._fd = fd
        self._is_terminal = is_terminal
        self._gathered: bytearray | None = None

    def gather(self) -> AbstractContextManager[None]:
        """Gather what is written in the block, and write it at the end of the block at once."""
        return _Gathering(self)

    def begin_gathering(self) -> None:
        """Keep what is written, until `end_gathering`."""
        self._gathered = bytearray()

    def end_gathering(self) -> None:
        """Write what was kept."""
        data, self._gathered = self._gathered, None
        if data:
            self.write(bytes(data))

    def write(self, data: bytes) -> None:
        """Write all bytes, unless an earlier write has failed."""
        if self._gathered is not None:
            self._gathered += data
            return
        try:
            while data and not self.failure:
                try:
                    data = data[os.write(self._fd, data) :]
                except BlockingIOError:  # another program has made this terminal non-blocking
                    import select  # only a stream that does not wait needs it

                    select.select([], [self._fd], [])
        except OSError as error:
            if not (self._is_terminal and error.errno == errno.EIO):
                self.failure = os.strerror(error.errno or errno.EIO).lower()


class _Gathering:
    """A block in which a stream gathers what is written."""

    __slots__ = ("_stream",)

    def __init__(self, stream: OutputStream) -> None:
        self._stream = stream

    def __enter__(self) -> None:
        self._stream.begin_gathering()

    def __exit__(self, *_: object) -> None:
        self._stream.end_gathering()


class _LossyFile(io.FileIO):
    """A file that drops what cannot be written."""

    def write(self, data: object) -> int:
        try:
            return super().write(data)  # type: ignore[arg-type]
        except OSError:
            return len(memoryview(data))  # type: ignore[arg-type]


def tolerate_lost_errors() -> None:
    """Make standard error drop what it cannot take: the exit status still reports what happened."""
    stream = sys.stderr
    if stream is not sys.__stderr__ or not isinstance(stream, io.TextIOWrapper):
        return  # a program that runs ours has replaced it
    file = io.BufferedWriter(_LossyFile(stream.fileno(), "w", closefd=False))
    sys.stderr = io.TextIOWrapper(
        file, encoding=stream.encoding, errors=stream.errors, line_buffering=True, write_through=True
    )
