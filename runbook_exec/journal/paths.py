"""Finds and opens the files of journals."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ..errors import Refused
from ..system.people import find_home

LONGEST_LINE = 1 << 26  # bytes of a line that are read; no program of ours writes such a line


def state_folder(environ: dict[str, str]) -> Path:
    """Return the folder of journals, in `$XDG_STATE_HOME` or `~/.local/state`.

    Raises Refused if neither is an absolute path.
    """
    named = environ.get("XDG_STATE_HOME") or ""
    if named.startswith("/"):
        return Path(named) / "runbook-exec" / "runs"
    home = find_home(environ.get("HOME") or "")
    if not home.startswith("/"):
        raise Refused("cannot find the folder of journals: no home is known; set $HOME or $XDG_STATE_HOME")
    return Path(home) / ".local/state" / "runbook-exec" / "runs"


def open_journal(path: Path) -> BinaryIO:
    """Open a journal to read it; raises OSError, also for anything that is not a regular file."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(0, "not a regular file", str(path))
        return os.fdopen(file, "rb")
    except BaseException:
        os.close(file)
        raise


def read_bounded_lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a file; one that is too long is cut, and is the last."""
    while line := file.readline(LONGEST_LINE):
        yield line
        if len(line) == LONGEST_LINE:
            return
