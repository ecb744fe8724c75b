"""Defines the frames that the two ends of a far session send each other.

A frame is a byte for its kind, the length of its content, its number, and the content. Numbers count from 1
for each sender. Frames are kept until the other end has confirmed them, so none is lost with a connection.

Both ends use this module; it runs with Python 3.9.
"""

from __future__ import annotations

import json
import struct
from collections import deque
from collections.abc import Iterator, Mapping

from ...light_classes import NamedTuple

# from the near end
START, RUN, SNAPSHOT, LINE, END, QUIT = b"S", b"R", b"L", b"T", b"E", b"Q"
KEYS, WINDOW, INTERRUPT = b"K", b"W", b"I"

# from the far end
READY, OUTPUT, SILENCE, WORD, RESULT, FAILURE = b"F", b"O", b"U", b"P", b"D", b"X"

# from both, without a number
HELLO, CONFIRM = b"H", b"C"

_HEAD = struct.Struct(">cIQ")

_UNNUMBERED = (HELLO, CONFIRM)


class FarFrame(NamedTuple):
    """One message between the ends; a `number` of 0 means none."""

    kind: bytes
    number: int
    content: bytes


def encode_frame(frame: FarFrame) -> bytes:
    """Return the bytes of a frame."""
    return _HEAD.pack(frame.kind, len(frame.content), frame.number) + frame.content


class FrameParser:
    """Joins received bytes into frames."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> Iterator[FarFrame]:
        """Add bytes, and yield the frames that are complete."""
        self._data += data
        while len(self._data) >= _HEAD.size:
            kind, size, number = _HEAD.unpack_from(self._data)
            end = _HEAD.size + size
            if len(self._data) < end:
                return
            content = bytes(self._data[_HEAD.size : end])
            del self._data[:end]
            yield FarFrame(kind, number, content)


class FrameLedger:
    """Numbers the frames of this end, and knows which frames each end has received."""

    def __init__(self) -> None:
        self.received = 0  # the number of the last frame of the other end
        self.kept_bytes = 0
        self._sent = 0
        self._kept: deque[FarFrame] = deque()  # sent and not confirmed

    def add(self, kind: bytes, content: bytes) -> FarFrame:
        """Return a new numbered frame, and keep it until it is confirmed."""
        self._sent += 1
        frame = FarFrame(kind, self._sent, content)
        self._kept.append(frame)
        self.kept_bytes += len(content)
        return frame

    def confirm(self, number: int) -> None:
        """Forget the frames up to a number: the other end has them."""
        while self._kept and self._kept[0].number <= number:
            self.kept_bytes -= len(self._kept.popleft().content)

    def list_kept(self) -> list[FarFrame]:
        """Return the frames that the other end has not confirmed."""
        return list(self._kept)

    def accept(self, frame: FarFrame) -> bool:
        """Return whether a frame is new; it counts as received then."""
        if frame.kind in _UNNUMBERED or frame.number <= self.received:
            return False
        self.received = frame.number
        return True

    def make_hello(self) -> bytes:
        """Return the bytes that begin a connection: they have the last number that was received."""
        return encode_frame(FarFrame(HELLO, 0, b"%d" % self.received))

    def make_confirmation(self) -> bytes:
        """Return the bytes that confirm everything received."""
        return encode_frame(FarFrame(CONFIRM, 0, b"%d" % self.received))


def pack(facts: Mapping[str, object], data: bytes = b"") -> bytes:
    """Return the content of a frame: facts as a line of JSON, and bytes after it."""
    return json.dumps(facts, separators=(",", ":")).encode() + b"\n" + data


def unpack(content: bytes) -> tuple[dict[str, object], bytes]:
    """Return the facts and the bytes of a content that `pack` made."""
    line, _, data = content.partition(b"\n")
    facts: dict[str, object] = json.loads(line)
    return facts, data
