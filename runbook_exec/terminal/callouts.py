"""Finds the callouts of a page (warnings, notes), as several sites write them, and formats them."""

from __future__ import annotations

import re

# `> [!danger] Title` of GitHub and Obsidian; `!!! danger "Title"` of MkDocs; `::: danger Title` of others
_CALLOUT = re.compile(
    r"^(?P<mark>[ \t]*>[ \t]*)\[!(?P<quoted>\w+)\][-+]?(?P<first>.*)(?:\n|\Z)"
    r"(?P<quote>(?:[ \t]*>.*(?:\n|\Z))*)"
    r"|^(?:!!!|\?\?\?\+?)[ \t]*(?P<marked>\w+)(?P<rest>.*)(?:\n|\Z)"
    r"(?P<indented>(?:(?:\t| {4}).*(?:\n|\Z)|[ \t]*\n(?=\t| {4}))*)"
    r"|^:::+[ \t]*(?P<fenced>\w+)(?P<title>.*)\n(?P<inside>(?:(?!:::).*\n)*):::+[ \t]*(?:\n|\Z)",
    re.MULTILINE,
)

_INDENT = re.compile(r"^(?: {4}|\t)", re.MULTILINE)

_LINE = re.compile(r"^", re.MULTILINE)


def split_callouts(text: str) -> tuple[str, str]:
    """Return the callouts of a text, and the text without them."""
    callouts = "\n".join(match[0] for match in _CALLOUT.finditer(text))
    return callouts.strip("\n"), _CALLOUT.sub("\n", text).strip("\n")


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
