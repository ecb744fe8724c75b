"""Renders prose as harmless HTML: embedded HTML is escaped, and nothing runs or is fetched."""

from __future__ import annotations

import html
import re

import mistune

from ...text.lazy_pattern import LazyPattern

_COMMENT = LazyPattern(r"<!--.*?-->", re.DOTALL)

_WIKILINK = LazyPattern(r"\[\[([^\]|#]*)(?:#([^\]|]*))?(?:\|([^\]]*))?\]\]")

_FETCHED_BY_CLICK = LazyPattern(r"(?:https?://|mailto:)", re.IGNORECASE)

_DEEPEST = 6  # HTML has six levels of headings


class _SafeRenderer(mistune.HTMLRenderer):
    """Renders Markdown with HTML as text, and with pictures as their titles."""

    def __init__(self, level: int) -> None:
        super().__init__(escape=True)
        self._level = level

    def heading(self, text: str, level: int, **attrs: object) -> str:
        number = min(_DEEPEST, level + self._level)
        return f"<h{number}>{text}</h{number}>\n"

    def link(self, text: str, url: str, title: str | None = None) -> str:
        address = html.escape(url, quote=True)
        if _FETCHED_BY_CLICK.match(url):
            return f'<a href="{address}" rel="noopener noreferrer">{text}</a>'
        return f'<span class="link" title="{address}">{text}</span>'

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return (
            f'<span class="link" title="{html.escape(url, quote=True)}">[picture: {html.escape(text)}]</span>'
        )


def to_html(text: str, level: int = 0) -> str:
    """Return Markdown as HTML, with the level of its headings increased by `level`."""
    text = _COMMENT.sub("", text)
    text = _WIKILINK.sub(lambda found: found[3] or " › ".join(filter(None, (found[1], found[2]))), text)
    render = mistune.create_markdown(
        renderer=_SafeRenderer(level), plugins=["table", "strikethrough", "task_lists"]
    )
    return str(render(text))
