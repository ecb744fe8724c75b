"""Searches a text for signs of a few characters."""

from __future__ import annotations

from collections.abc import Iterable


def has_any_sign(text: str, signs: Iterable[str]) -> bool:
    """Return whether a text contains one of these signs, which must not be empty.

    Python finds one character much faster than two, so the last character of a sign is searched first.
    """
    for sign in signs:  # noqa: SIM110 - a generator takes as long as the search
        if sign[-1] in text and sign in text:
            return True
    return False
