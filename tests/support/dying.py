"""The program with a journal on a disk that fails, or that dies, at a given operation.

Usage: dying.py WHAT ARGUMENTS…, where each write to the journal and each flush of it is an operation, from 1.
WHAT is `note:FILE`, which writes a line `KIND SIZE EFFECTS` for each operation; `die:N` before operation N;
`tear:N`, in the middle of it; `fail:N:ERRNO`, which fails from operation N on, or `shut:1:ERRNO`, which
cannot be opened. With `cast:N:ERRNO` it is the cast's disk that fails.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from pathlib import Path
from typing import Any

from runbook_exec.cli import main as cli
from runbook_exec.journal import asciicast as cast
from runbook_exec.journal import journal

EFFECTS = Path("log")  # a line for each effect of the run's statements


class FailingDisk:
    """Replaces `os` in the module of the journal."""

    def __init__(self, what: str) -> None:
        self._what, _, rest = what.partition(":")
        self._file = rest if self._what == "note" else ""
        number, _, self._errno = ("0", "", "") if self._file else rest.partition(":")
        self._at = int(number or 0)
        self._count = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def open(self, *given: Any) -> int:
        """Open a file, or fail."""
        if self._what == "shut":
            self._fail()
        return os.open(*given)

    def write(self, file: int, data: bytes) -> int:
        """Write, die or fail."""
        if self._count_operation() == "tear":
            os.write(file, data[: len(data) // 2])
            self._die()
        size = os.write(file, data)
        self._note("write", size)
        return size

    def fdatasync(self, file: int) -> None:
        """Flush, die or fail."""
        if self._count_operation() == "tear":
            self._die()
        os.fdatasync(file)
        self._note("flush", 0)

    def fsync(self, file: int) -> None:
        """Flush the folder, die or fail."""
        if self._count_operation() == "tear":
            self._die()
        os.fsync(file)
        self._note("folder", 0)

    def _count_operation(self) -> str:
        self._count += 1
        if self._what == "die" and self._count == self._at:
            self._die()
        if self._what in ("fail", "cast") and self._count >= self._at:
            self._fail()
        return self._what if self._count == self._at else ""

    def _fail(self) -> None:
        number = getattr(errno, self._errno)
        raise OSError(number, os.strerror(number))

    def _note(self, kind: str, size: int) -> None:
        if self._file:
            done = EFFECTS.read_bytes().count(b"\n") if EFFECTS.exists() else 0
            with Path(self._file).open("a") as file:
                file.write(f"{kind} {size} {done}\n")

    def _die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    module = cast if sys.argv[1].startswith("cast:") else journal
    disk = FailingDisk(sys.argv[1])
    vars(module).update({"os": disk, "sync_data": disk.fdatasync, "sync_file": disk.fsync})
    sys.exit(cli.main(sys.argv[2:]))
