"""Forbids core dumps of this process: they would contain the secrets of a run."""

from __future__ import annotations

import contextlib
import resource
import sys

_PR_SET_DUMPABLE = 4  # on Linux; it also keeps other processes of the same user from reading our memory


def forbid_core_dumps() -> None:
    """Forbid core files of this process, and on Linux also that other processes read its memory.

    On Linux its children are not affected. Elsewhere they make no core files either, unless they ask to.
    """
    if not _set_dumpable(0):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def allow_core_dumps() -> None:
    """Allow them again, in a child that is about to become another program."""
    _set_dumpable(1)


def _set_dumpable(value: int) -> bool:
    if sys.platform != "linux":
        return False
    import ctypes

    try:
        return bool(ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, value, 0, 0, 0) == 0)
    except (OSError, AttributeError):
        return False
