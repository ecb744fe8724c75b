"""Reads files that may be something else: a pipe or a device would never end."""

from __future__ import annotations

import os
import stat
from pathlib import Path

LARGEST = 16 << 20  # bytes; no file that is read so has as many


def read_regular_file(path: Path, largest: int = LARGEST) -> bytes:
    """Return the content of a regular file; raises OSError also for another one, and for a larger one."""
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    with os.fdopen(file, "rb") as opened:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(f"`{path}` is not a regular file")
        content = opened.read(largest + 1)
    if len(content) > largest:
        raise OSError(f"`{path}` is larger than {largest} bytes")
    return content
