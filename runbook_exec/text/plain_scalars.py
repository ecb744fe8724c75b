"""Decides what a word of YAML without quotes is, where that takes no pattern: text, or a date."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

# the only words that begin with a letter and are more than text in YAML
_MEANINGFUL = frozenset(
    form
    for word in ("yes", "no", "true", "false", "on", "off", "null")
    for form in (word, word.title(), word.upper())
)


def is_plain_text(written: str) -> bool:
    """Return whether a scalar without quotes is text because it begins with a letter."""
    return written[:1].isalpha() and written not in _MEANINGFUL


def is_iso_date(written: str) -> bool:
    """Return whether a scalar is written as `2026-04-30` is; the day may not exist."""
    if len(written) != 10 or written[4] != "-" or written[7] != "-" or not written.isascii():
        return False
    return written[:4].isdigit() and written[5:7].isdigit() and written[8:].isdigit()


def make_date(written: str) -> date:
    """Return the day that is written as `2026-04-30` is. Raises ValueError if it does not exist."""
    from datetime import date  # which a page without a date does not need

    return date(int(written[:4]), int(written[5:7]), int(written[8:]))
