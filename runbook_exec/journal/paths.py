"""Finds and opens the files of journals."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ..errors import Refused
from ..system.people import find_home
from ..text.lazy_pattern import LazyPattern

SUFFIX = ".jsonl"

_MOMENT = 19  # characters of a moment up to its seconds

_BEFORE_ID = len("2026-11-24T021314-")

_DATED = LazyPattern(r"\d{4}-\d\d-\d\dT\d{6}-")

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


def name_journal(run: str, started: str) -> str:
    """Return the name of a run's journal; `started` is when it began, RFC 3339."""
    return f"{started[:_MOMENT].replace(':', '')}-{run}{SUFFIX}"


def run_of_journal(path: Path) -> str:
    """Return the id of the run in the name of its journal."""
    name = path.name.removesuffix(SUFFIX)
    return name[_BEFORE_ID:] if _DATED.match(name) else name.rpartition("-")[2]


def open_journal_descriptor(path: Path) -> tuple[int, int]:
    """Open a journal to read it, and return its descriptor and its size in bytes.

    Raises OSError, also for anything that is not a regular file.
    """
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode):
        os.close(file)
        raise OSError(0, "not a regular file", str(path))
    return file, found.st_size


def open_journal(path: Path) -> BinaryIO:
    """Open a journal to read it; raises OSError, also for anything that is not a regular file."""
    file, _ = open_journal_descriptor(path)
    try:
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
