"""Writes the cast of a run: its output with timing, as asciicast v2 beside the journal.

A person replays a run from it. A run does not depend on it: if the cast cannot be written, the run continues.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import os
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from ..engine.events import Answered, Event, Output, RunEnded, RunStarted, StatementFinished, StatementStarted
from ..errors import reason
from ..light_classes import NamedTuple
from ..text.ansi import escape_unprintable, escape_unprintable_code
from ..text.lazy_pattern import LazyPattern
from ..text.sizes import KEEP, format_size

NOT_KEPT = "not kept: "  # beginning of the marker with the number of bytes that were left out

_END = 16384  # bytes of the end of a statement's output that are kept when its middle is left out

_BATCH = 1 << 16  # bytes that are written at once

_RESERVE = 200  # bytes of a cast that are reserved for its last frames

_MOST = 1e15  # seconds of the time of a frame

_PAUSE = 1.0  # seconds that a cast shows between a run and its resumption

_encode_text = json.JSONEncoder(ensure_ascii=False).encode  # quick for a text, because it makes no encoder

_WRITTEN_LATE = (Output, StatementStarted, Answered)

_SHOWN_ANSWERS = ("done", "skip")

_BARE_LINE_END = LazyPattern(r"(?<!\r)\n")


class Frame(NamedTuple):
    """A frame of a cast: seconds from the start, `o` for output or `m` for a marker, the text."""

    time: float
    kind: str
    text: str


class Frames:
    """Turns the events of a run into frames: the statements and their output."""

    def __init__(self, start: float = 0.0) -> None:
        """`start` is the time of the first frame, in seconds."""
        self._start = self.now = start
        self._began: datetime | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._last = "\n"
        self._time = ""  # of the last event

    def frames_for(self, event: Event) -> list[Frame]:
        """Return the frames of an event. Their times never decrease, even if the clock is set back."""
        self.set_time(event.time)
        match event:
            case Output():
                text = self._decode(event.text)
                return [self._output_frame(text)] if text else []
            case StatementStarted():
                text = escape_unprintable_code(event.text)
                first = text.split("\n", 1)[0]
                marker = Frame(self.now, "m", f"{event.step}.{event.statement} {first}"[:80])
                lines = text.replace("\n", "\n  ")
                return [marker, self._output_frame(f"{self._begin_line()}\x1b[1m$ {lines}\x1b[0m\n")]
            case StatementFinished():
                rest = self._decoder.decode(b"", True)
                frames = [self._output_frame(rest)] if rest else []
                if event.problem:
                    text = f"\x1b[31m✗ {escape_unprintable(event.problem)}\x1b[0m\n"
                    frames.append(self._output_frame(self._begin_line() + text))
                return frames
            case Answered() if event.answer in _SHOWN_ANSWERS:
                note = f": {escape_unprintable(event.note)}" if event.note else ""
                return [
                    self._output_frame(f"{self._begin_line()}– step {event.step}: {event.answer}{note}\n")
                ]
            case RunEnded():
                text = f"\x1b[1m{event.outcome}\x1b[0m {escape_unprintable(event.reason)}"
                return [self._output_frame(f"{self._begin_line()}{text.rstrip()}\n")]
        return []

    def make_marker(self, event: Event, label: str) -> Frame:
        """Return a marker at the time of an event."""
        self.set_time(event.time)
        return Frame(self.now, "m", label)

    def set_time(self, time: str) -> None:
        """Take the time of an event, RFC 3339, for the frames that follow."""
        if time != self._time:
            self._time = time
            at = datetime.fromisoformat(time)
            self._began = self._began or at
            self.now = max(self.now, self._start + (at - self._began).total_seconds())

    def _decode(self, text: str) -> str:
        if text.isascii() and self._decoder.getstate() == (b"", 0):
            return text
        return self._decoder.decode(text.encode("utf-8", "surrogateescape"))

    def _begin_line(self) -> str:
        """Return what comes before lines of ours, so that they begin at the start of a line."""
        return "" if self._last == "\n" else "\n"

    def _output_frame(self, text: str) -> Frame:
        """Return a frame with output, at the current time, with the line ends that a terminal needs."""
        before, self._last = self._last, text[-1]
        if "\n" in text:
            text = _BARE_LINE_END.sub("\r\n", text) if "\r" in text else text.replace("\n", "\r\n")
        if before == "\r" and text.startswith("\r\n"):
            text = text[1:]
        return Frame(self.now, "o", text)


class AsciicastWriter:
    """Writes the cast of one run; `keep` limits the file, in bytes, and 0 means no file.

    A statement may use half of the remaining room, to leave some for later statements. If it prints more, the
    beginning and the end are kept, with a marker for the part between them.
    """

    def __init__(self, path: Path, size: tuple[int, int], keep: int = KEEP) -> None:
        """Begin a cast, or continue one that exists; `size` is the terminal's rows and columns."""
        self._path = path
        self._size = size
        self._keep = keep
        self._file = -1
        self._frames = Frames()
        self._buffer = bytearray()
        self._is_due = False  # whether the buffer is to be written
        self._written = 0  # bytes in the file
        self._beginning = self._ending = 0  # bytes that the beginning of the output may still take; its end
        self._held: deque[Output] = deque()  # the end of the output, once the beginning is full
        self._held_size = self._left_out = 0  # bytes
        self._refused = 0  # bytes that were left out without a marker, as the file was full

    def add(self, event: Event, *, more: bool = False) -> str:
        """Write an event; returns a message if the cast can no longer be written, once, else "".

        With `more`, other events follow at once, and it may be written with them.
        """
        if not self._keep:
            return ""
        try:
            if self._file < 0:
                self._open(event)
            if isinstance(event, RunStarted):
                self._frames.set_time(event.time)
            elif isinstance(event, Answered) and event.answer not in _SHOWN_ANSWERS:
                pass
            elif isinstance(event, Output):
                self._output(event)
            else:
                if self._held:
                    self._settle()
                if isinstance(event, StatementStarted):
                    self._allow()
                self._put(*self._frames.frames_for(event))
            self._is_due |= not isinstance(event, _WRITTEN_LATE)  # those are, at the end of the statement
            if (self._is_due and not more) or len(self._buffer) > _BATCH:
                self._is_due = False
                self._flush()
        except OSError as error:
            self._give_up()
            return f"cannot write the cast `{self._path}`: {reason(error)}; the run continues without it"
        return ""

    def close(self) -> None:
        """Write the rest, ignoring errors."""
        if self._file >= 0:
            with contextlib.suppress(OSError):
                self._settle()
                if self._refused:
                    told = f"{NOT_KEPT}{self._refused} bytes at the end"
                    self._buffer += _encode_frames([Frame(self._frames.now, "m", told)])[0]
                self._flush()
            self._give_up()

    def _open(self, event: Event) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        self._file = os.open(self._path, flags, 0o600)
        if os.fstat(self._file).st_size:
            last, self._written = _find_end(self._path)
            os.ftruncate(self._file, self._written)
            self._frames = Frames(last + _PAUSE)
        else:
            rows, columns = self._size
            began = datetime.fromisoformat(event.time)
            header: dict[str, Any] = {
                "version": 2,
                "width": columns,
                "height": rows,
                "timestamp": int(began.timestamp()),
            }
            if isinstance(event, RunStarted):
                header |= {"title": f"{event.path} {event.run}", "env": {"SHELL": event.shell}}
            self._buffer += json.dumps(header).encode() + b"\n"
        self._allow()

    def _allow(self) -> None:
        """Give the next statement its share of the room."""
        share = self._count_room() // 2
        self._ending = min(_END, share // 4)
        self._beginning = share - self._ending

    def _output(self, event: Output) -> None:
        if not self._held:
            lines = _encode_frames(self._frames.frames_for(event))
            size = sum(map(len, lines))
            if size <= self._beginning:
                self._beginning -= size
                self._buffer += b"".join(lines)
                return
            event = self._write_beginning(event)
        self._held.append(event)
        self._held_size += _size(event.text)
        while self._held_size - (first := _size(self._held[0].text)) >= self._ending and len(self._held) > 1:
            self._held.popleft()
            self._held_size -= first
            self._left_out += first

    def _write_beginning(self, event: Output) -> Output:
        """Write as much output as the beginning has room for, and return the rest."""
        cut = min(len(event.text), self._beginning)
        while cut:
            frame = Frame(self._frames.now, "o", event.text[:cut].replace("\n", "\r\n"))
            if len(_encode_frames([frame])[0]) <= self._beginning:
                break
            cut = cut * 3 // 4
        self._put(*self._frames.frames_for(event._replace(text=event.text[:cut])))
        self._beginning = 0
        return event._replace(text=event.text[cut:])

    def _settle(self) -> None:
        """Write the end of a statement's output, after a marker for the part that was left out."""
        if not self._held:
            return
        surplus = max(0, self._held_size - self._ending)
        first = self._held[0]
        self._held[0] = first._replace(text=first.text[surplus:])
        self._left_out += _size(first.text[:surplus])
        if self._left_out:
            told = f"{NOT_KEPT}{self._left_out} bytes of step {first.step}"
            self._put(self._frames.make_marker(first, told))
            size = format_size(self._left_out)
            self._put(
                *self._frames.frames_for(first._replace(text=f"\n\x1b[0m[… {size} not kept in the cast …]\n"))
            )
        for event in self._held:
            self._put(*self._frames.frames_for(event))
        self._held.clear()
        self._held_size = self._left_out = 0

    def _count_room(self) -> int:
        return max(0, self._keep - _RESERVE - self._written - len(self._buffer))

    def _put(self, *frames: Frame) -> None:
        for frame, line in zip(frames, _encode_frames(frames), strict=True):
            if len(line) <= self._count_room():
                self._buffer += line
            elif frame.kind == "o":
                self._refused += _size(frame.text)

    def _flush(self) -> None:
        while self._buffer:
            size = os.write(self._file, self._buffer)
            self._written += size
            del self._buffer[:size]

    def _give_up(self) -> None:
        self._keep = 0
        self._buffer.clear()
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def read_asciicast(path: Path) -> tuple[dict[str, Any], Iterator[Frame]]:
    """Return the header of a cast and its frames, without a torn last line.

    Raises OSError, ValueError.
    """
    lines = _lines(path)
    _, header = next(lines, (0, None))
    if not isinstance(header, dict) or header.get("version") != 2:
        raise ValueError(f"{path}:1: expected the header of an asciicast, version 2")
    return header, (_frame(path, number, data) for number, (_, data) in enumerate(lines, 2))


def _lines(path: Path) -> Iterator[tuple[int, Any]]:
    """Yield the values of a cast's lines, each with the offset at which the next begins."""
    offset = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            offset += len(line)
            try:
                yield offset, json.loads(line)
            except (ValueError, RecursionError) as error:
                raise ValueError(f"{path}:{number}: expected a line of an asciicast: {error}") from error


def _frame(path: Path, number: int, data: Any) -> Frame:
    match data:
        case [int() | float() as time, str() as kind, str() as text] if abs(time) < _MOST:
            return Frame(float(time), kind, text)
    raise ValueError(f"{path}:{number}: expected a time, a kind and a text")


def _find_end(path: Path) -> tuple[float, int]:
    """Return the time of a cast's last frame, and the offset at which its last full line ends."""
    last, end = 0.0, 0
    try:
        for offset, data in _lines(path):
            end = offset
            last = float(data[0]) if isinstance(data, list) else last
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise OSError(str(error)) from error
    return last, end


def _size(text: str) -> int:
    """Return how many bytes a text takes."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _encode_frames(frames: Iterable[Frame]) -> list[bytes]:
    """Return the lines of frames, as they are written."""
    lines = (f'[{round(time, 3)}, "{kind}", {_encode_text(text)}]\n' for time, kind, text in frames)
    return [line.encode("utf-8", "replace") for line in lines]
