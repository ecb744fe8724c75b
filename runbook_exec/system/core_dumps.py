"""Core dumps would hold the secrets of a run: the program makes none, whatever the programs it runs do."""

from __future__ import annotations

import contextlib
import resource
import sys

_PR_SET_DUMPABLE = 4  # of Linux: also keeps other processes of the same user from reading our memory


def forbid_core_dumps() -> None:
    """From here on a death of this process leaves no core file, and no other process can read its memory.

    What is started from it is as ever on Linux; elsewhere it makes no core files either, unless it asks to.
    """
    if not _set_dumpable(0):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def allow_core_dumps() -> None:
    """Take that back, in a child that is about to become another program."""
    _set_dumpable(1)


def _set_dumpable(value: int) -> bool:
    if sys.platform != "linux":
        return False
    import ctypes

    try:
        return bool(ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, value, 0, 0, 0) == 0)
    except (OSError, AttributeError):
        return False
