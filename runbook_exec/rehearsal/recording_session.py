"""A session whose programs are recorded: what each printed on the terminal, and what was typed meanwhile."""

from __future__ import annotations

import os
import re
import termios
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..engine.ports import Done, Output, Quiet
from ..session.session import Session

_PATH = {
    "fish": "builtin string join -- : $PATH >'{folder}/path'",
    "zsh": "builtin printf '%s\\n' \"$PATH\" >|'{folder}/path'",
}

_OF_SH = "command printf '%s\\n' \"$PATH\" >'{folder}/path'"

_IN_FRONT = {"fish": "set -gx PATH '{bin}' $PATH"}

_IN_FRONT_OF_SH = "PATH='{bin}':\"$PATH\"; export PATH; hash -r"


@dataclass(slots=True)
class Terminal:
    """What the terminal showed while a program had it: pieces in order, and which of them were typed."""

    pieces: list[tuple[str, bytes]] = field(default_factory=list)  # `shown`, `typed`, or `hidden`: not echoed

    def add(self, kind: str, data: bytes) -> None:
        """Add to the last piece, or as a new one."""
        if self.pieces and self.pieces[-1][0] == kind:
            data = self.pieces.pop()[1] + data
        self.pieces.append((kind, data))


class Marks:
    """Takes marks out of a stream, and keeps what stands between them for the process that they name."""

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self._opening = f"\x1b]7366;{mark};".encode()
        self._whole = re.compile(re.escape(self._opening) + rb"(begin|end);(\d+)\x07")
        self._held = b""
        self._inside: list[str] = []
        self.shown: dict[str, list[Terminal]] = {}

    @property
    def inside(self) -> Terminal | None:
        """The innermost program that has the terminal."""
        return self.shown[self._inside[-1]][-1] if self._inside else None

    def feed(self, data: bytes) -> bytes:
        """The stream without marks, as far as it can be told yet."""
        data = self._held + data
        clean = bytearray()
        position = 0
        for found in self._whole.finditer(data):
            self._keep(clean, data[position : found.start()])
            self._turn(found[1], found[2].decode())
            position = found.end()
        rest = data[position:]
        cut = self._unfinished(rest)
        self._held = rest[cut:]
        self._keep(clean, rest[:cut])
        return bytes(clean)

    def flush(self) -> bytes:
        """What was held back: it is no mark."""
        held, self._held = self._held, b""
        clean = bytearray()
        self._keep(clean, held)
        return bytes(clean)

    def _keep(self, clean: bytearray, data: bytes) -> None:
        clean += data
        if data and self.inside is not None:
            self.inside.add("shown", data)

    def _turn(self, kind: bytes, pid: str) -> None:
        if kind == b"begin":
            self.shown.setdefault(pid, []).append(Terminal())
            self._inside.append(pid)
        elif pid in self._inside:
            self._inside.remove(pid)

    def _unfinished(self, data: bytes) -> int:
        """Where the end begins that more could make a mark of."""
        at = data.rfind(b"\x1b", max(0, len(data) - len(self._opening) - 32))
        if at < 0:
            return len(data)
        rest = data[at:]
        begun = self._opening.startswith(rest[: len(self._opening)]) and b"\x07" not in rest
        return at if begun else len(data)


class Recorded(Session):
    """A session that puts a folder in front of its shell's PATH once that has started.

    `prepare` is given the PATH that the shell then has.
    """

    marks: Marks
    bin: str
    prepare: Callable[[str], None]

    def start(self) -> Iterator[Output | Quiet | Done]:
        """Start the shell; its configuration may change PATH, so that comes first."""
        yield from super().start()
        self._hidden(_PATH.get(self.shell, _OF_SH), self._last)
        try:
            with open(f"{self._folder}/path", encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH123
                self.prepare(file.read().removesuffix("\n"))
        except OSError:
            return  # the shell has died, which the next statement tells
        self._hidden(_IN_FRONT.get(self.shell, _IN_FRONT_OF_SH).replace("{bin}", self.bin), self._last)

    def run(self, code: bytes, timeout: float | None = None) -> Iterator[Output | Quiet | Done]:
        """Run one statement."""
        for item in super().run(code, timeout):
            if isinstance(item, Output):
                if data := self.marks.feed(item.data):
                    yield Output(data)
            else:
                if data := self.marks.flush():
                    yield Output(data)
                yield item

    def _type(self, keyboard: Any, poll: Any) -> bytes:
        # once it has the keys, a program may show what is typed again before we look
        kind = "typed" if self._echoes() else "hidden"
        data = super()._type(keyboard, poll)
        if data and (inside := self.marks.inside) is not None:
            inside.add(kind, data)
        return data

    def _echoes(self) -> bool:
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
