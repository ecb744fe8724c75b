"""Keeps how the last statement of a session has ended, for a run that is resumed.

This module runs on the far host, with Python 3.9.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading


class StatementEnd:
    """How the last statement has ended, without its output."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._facts: dict[str, object] = {"seq": 0}
        self._askers: list[socket.socket] = []  # that wait for the end of the statement

    def note_start(self, seq: int) -> None:
        """Note that a statement runs; `seq` is the number of its event in the run's journal."""
        with self._lock:
            self._facts = {"seq": seq, "running": True}

    def note_end(self, facts: dict[str, object]) -> None:
        """Note how that statement has ended, and report it to those who have asked."""
        with self._lock:
            self._facts = {**self._facts, **facts, "running": False}
            askers, self._askers = self._askers, []
        for asker in askers:
            self.answer(asker)

    def write_line(self) -> bytes:
        """Return the report as a line of JSON."""
        with self._lock:
            return json.dumps(self._facts).encode() + b"\n"

    def answer(self, asker: socket.socket) -> None:
        """Report to somebody who has asked; if the statement runs, once more at its end."""
        with contextlib.suppress(OSError):
            asker.sendall(self.write_line())
        with self._lock:
            if self._facts.get("running"):
                self._askers.append(asker)
                return
        asker.close()
