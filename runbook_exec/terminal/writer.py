"""Writes lines, sentences, code and the output of programs to a terminal or a pipe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil

from ..engine.ports import Wait
from ..system.screen_modes import ScreenModes
from ..system.screen_size import read_screen_size
from ..system.streams import OutputStream
from ..text.ansi import escape_unprintable, escape_unprintable_painted
from ..text.display import clip, count_columns, fold, wrap
from ..text.durations import format_duration
from .page_text.code_view import STYLES, colour_code

NARROWEST, WIDEST = 24, 100  # columns; longer lines of prose are hard to read

_STYLES = {
    "bold": "1",
    "dim": "2",
    "underline": "4",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "magenta": "35",
    "cyan": "36",
}

_COLOURS = {"red", "green", "yellow", "magenta", "cyan"}

BAR = "▌"  # at the left of a statement that is about to run


class TerminalWriter:
    """Writes to one descriptor: `tty` if it is a terminal, `colour` if colours are allowed.

    Characters that would move the cursor, turn text around or hide some of it are written out.
    """

    def __init__(self, fd: int, *, tty: bool, colour: bool, width: Callable[[], int]) -> None:
        self.tty = tty
        self.colour = colour
        self.passed = 0  # lines that programs have printed so far
        self.written = 0  # lines that were written so far, by programs and by us
        self.stream = OutputStream(fd, is_terminal=tty)
        self._width = width
        self._modes = ScreenModes()
        self._at_line_start = True
        self.keys = "^C interrupts"  # what a person can do while a statement runs
        self._elapsed = ""  # the line that `show_elapsed` has written

    @property
    def width(self) -> int:
        """Return the columns for prose."""
        return max(NARROWEST, min(self._width(), WIDEST))

    @property
    def full_width(self) -> int:
        """Return the columns for code: all of the terminal."""
        return max(NARROWEST, self._width())

    @property
    def rows(self) -> int:
        """Return the rows of the terminal."""
        return read_screen_size().lines

    def paint(self, text: str, *styles: str) -> str:
        """Return the text in a style, if the terminal supports it; what is in it has no style of its own."""
        text = escape_unprintable(text)
        codes = [_STYLES[s] for s in styles if self.tty and (self.colour or s not in _COLOURS)]
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if codes and text else text

    def write_line(self, text: str = "") -> None:
        """Write lines of ours."""
        if self._elapsed:
            self._clear_elapsed()
        data = (escape_unprintable_painted(text) + "\n").encode("utf-8", "replace")
        self._write(data if self._at_line_start else b"\n" + data)
        self.written += 1
        self._at_line_start = True

    def write_wrapped(self, text: str, *styles: str, indent: int = 2) -> None:
        """Write a sentence of ours, indented and wrapped to the width."""
        for line in wrap(escape_unprintable(text), self.width - indent - 2):
            self.write_line(" " * indent + self.paint(line, *styles))

    def write_statement(self, text: str, values: Sequence[tuple[int, int]] = ()) -> None:
        """Write a statement that is about to run: coloured, with a bar at its left.

        `values` are the offsets of the values that were filled in. They are underlined without colour.
        """
        bar = f"  {self.paint(BAR, 'bold', 'cyan')}  "
        for line in colour_code(text, values, self.full_width - 7):
            pieces = (self.paint(piece.text, *self._find_styles(piece.kind)) for piece in line)
            self.write_line(bar + "".join(pieces))

    def _find_styles(self, kind: str) -> tuple[str, ...]:
        styles = STYLES[kind]
        return tuple(style for style in styles if style != "underline") if self.colour else styles

    def write_code(self, text: str, *styles: str, indent: int = 5) -> None:
        """Write code, indented; only lines longer than the terminal are folded."""
        for line in fold(text, self.full_width - indent - 2):
            self.write_line((" " * indent + self.paint(line, *styles)).rstrip())

    def echo(self, data: bytes) -> None:
        """Write the output of a program, byte for byte."""
        if not data:
            return
        self._clear_elapsed()
        if self.tty:
            self._modes.follow(data)
            lines = data.count(b"\n")
            self.passed += lines
            self.written += lines
        self._write(data)
        self._at_line_start = data.endswith(b"\n")

    def end_output(self) -> None:
        """Restore the modes of the terminal after a program."""
        if self._elapsed:
            self._clear_elapsed()
        if self.tty:
            self._write(self._modes.restore())

    def show_elapsed(self, seconds: float) -> None:
        """Show how long a silent statement has been running, on a line that is removed again.

        In the middle of a line a program may be asking or counting: that line is left alone.
        """
        if not self.tty or not self._at_line_start or self._modes.in_alternate_screen or seconds < 2:
            return
        self._show_brief(f"  … {_format_seconds(seconds)}, {self.keys}")

    def show_wait(self, wait: Wait, left: float, waited: float) -> None:
        """Show how long the next attempt at a statement is away, on a line that is removed again.

        It also has how long the run has `waited`, in seconds.
        """
        if not self.tty:
            return
        if not self._at_line_start:
            self._write(b"\n")
            self._at_line_start = True
        problem = f"{escape_unprintable(wait.problem.split(chr(10))[0])} · " if wait.problem else ""
        keys = f"try {wait.attempt} in {ceil(left)} s · {_format_seconds(waited)} so far, ^C ends the wait"
        self._show_brief(f"  … {clip(problem, max(0, self.full_width - count_columns(keys) - 5))}{keys}")

    def _show_brief(self, line: str) -> None:
        """Show a line that the next one replaces."""
        if line != self._elapsed:
            self._elapsed = line
            # the cursor stays where the program left it
            self._write(f"\r{self.paint(line, 'dim')}\x1b[K\r".encode())

    def _clear_elapsed(self) -> None:
        if self._elapsed:
            self._elapsed = ""
            self._write(b"\r\x1b[K")

    def _write(self, data: bytes) -> None:
        # if the terminal is gone, the run continues until the next question, or until a signal ends it
        self.stream.write(data)


def _format_seconds(seconds: float) -> str:
    return f"{int(seconds)} s" if seconds < 60 else format_duration(int(seconds))
