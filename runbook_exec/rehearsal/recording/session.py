"""Records the terminal output of a session's programs, and the keys typed meanwhile."""

from __future__ import annotations

import os
import termios
from collections.abc import Callable, Iterator

from ...engine.ports import Done, Keyboard, OutputChunk, Silence
from ...session.inner.holding_session import HoldingSession
from .terminal_trace import TerminalMarkFilter


class RecordingSession(HoldingSession):
    """A session that puts a folder in front of its shell's PATH once the shell has started.

    It calls `prepare` with the PATH that the shell has by then.
    """

    marks: TerminalMarkFilter
    bin: str
    prepare: Callable[[str], None]

    def start(self) -> Iterator[OutputChunk | Silence | Done]:
        """Start the shell, then change PATH: the shell's configuration may set it."""
        yield from super().start()
        self._run_internal(self._driver.print_path, self._last)
        try:
            with open(f"{self._folder}/path", encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH123
                self.prepare(file.read().removesuffix("\n"))
        except OSError:
            return  # the shell has died; the next statement reports that
        self._run_internal(
            self._driver.prepend_path.replace("{bin}", self._driver.quote(self.bin)), self._last
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
        """Read the typed keys, and note whether the terminal shows it."""
        # checked first: once a program has the keys, it may turn the echo on again
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
    """Yield the names of all programs on a PATH."""
    for folder in dict.fromkeys(path.split(":")):
        try:
            with os.scandir(folder or ".") as entries:
                yield from (entry.name for entry in entries if os.access(entry.path, os.X_OK))
        except OSError:
            continue
