"""Finds similar words for `did you mean …?`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean …?` with the nearest known word, or "" if none is near."""
    close = difflib.get_close_matches(word.casefold().replace("_", "-"), tuple(known), 1)
    return f"; did you mean `{close[0]}`?" if close else ""
