"""Computes a value that several processes need once, while they do other work."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import IO, Any


class BackgroundResult:
    """A value that another process computes; reading it waits until that process has ended."""

    def __init__(self, file: IO[bytes], ended: int) -> None:
        self._file = file
        self._ended = ended  # no process writes to this pipe: it is closed when the process ends

    @cached_property
    def value(self) -> Any:
        """Return the value; None if the process was ended before it had one."""
        os.read(self._ended, 1)
        size = os.fstat(self._file.fileno()).st_size
        try:
            # several processes read, and share the file position that `read` would use
            return json.loads(os.pread(self._file.fileno(), size, 0))
        except ValueError:
            return None


@contextmanager
def run_in_background(find: Callable[[], Any]) -> Iterator[BackgroundResult]:
    """Compute the result of a function in a background process.

    The result has the types of JSON. Processes that are forked later can read it. Raises OSError if no
    process can be started.
    """
    import multiprocessing  # this and the next for many pages only
    import tempfile

    ended, ending = os.pipe()
    try:
        with tempfile.TemporaryFile() as file:
            process = multiprocessing.get_context("fork").Process(target=_write, args=(find, file))
            try:
                process.start()
            finally:
                os.close(ending)
            try:
                yield BackgroundResult(file, ended)
            finally:
                process.terminate()
                process.join()
    finally:
        os.close(ended)


def _write(find: Callable[[], Any], file: IO[bytes]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for wanted in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(wanted, signal.SIG_DFL)
    file.write(json.dumps(find()).encode())
    file.flush()
