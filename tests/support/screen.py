"""A program in a real pseudo-terminal, and its screen."""

from __future__ import annotations

import os
import re
import select
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pexpect
import pyte

_UNPAINTED = 10.0  # seconds without output after which a screen is complete
_PAUSE = 0.3  # seconds without output after which a person types the next key
PATIENCE = 60.0  # seconds that a text may take to appear, on a busy machine
_MODES = re.compile(rb"\x1b\[\?([\d;]+)([hl])")

ENTER, ESCAPE, UP, DOWN, CLEAR = "\r", "\x1b", "\x1b[A", "\x1b[B", "\x15"
INTERRUPT, END, STOP = "\x03", "\x04", "\x1a"


class Screen:
    """A running program and the screen that its output has painted so far."""

    def __init__(self, child: Any, columns: int, rows: int) -> None:
        self.child = child
        self.columns = columns
        self.raw = b""  # everything that was ever written
        self._display = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._display)

    def text(self) -> str:
        """Return the screen as lines, without blanks at their ends."""
        return "\n".join(line.rstrip() for line in self._display.display).rstrip()

    def cells(self) -> list[list[Any]]:
        """Return the screen as rows of pyte's characters with their colours."""
        buffer = self._display.buffer
        return [[buffer[row][at] for at in range(self.columns)] for row in range(self._display.lines)]

    @property
    def styles(self) -> set[int]:
        """Return the colours and other styles in all output so far, as SGR numbers."""
        found = re.findall(rb"\x1b\[([\d;]*)m", self.raw)
        return {int(code or 0) for codes in found for code in codes.split(b";")}

    @property
    def modes(self) -> dict[bytes, bool]:
        """Return the terminal's private modes after the output so far: number -> on."""
        return {
            mode: switch == b"h" for modes, switch in _MODES.findall(self.raw) for mode in modes.split(b";")
        }

    def wait(self, *texts: str) -> str:
        """Wait until all the texts are on the screen together, and return the screen's text."""
        return self.wait_until(lambda shown: all(text in shown for text in texts), f"{texts} on the screen")

    def wait_last(self, text: str) -> str:
        """Wait until the screen ends with a text, and return the screen's text."""
        return self.wait_until(lambda shown: shown.endswith(text), f"`{text}` at the end of the screen")

    def wait_until(self, so: Callable[[str], object], what: str) -> str:
        """Wait until `so` holds for the screen's text, and return it; `what` names it in errors."""
        until = time.monotonic() + PATIENCE
        while not so(self.text()):
            goes_on = time.monotonic() < until and self._read(until - time.monotonic())
            assert goes_on or so(self.text()), f"expected {what}:\n{self.text()}"
        return self.text()

    def wait_for_view(self, view: Callable[[str], str], reviewed: str) -> str:
        """Return the `view` of the screen, once it is as `reviewed` or no more is painted.

        If `reviewed` is "", because the file is written again, a person reads the result: the wait is short.
        """
        still = _UNPAINTED if reviewed else 1.0  # seconds
        while (found := view(self.text())) != reviewed and self._read(still):
            pass
        return found

    def type(self, *keys: str) -> None:
        """Type keys, each as a person would: one after the other."""
        for key in keys:
            self.child.send(key.encode())

    def type_slowly(self, text: str) -> None:
        """Type a text, and wait until it is painted.

        fish 3 colours it later, and would paint over the prompt of its next `read` if a key came first.
        """
        self.type(text)
        while self._read(_PAUSE):
            pass

    def type_line(self, text: str) -> None:
        """Type a line at the prompt of a shell."""
        self.type_slowly(text)
        self.type(ENTER)

    def wait_for_prompt(self, after: str) -> str:
        """Wait until a prompt is below a text, or on a busy machine what fish 3 has painted over it."""
        return self.wait_until(re.compile(re.escape(after) + r"\n\S.*\Z").search, f"a prompt after {after}")

    def wait_status(self) -> int:
        """Wait for the program's end, and return its exit status."""
        until = time.monotonic() + PATIENCE
        while self._read(until - time.monotonic()):
            pass
        assert time.monotonic() < until, f"expected the program to end:\n{self.text()}"
        self.child.wait()
        assert self.child.exitstatus is not None, f"killed by {self.child.signalstatus}"
        return int(self.child.exitstatus)

    def resize(self, columns: int) -> None:
        """Give the terminal another width, as a person does with a window."""
        self.columns = columns
        self._display.resize(columns=columns)
        self.child.setwinsize(self._display.lines, columns)

    def hang_up(self) -> None:
        """Close the program's terminal, and wait for the program's end."""
        self.child.ptyproc.fileobj.close()
        self.child.ptyproc.closed = True
        self.child.wait()

    def _read(self, patience: float) -> bool:
        """Read some output, and return False at its end."""
        ready, _, _ = select.select([self.child.child_fd], [], [], max(0.0, patience))
        try:
            data = os.read(self.child.child_fd, 65536) if ready else b""
        except OSError:
            return False
        self.raw += data
        # pyte would print the end of the codes with which fish 4 sets how keys are reported
        self._stream.feed(data.replace(b"\x1b[=", b"\x1b[>"))
        return bool(data)


def text_from(shown: str, text: str) -> str:
    """Return a screen from the last line that holds a text."""
    lines = shown.split("\n")
    return "\n".join(lines[max(n for n, line in enumerate(lines) if text in line) :])


@contextmanager
def open_screen(
    command: Sequence[str], cwd: Path, environment: Mapping[str, str], columns: int = 80, rows: int = 24
) -> Iterator[Screen]:
    """Start the program on a terminal of this size; it is killed at the end of the block."""
    child: Any = pexpect.spawn(
        command[0],
        list(command[1:]),
        cwd=str(cwd),
        env={**environment, "TERM": "xterm-256color"},
        dimensions=(rows, columns),
        timeout=PATIENCE,
    )
    child.delaybeforesend = None
    child.ptyproc.delayafterclose = child.ptyproc.delayafterterminate = 0.02
    try:
        yield Screen(child, columns, rows)
    finally:
        try:
            child.close(force=True)
        except pexpect.ExceptionPexpect:  # killed, and a busy machine has not ended it yet
            child.ptyproc.wait()
