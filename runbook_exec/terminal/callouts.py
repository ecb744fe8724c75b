"""Finds the callouts of a page (warnings, notes), as several sites write them, and formats them."""

from __future__ import annotations

import re

from ..text.lazy_pattern import LazyPattern

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

_LINE = LazyPattern(r"^", re.MULTILINE)


def split_callouts(text: str) -> tuple[str, str]:
    """Return the callouts and warnings of a text, and the text without them."""
    found: list[str] = []
    for pattern in (_CALLOUT, _WARNING):
        found += (match[0].strip("\n") for match in pattern.finditer(text))
        text = pattern.sub("\n", text)
    return "\n\n".join(found), text.strip("\n")


def format_callouts(text: str) -> str:
    """Return Markdown with each callout as a quote that begins with its kind and its title in bold."""
    return _CALLOUT.sub(_format_callout, text)


def _format_callout(found: re.Match[str]) -> str:
    if found["quoted"]:
        kind, title, body, mark = found["quoted"], found["first"], found["quote"], found["mark"]
    else:
        kind = found["marked"] or found["fenced"]
        title = found["rest"] if found["marked"] else found["title"]
        inside = _INDENT.sub("", found["indented"]) if found["marked"] else found["inside"]
        body, mark = _LINE.sub("> ", inside.strip("\n")) + "\n", "> "
    title = title.strip(" \t\"'[]")
    heading = f"{kind.upper()}: {title}" if title else kind.upper()
    return f"{mark}**{heading}**\\\n{body}"
