"""Where the front matter of a page begins and ends: told without reading it."""

from __future__ import annotations

import re

_OPENING = re.compile(r"\ufeff?---[ \t]*\r?\n")
_CLOSING = re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.MULTILINE)


def bounds(text: str) -> tuple[int, int, int] | None:
    """Where YAML begins and ends between a `---` on the first line and the next `---` or `...`.

    The third offset is the one after that line. None where one of the two lines is not there.
    """
    opening = _OPENING.match(text)
    closing = _CLOSING.search(text, opening.end()) if opening else None
    return (opening.end(), closing.start(), closing.end()) if opening and closing else None
