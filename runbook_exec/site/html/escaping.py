"""Escapes text for HTML, with control and invisible characters where readers see them."""

from __future__ import annotations

import html
import re

from ...text.ansi import escape_unprintable, may_be_unprintable, replace_unprintable


def escape(text: str) -> str:
    """Return the text for HTML and XML, with control and invisible characters written out as `\\u202e`."""
    return html.escape(escape_unprintable(text))


def escape_code(text: str) -> str:
    """Return code for HTML; its text is exact, and a mark before each hidden character shows it.

    The mark is not copied with the code, and what the character does to the direction ends at its element.
    """
    escaped = html.escape(text, quote=False)
    return replace_unprintable(escaped, _mark) if may_be_unprintable(escaped) else escaped


def _mark(found: re.Match[str]) -> str:
    shown = escape_unprintable(found[0])
    return f'<span class="rb-hidden" dir="ltr" data-code="{shown}">{found[0]}</span>'
