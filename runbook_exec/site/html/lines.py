"""Wraps each line of a block in a span: a line that wraps on a narrow page looks like one."""

from __future__ import annotations

import re
from html import unescape

_TAG_OR_LINE_END = re.compile(r"(<[^>]*>|\n)")

_WORD = re.compile(r"\S+")

_NOTHING = re.compile(r'<span class="rb-line[^"]*"></span>')

_WHOLE = 20  # characters of a word that never breaks at its hyphens: every page is wide enough for it

_DEEPEST = 8  # the last step of indentation that the style sheet has


def wrap_lines(html: str, text: str, start: int, end: int) -> str:
    """Return the HTML of `text[start:end]` with a span around each line.

    The HTML may contain only spans.
    """
    before = text.rfind("\n", 0, start) + 1
    lines = iter(text[before:end].split("\n"))
    out = [_opening_tag(next(lines))]
    around: list[str] = []  # the spans that are open
    for piece in _TAG_OR_LINE_END.split(html):
        if piece == "\n":
            out += ["</span>" * (len(around) + 1), "\n", _opening_tag(next(lines)), *around]
        elif piece == "</span>":
            around.pop()
            out.append(piece)
        elif piece.startswith("<"):
            around.append(piece)
            out.append(piece)
        else:
            out.append(_WORD.sub(_wrap_word, piece) if "-" in piece else piece)
    return _NOTHING.sub("", "".join([*out, "</span>"]))


def _opening_tag(line: str) -> str:
    width = len(line) - len(line.lstrip(" "))
    return f'<span class="rb-line rb-in{min(width, _DEEPEST)}">' if width else '<span class="rb-line">'


def _wrap_word(word: re.Match[str]) -> str:
    short = "-" in word[0] and len(unescape(word[0])) <= _WHOLE
    return f'<span class="rb-whole">{word[0]}</span>' if short else word[0]
