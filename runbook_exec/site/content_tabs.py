"""Finds tabs, admonitions and folded text, which CommonMark reads as text and indented code.

The page displays them as its theme does. Their blocks are those of the runbook, which reads them too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from markdown import Markdown

from ..light_classes import NamedTuple

_KIND = r"[\w-]+(?: +[\w-]+)*"

# by the name of their block processor in Python-Markdown: the pattern of the first line, and a description
_BEGINNINGS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "tabbed": (re.compile(r'===(?:\+!?|!\+?)? +".*?" *'), "a tab"),
    "admonition": (re.compile(rf'!!! ?{_KIND}(?: +".*?")? *'), "an admonition"),
    "details": (re.compile(rf'\?\?\?\+? ?(?:{_KIND}|(?:{_KIND})? +".*?") *'), "folded text"),
}

_INDENT = 4


class ContentTab(NamedTuple):
    """A tab, an admonition or folded text; `first` and `end` are the indices of its lines."""

    first: int
    end: int
    head: str  # its first line
    body: str  # the others, without their indentation
    kind: str


def find_enabled_tabs(md: Markdown) -> Collection[str]:
    """Return the names of the kinds that the site's settings enable."""
    return [name for name in _BEGINNINGS if name in md.parser.blockprocessors]


def find_tab(lines: Sequence[str], index: int, column: int, known: Collection[str]) -> ContentTab | None:
    """Return the tab that begins on this line of text at this column; None for ordinary text."""
    line = lines[index].expandtabs(_INDENT)
    text = line.lstrip(" ")
    beyond = len(line) - len(text) - column
    if not 0 <= beyond < _INDENT or not text.startswith(("===", "!!!", "???")):
        return None
    fitting = (
        called for name, (begins, called) in _BEGINNINGS.items() if name in known and begins.fullmatch(text)
    )
    if not (called := next(fitting, "")):
        return None
    inner = " " * (column + beyond + _INDENT)
    body: list[str] = []
    for number in range(index + 1, len(lines)):
        moved = lines[number].expandtabs(_INDENT) if lines[number][:1] in "\t " else lines[number]
        if moved.strip() and not moved.startswith(inner):
            break
        body.append(moved[len(inner) :])
    text_of_body = "\n".join(body).rstrip()
    end = index + 1 + (text_of_body.count("\n") + 1 if text_of_body else 0)
    return ContentTab(index, end, text.rstrip(), text_of_body, called)
