"""What several processes need and what takes long to find: found once, while they do other work."""

from __future__ import annotations

import json
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import IO, Any


class BackgroundResult:
    """What a process of its own finds; whoever asks before it is there waits."""

    def __init__(self, file: IO[bytes], ended: int) -> None:
        self._file = file
        self._ended = ended  # nobody writes to this pipe: its end is that of the process

    @cached_property
    def value(self) -> Any:
        """What was found; None where the process did not come to its end."""
        os.read(self._ended, 1)
        size = os.fstat(self._file.fileno()).st_size
        try:
            # several processes ask, and share the place in the file that `read` would go on from
            return json.loads(os.pread(self._file.fileno(), size, 0))
        except ValueError:
            return None


@contextmanager
def run_in_background(find: Callable[[], Any]) -> Iterator[BackgroundResult]:
    """Begin to find what a function comes to, as JSON can hold it, for the processes that are forked later.

    Raises OSError where no process can be started.
    """
    import multiprocessing

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
