"""Defines what a terminal and the server of a run send each other: frames of a kind and a payload."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping

from ..light_classes import NamedTuple

# from a terminal
HELLO, KEYS, SIZE = b"h", b"k", b"w"

# about the keys: ask for them, give them, keep them, hand them back
ASK, GRANT, REFUSE, RELEASE = b"t", b"y", b"n", b"r"

ANSWER = b"a"  # from a program that has no terminal

# from the server
OUTPUT, STATE, REPLY, END = b"o", b"s", b"p", b"e"

_HEAD = struct.Struct("!cI")  # the kind, and the bytes of the payload

_LARGEST = 1 << 22  # bytes of a payload; neither side sends more


class WireFrame(NamedTuple):
    """A message of one kind."""

    kind: bytes
    data: bytes

    def fields(self) -> dict[str, object]:
        """Return the payload as an object of JSON; raises ValueError if it is none."""
        try:
            fields = json.loads(self.data)
        except RecursionError:
            raise ValueError("expected an object, found nesting without end") from None
        if not isinstance(fields, dict):
            raise ValueError("expected an object")
        return fields


class FrameError(Exception):
    """The other side has sent no frame."""


def encode_frame(kind: bytes, data: bytes = b"") -> bytes:
    """Return a frame as it is sent."""
    return _HEAD.pack(kind, len(data)) + data


def encode_fields(kind: bytes, fields: Mapping[str, object]) -> bytes:
    """Return a frame with an object of JSON."""
    return encode_frame(kind, json.dumps(fields).encode())


class FrameReader:
    """Finds the frames in data that comes in pieces."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> Iterator[WireFrame]:
        """Yield the frames that are complete now; raises FrameError for anything else."""
        self._held += data
        while len(self._held) >= _HEAD.size:
            kind, size = _HEAD.unpack_from(self._held)
            if size > _LARGEST:
                raise FrameError(f"a frame of {size} bytes")
            end = _HEAD.size + size
            if len(self._held) < end:
                return
            frame, self._held = WireFrame(kind, self._held[_HEAD.size : end]), self._held[end:]
            yield frame
