"""Keeps track of a request to the far end, and reads its result."""

from __future__ import annotations

import time

from ...shells.live_shell import Done
from .frames import FarFrame, unpack

HEARTBEAT = 5.0  # seconds between signs of life while a statement runs


class FarRequest:
    """A request that is being done at the far end."""

    def __init__(self, number: int, ours: bool) -> None:
        self.number = number
        self.ours = ours
        self.began = time.monotonic()
        self.next_sign = self.began + HEARTBEAT
        self.is_interrupted = False
        self.at_end_of_keys = False


def read_done(frame: FarFrame) -> Done:
    """Return the end of a statement that a result describes."""
    facts, _ = unpack(frame.content)
    statuses = facts["pipestatus"]
    return Done(
        status=int(str(facts["status"])),
        pipestatus=tuple(int(each) for each in statuses) if isinstance(statuses, list) else (),
        cwd=str(facts["cwd"]),
        killed=facts["killed"] is True,
        ended=str(facts["ended"]),
        timed_out=facts["timed_out"] is True,
        interrupted=facts["interrupted"] is True,
        suspended=facts["suspended"] is True,
        waited_for_key=str(facts["waited_for_key"]),
        last_line=str(facts["last_line"]),
        folder=str(facts["folder"]),
    )
