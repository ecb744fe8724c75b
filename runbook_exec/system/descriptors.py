"""Lists the open files of a process."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

_FLAGS = rb"flags:\s*([0-7]+)"


def list_descriptors(pid: int, highest: int) -> dict[int, str]:
    """Return what the file descriptors of a process from 3 on lead to.

    Those that it does not pass to programs are left out. The result is empty if the system has no `/proc`, or
    the process is gone.
    """
    found: dict[int, str] = {}
    folder = Path(f"/proc/{pid}/fd")
    try:
        numbers = sorted(int(entry.name) for entry in folder.iterdir())
    except OSError:
        return {}
    for number in numbers:
        with contextlib.suppress(OSError):
            if 3 <= number <= highest and not _is_private(pid, number):
                found[number] = str((folder / str(number)).readlink())
    return found


def _is_private(pid: int, number: int) -> bool:
    """Return whether a descriptor is closed when the process starts a program."""
    flags = re.search(_FLAGS, Path(f"/proc/{pid}/fdinfo/{number}").read_bytes())
    return flags is not None and bool(int(flags[1], 8) & os.O_CLOEXEC)
