"""Writes JSON whose text shows every character, so it can be printed on a terminal."""

from __future__ import annotations

import json
import re

from .ansi import may_be_unprintable, replace_unprintable


def to_printable_json(value: object) -> str:
    """Return a value as indented JSON; invisible and control characters are escapes such as `\\u202e`.

    A lone half of a surrogate pair, as in the name of a file that is not UTF-8, becomes `?`.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False)
    if not may_be_unprintable(text):
        return text
    return replace_unprintable(text.encode("utf-8", "replace").decode(), _escape)


def _escape(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1]
