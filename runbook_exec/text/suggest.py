"""Finds similar words for `did you mean …?`."""

from __future__ import annotations

from collections.abc import Iterable


def find_near(word: str, known: Iterable[str], similarity: float = 0.6) -> str:
    """Return the known word that is nearest, or "" if none is similar.

    A similarity of 1 is equal; words with one of 0 have nothing in common.
    """
    from difflib import get_close_matches  # most pages have nothing to suggest

    near = get_close_matches(word, tuple(known), 1, similarity)
    return near[0] if near else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean …?` with the nearest known word, or "" if none is near."""
    near = find_near(word.casefold().replace("_", "-"), known)
    return f"; did you mean `{near}`?" if near else ""
