"""Renders prose for a terminal. Only this module uses rich's Markdown."""

from __future__ import annotations

import io
import re

from ..text.ansi import escape_unprintable
from ..text.lazy_pattern import LazyPattern
from .callouts import format_callouts

_COMMENT = LazyPattern(r"<!--.*?-->", re.DOTALL)

_WIKILINK = LazyPattern(r"\[\[([^\]|#]*)(?:#([^\]|]*))?(?:\|([^\]]*))?\]\]")

_HEADING = LazyPattern(r"^ {0,3}#{1,6}[ \t]+(.*?)[ \t]*#*$", re.MULTILINE)

_QUIET = ("block_quote", "item.bullet", "item.number", "link", "link_url", "table.border", "em", "hr")

_STYLE = LazyPattern(r"\x1b\[[\d;]*m")


def render_markdown(text: str, width: int, colour: bool) -> list[str]:
    """Render Markdown as lines of at most `width` columns, a blank line first.

    Empty text has no lines.
    """
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.theme import Theme

    text = _COMMENT.sub("", escape_unprintable(text))
    text = _WIKILINK.sub(lambda m: m[3] or " › ".join(filter(None, (m[1], m[2]))), text)
    text = _HEADING.sub(r"**\1**", text)
    text = format_callouts(text)
    if not text.strip():
        return []
    quiet = {f"markdown.{name}": "none" for name in _QUIET}
    out = io.StringIO()
    console = Console(
        file=out,
        width=max(20, width),
        force_terminal=True,
        color_system="standard",
        no_color=not colour,
        theme=Theme({"markdown.code": "bold", "markdown.table.header": "bold", **quiet}),
        highlight=False,
        legacy_windows=False,
    )
    console.print(Markdown(text, hyperlinks=False))
    lines: list[str] = [""]
    for line in out.getvalue().split("\n"):
        line = line.rstrip()
        if _STYLE.sub("", line).strip() or _STYLE.sub("", lines[-1]).strip():
            lines.append(line)
    return lines if lines[-1] else lines[:-1]
