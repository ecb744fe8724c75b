"""Renders prose for a terminal. Only this module uses rich's Markdown."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ...text.ansi import escape_unprintable
from ...text.display import wrap
from ...text.lazy_pattern import LazyPattern
from .callouts import Callout, find_callouts

if TYPE_CHECKING:
    from markdown_it.token import Token

_COMMENT = LazyPattern(r"<!--.*?-->", re.DOTALL)

_WIKILINK = LazyPattern(r"\[\[([^\]|#]*)(?:#([^\]|]*))?(?:\|([^\]]*))?\]\]")

_HEADING = LazyPattern(r"^ {0,3}#{1,6}[ \t]+(.*?)[ \t]*#*$", re.MULTILINE)

_QUIET = ("block_quote", "item.bullet", "item.number", "link", "link_url", "table.border", "em", "hr")

_BAR = "│"  # at the left of quotes and callouts

_OPENED = ("http:", "https:", "mailto:")  # beginnings of link targets that a person can open anywhere

_STYLE = LazyPattern(r"\x1b\[[\d;]*m")


# by the kind of a callout, the SGR number of its colour
_COLOURS = {
    **dict.fromkeys(("danger", "error", "caution", "failure", "bug"), "31"),
    **dict.fromkeys(("warning", "attention", "important", ""), "33"),
    **dict.fromkeys(("tip", "hint", "success", "check"), "32"),
}

_NOTE = "36"


def render_markdown(text: str, width: int, colour: bool) -> list[str]:
    """Render Markdown as lines of at most `width` columns, a blank line first.

    Callouts have a bar at their left. Empty text has no lines.
    """
    text = _COMMENT.sub("", escape_unprintable(text))
    text = _WIKILINK.sub(lambda m: m[3] or " › ".join(filter(None, (m[1], m[2]))), text)
    lines: list[str] = []
    for part in find_callouts(text):
        if isinstance(part, Callout):
            lines += ["", *_render_callout(part, width, colour)]
        else:
            lines += _render_text(part, width, colour)
    return lines


def _render_callout(callout: Callout, width: int, colour: bool) -> list[str]:
    """Return the lines of a callout: a bar at the left, its kind and title, and its text."""
    code = _COLOURS.get(callout.kind, _NOTE)
    painted = f"\x1b[{code}m" if colour else ""
    bar = f"{painted}{_BAR}\x1b[0m" if colour else _BAR
    heading = ": ".join(filter(None, (callout.kind.upper(), callout.title)))
    lines = [f"{bar} \x1b[1m{painted}{line}\x1b[0m" for line in wrap(heading, width - 2) if heading]
    return [*lines, *(f"{bar} {line}".rstrip() for line in _render_text(callout.body, width - 2, colour)[1:])]


def _drop_local_targets(tokens: Iterable[Token]) -> Iterator[Token]:
    """Yield the tokens of a paragraph without links to files and places of the page, but with their text."""
    local = False
    for token in tokens:
        if token.type == "link_open":
            local = not str(token.attrs.get("href", "")).lower().startswith(_OPENED)
        if not (local and token.type in ("link_open", "link_close")):
            yield token


def _render_text(text: str, width: int, colour: bool) -> list[str]:
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.theme import Theme

    if not text.strip():
        return []
    text = _HEADING.sub(r"**\1**", text)
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
    page = Markdown(text, hyperlinks=False)
    for token in page.parsed:
        token.children = token.children and [*_drop_local_targets(token.children)]
    console.print(page)
    lines: list[str] = [""]
    for line in out.getvalue().split("\n"):
        line = line.rstrip()
        bare = _STYLE.sub("", line)
        if bare.startswith("▌"):  # rich's bar of a quote; a statement has that one
            line = line.replace("▌ ", f"{_BAR} ")
        if bare.strip() or _STYLE.sub("", lines[-1]).strip():
            lines.append(line)
    return lines if lines[-1] else lines[:-1]
