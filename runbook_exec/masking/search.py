"""Finds many byte strings at once, at a cost that hardly depends on their number."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator

# Samples are numbers of `width` bytes, taken from a text every `stride` bytes.
_SAMPLINGS = ((8, 8), (4, 8), (4, 4))

_SURE = 15  # this many first bytes of a needle contain a sample, at any position in a text


class MultiSearch:
    """Searches texts for byte strings, the needles.

    Samples show that most needles are absent: at any position in a text, the first bytes of a needle of at
    least `width + stride - 1` bytes contain one of the text's samples. A text therefore costs one lookup in a
    set for every few bytes. Only needles with a matching sample, and needles that are too short for samples,
    are searched for.
    """

    def __init__(self, needles: Collection[bytes]) -> None:
        self.longest = max(map(len, needles), default=0)
        self._beginnings = {needle[:size] for needle in needles for size in range(1, min(len(needle), _SURE))}
        self._groups = _group_by_prefix(needles)
        self._short: list[bytes] = []
        samples: dict[tuple[int, int], dict[int, list[bytes]]] = {}
        for needle in self._groups:
            for width, stride in _SAMPLINGS:
                if len(needle) >= width + stride - 1:
                    known = samples.setdefault((width, stride), {})
                    for at in range(stride):
                        number = int.from_bytes(needle[at : at + width], sys.byteorder)
                        known.setdefault(number, []).append(needle)
                    break
            else:
                self._short.append(needle)
        self._samples = [(sampling, known, frozenset(known)) for sampling, known in samples.items()]

    def find_suspects(self, text: bytes) -> set[bytes]:
        """Return the needles that may be in the text, in whole or in part.

        A part counts only from a certain length on.
        """
        found = {needle for needle in self._short if needle in text}
        padded = memoryview(text + bytes(-len(text) % 8))
        for (width, stride), known, numbers in self._samples:
            taken = padded.cast("Q") if width == 8 else padded.cast("I")[:: stride // 4]
            if not numbers.isdisjoint(taken):
                found.update(needle for number in numbers.intersection(taken) for needle in known[number])
        return {longer for needle in found for longer in self._groups[needle]}

    def count_unfinished(self, text: bytes, suspects: Collection[bytes]) -> int:
        """Return the number of bytes at the end of the text that begin a needle, at most.

        These bytes do not complete the needle.
        """
        size = max((_overlap(text, needle) for needle in suspects if len(needle) > _SURE), default=0)
        for shorter in range(min(_SURE - 1, len(text)), size, -1):
            if text[-shorter:] in self._beginnings:
                return shorter
        return size


def find_occurrences(text: bytes, needle: bytes) -> Iterator[tuple[int, int]]:
    """Yield each start and end of a needle in a text, also where it overlaps itself."""
    at = text.find(needle)
    while at >= 0:
        yield at, at + len(needle)
        at = text.find(needle, at + 1)


def _group_by_prefix(needles: Collection[bytes]) -> dict[bytes, list[bytes]]:
    """Return the needles that begin with no other needle, each with all that begin with it."""
    groups: dict[bytes, list[bytes]] = {}
    group: list[bytes] = []
    for needle in sorted(needles):  # a prefix comes right before the needles that begin with it
        if not group or not needle.startswith(group[0]):
            group = groups.setdefault(needle, [])
        group.append(needle)
    return groups


def _overlap(text: bytes, needle: bytes) -> int:
    """Return the length of the longest end of the text that begins the needle.

    Ends of fewer than eight bytes do not count.
    """
    at = text.find(needle[:8], max(0, len(text) - len(needle) + 1))
    while at >= 0 and not needle.startswith(text[at:]):
        at = text.find(needle[:8], at + 1)
    return len(text) - at if at >= 0 else 0
