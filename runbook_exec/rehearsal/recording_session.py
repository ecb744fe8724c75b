"""A session whose programs are recorded: what each printed on the terminal, and what was typed meanwhile."""

from __future__ import annotations

import os
import re
import termios
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ..engine.ports import Done, Keyboard, OutputChunk, Silence
from ..session.session import Session

_PRINT_PATH = {
    "fish": "builtin string join -- : $PATH >'{folder}/path'",
    "zsh": "builtin printf '%s\\n' \"$PATH\" >|'{folder}/path'",
}

_PRINT_PATH_SH = "command printf '%s\\n' \"$PATH\" >'{folder}/path'"

_PREPEND_PATH = {"fish": "set -gx PATH '{bin}' $PATH"}

_PREPEND_PATH_SH = "PATH='{bin}':\"$PATH\"; export PATH; hash -r"


@dataclass(slots=True)
class TerminalTrace:
    """What the terminal showed while a program had it: pieces in order, and which of them were typed."""

    pieces: list[tuple[str, bytes]] = field(default_factory=list)  # `shown`, `typed`, or `hidden`: not echoed

    def add(self, kind: str, data: bytes) -> None:
        """Add to the last piece, or as a new one."""
        if self.pieces and self.pieces[-1][0] == kind:
            data = self.pieces.pop()[1] + data
        self.pieces.append((kind, data))


class TerminalMarkFilter:
    """Takes marks out of a stream, and keeps what stands between them for the process that they name."""

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self._opening = f"\x1b]7366;{mark};".encode()
        self._whole = re.compile(re.escape(self._opening) + rb"(begin|end);(\d+)\x07")
        self._buffer = b""
        self._open_pids: list[str] = []
        self.traces: dict[str, list[TerminalTrace]] = {}

    @property
    def current_trace(self) -> TerminalTrace | None:
        """The innermost program that has the terminal."""
        return self.traces[self._open_pids[-1]][-1] if self._open_pids else None

    def feed(self, data: bytes) -> bytes:
        """The stream without marks, as far as it can be told yet."""
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
        """What was held back: it is no mark."""
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
        """Where the end begins that more could make a mark of."""
        at = data.rfind(b"\x1b", max(0, len(data) - len(self._opening) - 32))
        if at < 0:
            return len(data)
        rest = data[at:]
        begun = self._opening.startswith(rest[: len(self._opening)]) and b"\x07" not in rest
        return at if begun else len(data)


class RecordingSession(Session):
    """A session that puts a folder in front of its shell's PATH once that has started.

    `prepare` is given the PATH that the shell then has.
    """

    marks: TerminalMarkFilter
    bin: str
    prepare: Callable[[str], None]

    def start(self) -> Iterator[OutputChunk | Silence | Done]:
        """Start the shell; its configuration may change PATH, so that comes first."""
        yield from super().start()
        self._run_internal(_PRINT_PATH.get(self.shell, _PRINT_PATH_SH), self._last)
        try:
            with open(f"{self._folder}/path", encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH123
                self.prepare(file.read().removesuffix("\n"))
        except OSError:
            return  # the shell has died, which the next statement tells
        self._run_internal(
            _PREPEND_PATH.get(self.shell, _PREPEND_PATH_SH).replace("{bin}", self.bin), self._last
        )

    def run(self, code: bytes, timeout: float | None = None) -> Iterator[OutputChunk | Silence | Done]:
        """Run one statement."""
        for item in super().run(code, timeout):
            if isinstance(item, OutputChunk):
                if data := self.marks.feed(item.data):
                    yield OutputChunk(data)
            else:
                if data := self.marks.flush():
                    yield OutputChunk(data)
                yield item

    def read_keys(self, keyboard: Keyboard) -> bytes:
        """Read what was typed, and note whether the terminal shows it."""
        # once it has the keys, a program may show what is typed again before we look
        kind = "typed" if self._is_echoing() else "hidden"
        data = super().read_keys(keyboard)
        if data and (inside := self.marks.current_trace) is not None:
            inside.add(kind, data)
        return data

    def _is_echoing(self) -> bool:
        try:
            return bool(termios.tcgetattr(self._terminal)[3] & termios.ECHO)
        except (termios.error, OSError):
            return False


def programs_on(path: str) -> Iterator[str]:
    """The names of all programs on a PATH."""
    for folder in dict.fromkeys(path.split(":")):
        try:
            with os.scandir(folder or ".") as entries:
                yield from (entry.name for entry in entries if os.access(entry.path, os.X_OK))
        except OSError:
            continue
