"""The document's prose, rendered for a terminal. The only module that knows rich."""

from __future__ import annotations

import io
import re

from rich.console import Console
from rich.markdown import Markdown
from rich.theme import Theme

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_WIKILINK = re.compile(r"\[\[([^\]|#]*)(?:#([^\]|]*))?(?:\|([^\]]*))?\]\]")
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.*?)[ \t]*#*$", re.MULTILINE)
_QUIET = ("block_quote", "item.bullet", "item.number", "link", "link_url", "table.border", "em", "hr")
_THEME = Theme(
    {"markdown.code": "bold", "markdown.table.header": "bold", **{f"markdown.{n}": "none" for n in _QUIET}}
)


def render(text: str, width: int, colour: bool) -> list[str]:
    """Lines of at most `width` columns, with a blank one first; empty when there is nothing to show."""
    text = _COMMENT.sub("", text)
    text = _WIKILINK.sub(lambda m: m[3] or " › ".join(filter(None, (m[1], m[2]))), text)
    text = _HEADING.sub(r"**\1**", text)
    if not text.strip():
        return []
    out = io.StringIO()
    console = Console(
        file=out,
        width=max(20, width),
        force_terminal=True,
        color_system="standard",
        no_color=not colour,
        theme=_THEME,
        highlight=False,
        legacy_windows=False,
    )
    console.print(Markdown(text, hyperlinks=False))
    lines = [line.rstrip() for line in out.getvalue().rstrip("\n").split("\n")]
    return ["", *lines]
