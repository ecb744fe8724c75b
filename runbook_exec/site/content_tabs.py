"""Tabs, admonitions and folded text: what themes read, and CommonMark takes for text and indented code.

So to a run they are text, and nothing in them runs. Their lines are found here, so that the page can show
them as the theme does, and say of each fence in them that it does not run.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from markdown import Markdown

_KIND = r"[\w-]+(?: +[\w-]+)*"

# by the names under which Python-Markdown has what reads them: the line that begins one, and what that is
_BEGINNINGS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "tabbed": (re.compile(r'===(?:\+!?|!\+?)? +".*?" *'), "a tab"),
    "admonition": (re.compile(rf'!!! ?{_KIND}(?: +".*?")? *'), "an admonition"),
    "details": (re.compile(rf'\?\?\?\+? ?(?:{_KIND}|(?:{_KIND})? +".*?") *'), "folded text"),
}

_INDENT = 4


class ContentTab(NamedTuple):
    """One of them: the index of its first line and of the one after its last, and what it is called."""

    first: int
    end: int
    head: str  # its first line
    body: str  # the others, without their indentation
    kind: str


def find_enabled_tabs(md: Markdown) -> Collection[str]:
    """Which of them a site reads, by its settings."""
    return [name for name in _BEGINNINGS if name in md.parser.blockprocessors]


def find_tab(lines: Sequence[str], index: int, column: int, known: Collection[str]) -> ContentTab | None:
    """What begins on this line, where text begins at this column; None where it is ordinary text."""
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
