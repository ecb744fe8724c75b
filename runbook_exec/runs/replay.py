"""`runbook-exec runs replay`: a run's cast, played in the terminal."""

from __future__ import annotations

import contextlib
import os
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

from ..journal.asciicast import NOT_KEPT, Frame, Frames, read_cast
from ..journal.journal import read_journal
from ..system.tty import ScreenModes


def cast_of(journal: Path) -> Path:
    """Where the cast of a run is kept, if it is."""
    return journal.with_suffix(".cast")


def frames_of(journal: Path) -> tuple[tuple[int, int] | None, Iterator[Frame]]:
    """The columns and rows of a run's cast, and its frames.

    Where no cast was kept, the frames are made of the journal, and the size is not known. Raises OSError,
    ValueError and JournalError.
    """
    cast = cast_of(journal)
    if cast.exists():
        header, frames = read_cast(cast)
        return _size(header.get("width"), header.get("height")), frames
    made = Frames()
    return None, (frame for event in read_journal(journal) for frame in made.of(event))


def not_kept(journal: Path) -> tuple[str, ...]:
    """What the cast of a run says was left out of it; raises OSError and ValueError."""
    cast = cast_of(journal)
    if not cast.exists():
        return ()
    _, frames = read_cast(cast)
    marks = (frame.text for frame in frames if frame.kind == "m")
    return tuple(text.removeprefix(NOT_KEPT) for text in marks if text.startswith(NOT_KEPT))


def play(
    frames: Iterator[Frame],
    write: Callable[[bytes], None],
    sleep: Callable[[float], None],
    speed: float = 1.0,
    idle_limit: float | None = None,
) -> None:
    """Write what is output, with its pauses, `speed` times as fast and none longer than `idle_limit` seconds.

    The terminal is left as a program that ends well leaves it, also when this is interrupted.
    """
    modes = ScreenModes()
    before = 0.0
    try:
        for frame in frames:
            if frame.kind != "o":
                continue
            pause = (frame.time - before) / speed
            before = frame.time
            if pause > 0:
                sleep(min(pause, idle_limit) if idle_limit is not None else pause)
            data = frame.text.encode("utf-8", "replace")
            modes.follow(data)
            write(data)
    finally:
        write(modes.restore() + b"\x1b[0m\r\n")


def _size(columns: object, rows: object) -> tuple[int, int] | None:
    return (columns, rows) if isinstance(columns, int) and isinstance(rows, int) else None


@contextlib.contextmanager
def listening_off(fd: int) -> Iterator[None]:
    """Keep what the terminal answers to a replayed question from being taken for something typed."""
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
