"""Many byte strings looked for at once, at a cost that hardly depends on how many there are."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator

_WIDTHS = (8, 4)  # of grams, in bytes
_SURE = 22  # the last so many bytes of any text hold an aligned gram of eight bytes, whatever its length


class _Grams:
    """Which of some needles may be in a text, told by its bytes taken so many at a time.

    A needle of at least 2 * width - 1 bytes holds, wherever it stands, a whole gram that is aligned in the
    text. So it is enough to look up one number for each `width` bytes of the text in a set.
    """

    def __init__(self, needles: Collection[bytes], width: int) -> None:
        self._width = width
        self._needles: dict[int, list[bytes]] = {}
        for needle in needles:
            for at in range(len(needle) - width + 1):
                gram = int.from_bytes(needle[at : at + width], sys.byteorder)
                self._needles.setdefault(gram, []).append(needle)
        self._all = frozenset(self._needles)

    def suspects(self, text: bytes) -> set[bytes]:
        """The needles of which a gram is in the text."""
        if not self._needles:
            return set()
        aligned = memoryview(text)[: len(text) // self._width * self._width]
        grams = aligned.cast("Q") if self._width == 8 else aligned.cast("I")
        if self._all.isdisjoint(grams):
            return set()
        return {needle for gram in self._all.intersection(grams) for needle in self._needles[gram]}


class Needles:
    """Byte strings to find in texts."""

    def __init__(self, needles: Collection[bytes]) -> None:
        self.longest = max(map(len, needles), default=0)
        kinds: list[list[bytes]] = [[] for _ in _WIDTHS]
        self._short: list[bytes] = []
        for needle in sorted(needles):
            for kind, width in zip(kinds, _WIDTHS, strict=True):
                if len(needle) >= 2 * width - 1:
                    kind.append(needle)
                    break
            else:
                self._short.append(needle)
        self._grams = tuple(_Grams(kind, width) for kind, width in zip(kinds, _WIDTHS, strict=True))
        self._beginnings = {needle[:size] for needle in needles for size in range(1, min(len(needle), _SURE))}

    def suspects(self, text: bytes) -> list[bytes]:
        """The needles that may be in the text, in whole or in part."""
        found = [needle for grams in self._grams for needle in grams.suspects(text)]
        return [*found, *(needle for needle in self._short if needle in text)]

    def unfinished(self, text: bytes, suspects: Collection[bytes]) -> int:
        """How many bytes at the end of the text begin a needle without completing it, at most."""
        size = max((_overlap(text, needle) for needle in suspects if len(needle) > _SURE), default=0)
        for shorter in range(min(_SURE - 1, len(text)), size, -1):
            if text[-shorter:] in self._beginnings:
                return shorter
        return size


def occurrences(text: bytes, needle: bytes) -> Iterator[tuple[int, int]]:
    """Where a needle starts and ends in a text, each time, also where it overlaps itself."""
    at = text.find(needle)
    while at >= 0:
        yield at, at + len(needle)
        at = text.find(needle, at + 1)


def _overlap(text: bytes, needle: bytes) -> int:
    """How long the longest end of the text is that begins the needle, where it has eight bytes or more."""
    at = text.find(needle[:8], max(0, len(text) - len(needle) + 1))
    while at >= 0 and not needle.startswith(text[at:]):
        at = text.find(needle[:8], at + 1)
    return len(text) - at if at >= 0 else 0
