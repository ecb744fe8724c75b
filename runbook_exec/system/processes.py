"""Asks the system about processes, as far as it has the means."""

from __future__ import annotations

import os
import sys


def open_end_descriptor(pid: int) -> int:
    """Return a descriptor that is readable once the process has ended; -1 if the system has none.

    Linux has them from version 5.3 on, unless a container forbids the call. macOS has none.
    """
    if sys.platform != "linux":
        return -1
    try:
        return os.pidfd_open(pid)
    except OSError:
        return -1
