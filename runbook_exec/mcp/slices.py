"""Cuts long results into parts that an agent reads one after the other."""

from __future__ import annotations

import json
from collections.abc import Iterable

BUDGET = 16_000  # characters of one result, about 4,000 tokens

_LONGEST_TEXT = 6_000  # characters of one text in it


def clip_text(text: str, longest: int = _LONGEST_TEXT) -> str:
    """Return a text, without its middle if it is too long; a note says how much is left out."""
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]}\n[… {len(text) - 2 * half:,} characters left out …]\n{text[-half:]}"


def take_slice(items: Iterable[object], offset: int = 0) -> tuple[list[object], int | None]:
    """Return the items from an offset that fit into one result, at least one, and the next offset.

    The next offset is None if there are no more.
    """
    taken: list[object] = []
    size = 0
    for number, item in enumerate(items):
        if number < offset:
            continue
        size += len(json.dumps(item))
        if taken and size > BUDGET:
            return taken, number
        taken.append(item)
    return taken, None


def slice_lines(text: str, offset: int = 0) -> dict[str, object]:
    """Return the lines of a text from an offset that fit into one result, and the next offset if any."""
    taken, following = take_slice(map(clip_text, text.splitlines()), offset)
    result: dict[str, object] = {"text": "\n".join(map(str, taken))}
    return result if following is None else {**result, "next_offset": following}
