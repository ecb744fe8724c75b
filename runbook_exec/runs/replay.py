"""Plays the cast of a run in the terminal."""

from __future__ import annotations

import contextlib
import os
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

from ..journal.asciicast import NOT_KEPT, Frame, Frames, read_asciicast
from ..journal.journal import read_journal
from ..system.screen_modes import ScreenModes
from .replay_filter import ReplayFilter

_LONGEST_PAUSE = 86400.0  # seconds; a system cannot wait for centuries


def asciicast_path(journal: Path) -> Path:
    """Return the path of a run's cast, which may not exist."""
    return journal.with_suffix(".cast")


def read_frames(journal: Path) -> tuple[tuple[int, int] | None, Iterator[Frame]]:
    """Return the columns and rows of a run's cast, and its frames.

    Without a cast the frames are made from the journal, and the size is None. Raises OSError, ValueError and
    JournalError.
    """
    cast = asciicast_path(journal)
    if cast.exists():
        header, frames = read_asciicast(cast)
        return _size(header.get("width"), header.get("height")), frames
    made = Frames()
    return None, (frame for event in read_journal(journal) for frame in made.frames_for(event))


def read_omissions(journal: Path) -> tuple[str, ...]:
    """Return the parts that a run's cast leaves out, from its markers.

    Raises OSError and ValueError.
    """
    cast = asciicast_path(journal)
    if not cast.exists():
        return ()
    _, frames = read_asciicast(cast)
    marks = (frame.text for frame in frames if frame.kind == "m")
    return tuple(text.removeprefix(NOT_KEPT) for text in marks if text.startswith(NOT_KEPT))


def play_frames(
    frames: Iterator[Frame],
    write: Callable[[bytes], None],
    sleep: Callable[[float], None],
    speed: float = 1.0,
    idle_limit: float | None = None,
) -> None:
    """Write output with pauses, `speed` times as fast, none longer than `idle_limit` seconds.

    The output only draws. The modes of the terminal are restored at the end, also after an interrupt.
    """
    modes, drawing = ScreenModes(), ReplayFilter()
    before = 0.0
    try:
        for frame in frames:
            if frame.kind != "o":
                continue
            pause = (frame.time - before) / speed
            before = frame.time
            if pause > 0:
                sleep(min(pause, idle_limit or pause, _LONGEST_PAUSE))
            data = drawing.feed(frame.text).encode("utf-8", "replace")
            modes.follow(data)
            write(data)
    finally:
        write(modes.restore() + b"\x1b[0m\r\n")


def _size(columns: object, rows: object) -> tuple[int, int] | None:
    return (columns, rows) if isinstance(columns, int) and isinstance(rows, int) else None


@contextlib.contextmanager
def drop_terminal_replies(fd: int) -> Iterator[None]:
    """Drop the terminal's replies to replayed queries, which would be read as typed keys."""
    if not os.isatty(fd):
        yield
        return
    found = termios.tcgetattr(fd)
    silent = [*found[:3], found[3] & ~(termios.ECHO | termios.ICANON), *found[4:]]
    termios.tcsetattr(fd, termios.TCSADRAIN, silent)
    try:
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSAFLUSH, found)
