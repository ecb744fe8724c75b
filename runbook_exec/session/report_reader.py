"""Reads the reports of a shell on a FIFO: ends of statements, and answers to questions."""

from __future__ import annotations

import os

from ..shells.driver import Completion, parse_completion

_AT_ONCE = 4096  # bytes read at once


class ReportReader:
    """Reads a shell's reports; its latest answers are `line`, `jobs` and `settled_turn`."""

    def __init__(self, fd: int, token: str) -> None:
        self._token = token
        self._unread = bytearray()
        self._fd = fd
        self.line: str | None = None
        self.jobs = ""
        self.settled_turn = 0

    def fileno(self) -> int:
        """Return the descriptor to poll for something to read."""
        return self._fd

    def read_completion(self, turn: int) -> Completion | None:
        """Read the available reports, and return the report of this turn if it has come.

        Raises BlockingIOError if there is nothing.
        """
        self._unread += os.read(self._fd, _AT_ONCE)
        found: Completion | None = None
        while (end := self._unread.find(0)) >= 0:
            message = bytes(self._unread[:end])
            del self._unread[: end + 1]
            kind, _, rest = message.partition(b"\n")
            if kind == b"line":
                self.line = rest.decode("utf-8", "surrogateescape")
            elif kind == b"jobs":
                self.jobs = rest.decode("utf-8", "replace")
            elif kind == b"settled" and rest.isdigit():
                self.settled_turn, found = int(rest), None  # earlier reports belong to another turn
            elif (report := parse_completion(message, self._token)) and report.turn in (None, turn):
                found = found or report  # a shell may run the gate of a turn twice
        return found

    def close(self) -> None:
        """Close the FIFO."""
        os.close(self._fd)
