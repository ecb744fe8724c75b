"""Finds the output of each program on the terminal, between the marks of its relay."""

from __future__ import annotations

import re

from ...light_classes import dataclass, field
from ..relay import MARK_PREFIX


@dataclass(slots=True)
class TerminalTrace:
    """The terminal's output and the typed keys while a program had the terminal, in order."""

    pieces: list[tuple[str, bytes]] = field(
        default_factory=list
    )  # `shown`, `typed`, or `hidden`: typed without echo

    def add(self, kind: str, data: bytes) -> None:
        """Add to the last piece, or as a new one."""
        if self.pieces and self.pieces[-1][0] == kind:
            data = self.pieces.pop()[1] + data
        self.pieces.append((kind, data))


class TerminalMarkFilter:
    """Removes marks from a stream, and keeps the output between them by process id."""

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self._opening = f"{MARK_PREFIX}{mark};".encode()
        self._whole = re.compile(re.escape(self._opening) + rb"(begin|end);(\d+)\x07")
        self._buffer = b""
        self._open_pids: list[str] = []
        self.traces: dict[str, list[TerminalTrace]] = {}

    @property
    def current_trace(self) -> TerminalTrace | None:
        """Return the innermost program that has the terminal."""
        return self.traces[self._open_pids[-1]][-1] if self._open_pids else None

    def feed(self, data: bytes) -> bytes:
        """Return the stream without marks, without an end that may be the beginning of a mark."""
        data = self._buffer + data
        clean = bytearray()
        position = 0
        for found in self._whole.finditer(data):
            self._pass_through(clean, data[position : found.start()])
            self._switch_program(found[1], found[2].decode())
            position = found.end()
        rest = data[position:]
        cut = self._find_partial_mark(rest)
        self._buffer = rest[cut:]
        self._pass_through(clean, rest[:cut])
        return bytes(clean)

    def flush(self) -> bytes:
        """Return the end that `feed` held back: it is no mark."""
        held, self._buffer = self._buffer, b""
        clean = bytearray()
        self._pass_through(clean, held)
        return bytes(clean)

    def _pass_through(self, clean: bytearray, data: bytes) -> None:
        clean += data
        if data and self.current_trace is not None:
            self.current_trace.add("shown", data)

    def _switch_program(self, kind: bytes, pid: str) -> None:
        if kind == b"begin":
            self.traces.setdefault(pid, []).append(TerminalTrace())
            self._open_pids.append(pid)
        elif pid in self._open_pids:
            self._open_pids.remove(pid)

    def _find_partial_mark(self, data: bytes) -> int:
        """Return the offset of an incomplete mark at the end; without one, the length of the data."""
        at = data.rfind(b"\x1b", max(0, len(data) - len(self._opening) - 32))
        if at < 0:
            return len(data)
        rest = data[at:]
        begun = self._opening.startswith(rest[: len(self._opening)]) and b"\x07" not in rest
        return at if begun else len(data)
