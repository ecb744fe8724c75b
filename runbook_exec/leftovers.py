"""What a shell leaves running when it has ended."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path


def hang_up(leader: int) -> None:
    """Hang up on every process of the session that `leader` led, as a shell does when its window is closed.

    bash tells its background jobs itself, the others leave them running. What was started with nohup or
    setsid goes on. Without /proc nothing is found.
    """
    for entry in Path("/proc").glob("[0-9]*"):
        pid = int(entry.name)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if pid != leader and os.getsid(pid) == leader:
                os.kill(pid, signal.SIGHUP)
                os.kill(pid, signal.SIGCONT)  # a stopped one would not take notice
