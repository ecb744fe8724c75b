"""Compares two sequences, or two texts line by line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable
    from difflib import SequenceMatcher

    Piece = TypeVar("Piece", bound=Hashable)


def compare_sequences(old: Sequence[Piece], new: Sequence[Piece]) -> SequenceMatcher[Piece]:
    """Return the comparison of two sequences; every piece of them counts."""
    from difflib import SequenceMatcher  # large, and most rehearsals find no difference

    return SequenceMatcher(None, old, new, autojunk=False)


def measure_similarity(old: Sequence[Piece], new: Sequence[Piece]) -> float:
    """Return how similar two sequences are: 1 if they are equal, 0 if they share nothing."""
    return compare_sequences(old, new).ratio()


def mark_differing_lines(old: str, new: str) -> list[str]:
    """Return the lines of two texts: after `- ` or `+ ` if one text has them, after two spaces if both."""
    from difflib import ndiff  # large, and most rehearsals find no difference

    lines = ndiff(old.split("\n"), new.split("\n"))
    return [line.rstrip("\n") for line in lines if not line.startswith("?")]
