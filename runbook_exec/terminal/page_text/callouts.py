"""Finds the callouts of a page (warnings, notes), as several sites write them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...light_classes import NamedTuple
from ...text.lazy_pattern import LazyPattern

# `> [!danger] Title` of GitHub and Obsidian; `!!! danger "Title"` of MkDocs; `::: danger Title` of others
_CALLOUT = LazyPattern(
    r"^(?P<mark>[ \t]*>[ \t]*)\[!(?P<quoted>\w+)\][-+]?(?P<first>.*)(?:\n|\Z)"
    r"(?P<quote>(?:[ \t]*>.*(?:\n|\Z))*)"
    r"|^(?:!!!|\?\?\?\+?)[ \t]*(?P<marked>\w+)(?P<rest>.*)(?:\n|\Z)"
    r"(?P<indented>(?:(?:\t| {4}).*(?:\n|\Z)|[ \t]*\n(?=\t| {4}))*)"
    r"|^:::+[ \t]*(?P<fenced>\w+)(?P<title>.*)\n(?P<inside>(?:(?!:::).*\n)*):::+[ \t]*(?:\n|\Z)",
    re.MULTILINE,
)

# a paragraph that begins as a warning does: `**Warning:** …`, `> **Important** …`
_WARNING = LazyPattern(
    r"^(?:>[ \t]*)?(?:⚠\ufe0f?[ \t]*.*|[*_]*(?:warning|danger|caution|attention|important)[*_]*[:!*_].*)"
    r"(?:\n[ \t]*[^\s].*)*",
    re.MULTILINE | re.IGNORECASE,
)

_INDENT = LazyPattern(r"^(?: {4}|\t)", re.MULTILINE)

_QUOTE_MARK = LazyPattern(r"^[ \t]*>[ \t]?", re.MULTILINE)


def split_callouts(text: str) -> tuple[str, str]:
    """Return the callouts and warnings of a text, and the text without them."""
    found: list[str] = []
    for pattern in (_CALLOUT, _WARNING):
        found += (match[0].strip("\n") for match in pattern.finditer(text))
        text = pattern.sub("\n", text)
    return "\n\n".join(found), text.strip("\n")


class Callout(NamedTuple):
    """A warning or a note of a page, as Markdown."""

    kind: str  # in lower case; "" for a paragraph that begins as a warning does
    title: str
    body: str


def find_callouts(text: str) -> Iterator[str | Callout]:
    """Yield the callouts of a text, and the text between them, in order."""
    at = 0
    for found in _CALLOUT.finditer(text):
        yield from _find_warnings(text[at : found.start()])
        yield _read_callout(found)
        at = found.end()
    yield from _find_warnings(text[at:])


def _find_warnings(text: str) -> Iterator[str | Callout]:
    at = 0
    for found in _WARNING.finditer(text):
        yield text[at : found.start()]
        yield Callout("", "", _QUOTE_MARK.sub("", found[0]))
        at = found.end()
    yield text[at:]


def _read_callout(found: re.Match[str]) -> Callout:
    if found["quoted"]:
        kind, title, body = found["quoted"], found["first"], _QUOTE_MARK.sub("", found["quote"])
    elif found["marked"]:
        kind, title, body = found["marked"], found["rest"], _INDENT.sub("", found["indented"])
    else:
        kind, title, body = found["fenced"], found["title"], found["inside"]
    return Callout(kind.lower(), title.strip(" \t\"'[]"), body)
