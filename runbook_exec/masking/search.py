"""Finds many byte strings at once, at a cost that hardly depends on their number."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Iterator

# Samples are numbers of `width` bytes, taken from a text every `stride` bytes.
OF_ANY = ((8, 8), (4, 8), (4, 4))

OF_LONG = ((8, 8),)  # for needles of 15 bytes or more

OF_SHORT = ((4, 4),)  # if most needles are shorter than that: one pass over the text instead of three

Samplings = tuple[tuple[int, int], ...]

_Sampled = tuple[tuple[int, int], dict[int, list[bytes]], frozenset[int]]

_ANCHOR = 4  # bytes; a search for a few of these is faster than samples

_FEW_ANCHORS = 16

_SURE = 15  # this many first bytes of a needle contain a sample, at any position in a text


class MultiSearch:
    """Searches texts for byte strings, the needles.

    Samples show that most needles are absent: at any position in a text, the first bytes of a needle of at
    least `width + stride - 1` bytes contain one of the text's samples. A text therefore costs one lookup in a
    set for every few bytes. Only needles with a matching sample, and needles that are too short for samples,
    are searched for.
    """

    def __init__(self, needles: Collection[bytes], samplings: Samplings = OF_ANY) -> None:
        self.longest = max(map(len, needles), default=0)
        self._beginnings = {needle[:size] for needle in needles for size in range(1, min(len(needle), _SURE))}
        self._groups = _group_by_prefix(needles)
        self._short: list[bytes] = []
        self._samples: list[_Sampled] = []
        self._anchors = _choose_anchors(needles) if samplings is OF_SHORT else {}
        if not 0 < len(self._anchors) <= _FEW_ANCHORS:
            self._anchors = {}
            self._take_samples(samplings)

    def _take_samples(self, samplings: Samplings) -> None:
        """Sample the needles, each in the first way that fits its length."""
        samples: dict[tuple[int, int], dict[int, list[bytes]]] = {}
        for needle in self._groups:
            for width, stride in samplings:
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
        if self._anchors:
            return {
                needle for anchor, several in self._anchors.items() if anchor in text for needle in several
            }
        found = {needle for needle in self._short if needle in text}
        padded = memoryview(text + bytes(-len(text) % 8))
        for (width, stride), known, numbers in self._samples:
            taken = padded.cast("Q") if width == 8 else padded.cast("I")[:: stride // 4]
            if not numbers.isdisjoint(taken):
                found.update(needle for number in numbers.intersection(taken) for needle in known[number])
        return {longer for needle in found for longer in self._groups[needle]}

    def count_unfinished(self, text: bytes, suspects: Collection[bytes], least: int = 1) -> int:
        """Return the number of bytes at the end of the text that begin a needle, at most.

        These bytes do not complete the needle. A beginning of fewer than `least` bytes need not be found.
        """
        size = max((_overlap(text, needle) for needle in suspects if len(needle) > _SURE), default=0)
        for shorter in range(min(_SURE - 1, len(text)), max(size, least - 1), -1):
            if text[-shorter:] in self._beginnings:
                return shorter
        return size


class ShortSearch:
    """Searches texts for short byte strings where they are whole words: `12` is not in `127`."""

    def __init__(self, needles: Iterable[bytes]) -> None:
        ordered = sorted(needles, key=len, reverse=True)
        self.longest = max(map(len, ordered), default=0)
        self._whole = re.compile(b"|".join(map(_whole_word, ordered)))
        self._beginnings = {needle[:size] for needle in ordered for size in range(1, len(needle) + 1)}

    def find(self, text: bytes, before: int, *, ends: bool) -> tuple[list[tuple[int, int]], int]:
        """Return the start and end of each needle that ends behind `before`, and where one may begin.

        If the text `ends` here, its last word is complete, and none begins.
        """
        found = [match.span() for match in self._whole.finditer(text) if match.end() > before]
        if ends:
            return found, len(text)
        begun = next(
            (size for size in range(min(self.longest, len(text)), 0, -1) if text[-size:] in self._beginnings),
            0,
        )
        start = max(len(text) - begun, before)
        return [span for span in found if span[1] <= start], start


def _whole_word(needle: bytes) -> bytes:
    first, last = (_WORD.match(needle, at) for at in (0, len(needle) - 1))
    return rb"%b%b%b" % (
        _NO_WORD_BEFORE if first else b"",
        re.escape(needle),
        _NO_WORD_AFTER if last else b"",
    )


_WORD = re.compile(rb"[A-Za-z0-9_\x80-\xff]")

_NO_WORD_BEFORE = rb"(?<![A-Za-z0-9_\x80-\xff])"

_NO_WORD_AFTER = rb"(?![A-Za-z0-9_\x80-\xff])"


def find_occurrences(text: bytes, needle: bytes) -> Iterator[tuple[int, int]]:
    """Yield each start and end of a needle in a text, also where it overlaps itself."""
    at = text.find(needle)
    while at >= 0:
        yield at, at + len(needle)
        at = text.find(needle, at + 1)


def _choose_anchors(needles: Iterable[bytes]) -> dict[bytes, list[bytes]]:
    """Return short pieces, each with the needles that contain it, so that every needle is with one.

    Pieces are taken from the first eight bytes, so that a text that ends in these is a suspect, too. Needles
    that overlap share a piece if they come one after the other.
    """
    found: dict[bytes, list[bytes]] = {}
    for needle in needles:
        pieces = [needle[at : at + _ANCHOR] for at in range(max(1, min(len(needle), 8) - _ANCHOR + 1))]
        anchor = next((piece for piece in pieces if piece in found), pieces[-1])
        found.setdefault(anchor, []).append(needle)
    return found


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
