"""Finds our marks in the output of a terminal, and takes them out.

A mark is an escape sequence that terminals ignore, as those of OSC 133 are. It has a secret word that is made
for one statement. Programs do not know it: the shell keeps it in a variable that it does not export.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...light_classes import NamedTuple
from ...text.lazy_pattern import LazyPattern

START = b"\x1b]8133;"  # then the kind, the secret word and the values, each after a semicolon

_END = b"\x07"

_ENDING = LazyPattern(rb"[\x07\x1b]")  # another escape sequence ends what was no mark

_LONGEST = 8192  # bytes; anything longer is no mark


class PromptMark(NamedTuple):
    """A mark of ours: its kind (one letter), its secret word, what follows, and all of its bytes."""

    kind: str
    word: str
    rest: bytes
    raw: bytes


class MarkScanner:
    """Separates marks from output, as it streams by.

    Bytes that may still become a mark are held back until they are finished or `flush` is called.
    """

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> Iterator[bytes | PromptMark]:
        """Yield the pieces of the output in order: bytes, and marks."""
        data = self._held + data
        self._held = b""
        done = 0
        while (start := data.find(START, done)) >= 0:
            if start > done:
                yield data[done:start]
            found = _ENDING.search(data, start + len(START))
            if not found and len(data) - start < _LONGEST:
                self._held = data[start:]
                return
            is_mark = found is not None and found[0] == _END
            done = (found.end() if is_mark else found.start()) if found else len(data)
            yield _read_mark(data[start:done]) if is_mark else data[start:done]
        cut = _find_beginning(data, done)
        self._held = data[cut:]
        if cut > done:
            yield data[done:cut]

    def flush(self) -> bytes:
        """Return the held bytes: nothing came that finishes a mark."""
        held, self._held = self._held, b""
        return held


def _read_mark(raw: bytes) -> PromptMark:
    kind, _, rest = raw[len(START) : -len(_END)].partition(b";")
    word, _, rest = rest.partition(b";")
    return PromptMark(kind.decode("latin-1"), word.decode("latin-1"), rest, raw)


def _find_beginning(data: bytes, done: int) -> int:
    """Return where the end of the data begins that more output could turn into a mark."""
    at = data.rfind(START[:1], max(done, len(data) - len(START)))
    return at if at >= 0 and START.startswith(data[at:]) else len(data)
