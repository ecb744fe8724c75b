"""Converts headings to plain text, to anchors, and to a number and a title."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from ...text.lazy_pattern import LazyPattern
from .wikilinks import find_code_spans

_MARKUP = LazyPattern(r"[`*_~<\[&\\]")

_LINK = LazyPattern(
    r"!?\[\[(?P<target>[^\[\]|\n]*)(?:\|(?P<label>[^\[\]\n]*))?\]\]"
    r"|!?\[(?P<text>[^\[\]]*)\](?:\([^()]*(?:\([^()]*\)[^()]*)?\)|\[[^\[\]]*\])"
    r"|<(?P<url>[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*)>"
)

_EMPHASIS = LazyPattern(r"(?<!\\)\*{1,3}|(?<![\w\\])_{1,3}(?=\w)|(?<=[\w.,;:!?)])_{1,3}(?!\w)")

_ESCAPE = LazyPattern(r"\\([!-/:-@\[-`{-~])|(&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)")

_NUMBER = LazyPattern(r"(\d+[a-zA-Z]?)(?:[.):]|\s*[-–—])\s+(.*)", re.DOTALL)

_DIGITS = frozenset("0123456789")

_STEP_NUMBER = LazyPattern(
    r"step\s+(\d+[a-z]?)\s*(?:[.:)]|[-–—](?=\s))?(?:\s+|$)(.*)", re.IGNORECASE | re.DOTALL
)

_NO_WORD = LazyPattern(r"[^\w\s-]+")

_BETWEEN_WORDS = LazyPattern(r"[-\s]+")

# `{#id}`, `{: #id .class}`, `{.class key=value}` at the end of a heading
_ATTRIBUTES = LazyPattern(r"\{:?[ \t]*((?:[#.][^\s{}]*|[\w-]+=)[^{}\n]*)\}$")

_ATTRIBUTE_ID = LazyPattern(r"(?:^|\s)#([^\s#{}.]+)")

_COUNTED = LazyPattern(r"(.*)_([0-9]{1,9})")


@lru_cache(maxsize=64)
def strip_markup(text: str) -> str:
    """Return the Markdown of a heading or a paragraph as plain text on one line."""
    if not _MARKUP.search(text):
        return " ".join(text.split())
    pieces: list[str] = []
    position = 0
    for start, end in find_code_spans(text, 0, len(text)):
        ticks = start + len(text[start:end]) - len(text[start:end].lstrip("`"))
        pieces += (_strip_inline_marks(text[position:start]), text[ticks : end + start - ticks].strip())
        position = end
    pieces.append(_strip_inline_marks(text[position:]))
    return " ".join("".join(pieces).split())


def _strip_inline_marks(text: str) -> str:
    return unescape_text(_EMPHASIS.sub("", _LINK.sub(_label, text)))


def unescape_text(text: str) -> str:
    """Return Markdown text with its backslash escapes and entities resolved."""
    if "\\" not in text and "&" not in text:
        return text
    return _ESCAPE.sub(lambda m: m[1] or html.unescape(m[2]), text)


def _label(link: re.Match[str]) -> str:
    return link["label"] or link["target"] or link["text"] or link["url"] or ""


@lru_cache(maxsize=64)
def split_number(title: str) -> tuple[str, str]:
    """Return the number of a title and the rest of it.

    Examples are `3. Update` and `Step 3: Update`. The number is "" if the title has none.
    """
    if title[:1] in _DIGITS:
        match = _NUMBER.fullmatch(title)
    else:
        match = _STEP_NUMBER.fullmatch(title) if title[:4].casefold() == "step" else None
    if match is None:
        return "", title
    return match[1], match[2].strip() or title


def make_slug(title: str) -> str:
    """Return the anchor that Python-Markdown gives a heading, before it numbers duplicates."""
    if title.isascii() and title.replace(" ", "").isalnum():
        return "-".join(title.lower().split())
    if not title.isascii():
        title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode("ascii")
    return _BETWEEN_WORDS.sub("-", _NO_WORD.sub("", title).strip().lower())


def split_attributes(text: str) -> tuple[str, str]:
    """Return the Markdown of a heading without `{#id .class}` at its end, and that id ("" for none)."""
    match = _ATTRIBUTES.search(text)
    if match is None:
        return text, ""
    named = _ATTRIBUTE_ID.search(match[1])
    return text[: match.start()].rstrip().rstrip("#").rstrip(), named[1] if named else ""


def read_title(text: str) -> tuple[str, str]:
    """Return the title of a heading as plain text, and the id that it is written with ("" for none)."""
    bare, name = split_attributes(text) if text.endswith("}") else (text, "")
    return strip_markup(bare), name


def assign_anchors(titles: Sequence[tuple[str, str]]) -> list[str]:
    """Return the anchors of a page's headings in order, given their titles and ids.

    A second `verify` gets `verify_1`.
    """
    used = {name for _, name in titles if name}
    reached: dict[tuple[str, int], int] = {}
    given: list[str] = []
    free = set(used)
    for title, name in titles:
        if name in free:
            free.discard(name)
            given.append(name)
            continue
        anchor = make_slug(title)
        if not anchor or anchor in used:
            counted = _COUNTED.fullmatch(anchor) if "_" in anchor else None
            base, first = (counted[1], int(counted[2])) if counted else (anchor, 0)
            number = reached.get((base, first), first) + 1
            while f"{base}_{number}" in used:
                number += 1
            reached[base, first] = number
            anchor = f"{base}_{number}"
        used.add(anchor)
        given.append(anchor)
    return given
