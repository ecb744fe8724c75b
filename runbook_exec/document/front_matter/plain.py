"""Reads front matter of plain lines such as `title: Rotate the token`, without PyYAML.

Most pages have such front matter, and to import PyYAML takes longer than to parse ten pages.
"""

from __future__ import annotations

from typing import Any

from ...text.lazy_pattern import LazyPattern
from ...text.plain_scalars import is_iso_date, is_plain_text, make_date
from .bounds import FrontMatter, is_toml

_LONGEST = 2000  # characters; PyYAML's reader has limits for longer front matter

_WORD = r"[^\W\d_][\w-]*(?: [\w-]+)*"

# text, a day, or a list of words in brackets; nothing in them has another meaning in YAML
_LINE = LazyPattern(
    r"(?P<key>[A-Za-z][\w-]{0,60}): +"
    r"(?:(?P<text>[^\W\d_][\w .,;/()'!?+-]*)|(?P<day>[0-9-]+) *"
    rf"|\[ *(?P<items>{_WORD}(?: *, *{_WORD})*) *\] *)"
)


def read_plain_matter(text: str, bounds: tuple[int, int, int]) -> FrontMatter | None:
    """Return the front matter of a page if it is YAML of plain lines, without settings; None for other.

    `bounds` are those of `find_bounds`. The result is that of `read_front_matter`.
    """
    start, end, body = bounds
    if end - start > _LONGEST or is_toml(text):
        return None
    data: dict[str, Any] = {}
    for line in text[start:end].split("\n")[:-1]:
        found = _LINE.fullmatch(line)
        if found is None:
            return None
        key = found["key"]
        if key in data or key == "runbook" or not is_plain_text(key):
            return None
        try:
            data[key] = _read_value(found["text"], found["day"], found["items"])
        except ValueError:
            return None
    return FrontMatter(data, end=body)


def _read_value(text: str | None, day: str | None, items: str | None) -> Any:
    """Return the value of a line. Raises ValueError if it is not plain."""
    if day is not None and is_iso_date(day):
        return make_date(day)
    words = items.split(",") if items is not None else [text or ""]
    words = [word.strip(" ") for word in words]
    if not all(map(is_plain_text, words)):
        raise ValueError("expected text")
    return words if items is not None else words[0]
