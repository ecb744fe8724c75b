"""Finds the changed part of a text, and moves findings with it."""

from __future__ import annotations

from ..diagnostics.report import Diagnostic, TextEdit
from ..light_classes import NamedTuple


class TextChange(NamedTuple):
    """`before[start:end]` has become `after[start : end + shift]`."""

    start: int
    end: int
    shift: int

    def move(self, offset: int) -> int:
        """Return where a character of the old text is in the new text."""
        if offset <= self.start:
            return offset
        return offset + self.shift if offset >= self.end else min(offset, self.end + self.shift)

    def touches(self, start: int, end: int) -> bool:
        """Return whether a range of the old text has changed."""
        return start < self.end and self.start < end


def find_change(before: str, after: str) -> TextChange:
    """Return the smallest range that differs."""
    start = _count_equal(before, after)
    most = min(len(before), len(after)) - start
    end = _count_equal_ends(before, after, most)
    return TextChange(start, len(before) - end, len(after) - len(before))


def _count_equal(one: str, two: str) -> int:
    low, high = 0, min(len(one), len(two))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == two[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _count_equal_ends(one: str, two: str, most: int) -> int:
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[len(one) - middle : len(one) - low] == two[len(two) - middle : len(two) - low]:
            low = middle
        else:
            high = middle - 1
    return low


def move_finding(found: Diagnostic, change: TextChange) -> Diagnostic:
    """Return the finding at its place in the new text, without a fix whose text has changed."""
    place, fix = found.location, found.fix
    if fix is not None:
        at = fix.location
        inside = change.touches(at.start, at.end) or (
            at.start == at.end and change.start < at.start < change.end
        )
        moved = at._replace(start=change.move(at.start), end=change.move(at.end))
        fix = None if inside else TextEdit(moved, fix.replacement)
    location = place._replace(start=change.move(place.start), end=change.move(place.end))
    return found._replace(location=location, fix=fix)
