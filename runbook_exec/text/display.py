"""Measures, cuts and wraps text to columns of a terminal.

Only this module and `terminal.page_text.markdown` know rich.
"""

from __future__ import annotations

from collections.abc import Iterator

from .ansi import escape_unprintable_code

_GOES_ON = "↳ "

_DEEPEST = 24  # columns that the indent of code may take


def count_columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def pad(text: str, width: int) -> str:
    """Return the text with spaces after it, up to a width in columns."""
    return text + " " * (width - count_columns(text))


def clip(text: str, width: int) -> str:
    """Return the text, cut and ended with an ellipsis if it takes more than `width` columns."""
    if count_columns(text) <= width:
        return text
    return _head(text, max(0, width - 1)).rstrip() + "…"


def clip_middle(text: str, width: int) -> str:
    """Return the text, with an ellipsis for its middle if it takes more than `width` columns."""
    if count_columns(text) <= width:
        return text
    tail = _head(text[::-1], (width - 1) // 2)[::-1]
    return f"{_head(text, width - 1 - count_columns(tail))}…{tail}"


def wrap(text: str, width: int) -> list[str]:
    """Divide a sentence into lines of at most `width` columns, at spaces where possible."""
    return list(_folds(text, width, ""))


def fold(text: str, width: int) -> list[str]:
    """Divide code into its lines.

    One longer than `width` columns continues below, after an arrow.
    """
    lines: list[str] = []
    for line in escape_unprintable_code(text.expandtabs(4)).split("\n"):
        bare = line.lstrip(" ")
        indent = " " * min(len(line) - len(bare), _DEEPEST)
        lines += [indent + part for part in _folds(bare, width - len(indent), _GOES_ON)]
    return lines


def _folds(text: str, width: int, goes_on: str) -> Iterator[str]:
    lead = ""
    while True:
        room = max(8, width - len(lead))
        if count_columns(text) <= room:
            yield lead + text
            return
        head = _head(text, room)
        # break inside a word only if the word alone fills much of a line
        space = len(head) if text[len(head)] == " " else head.rfind(" ")
        cut = space if space > len(head) // 3 else len(head)
        yield lead + text[:cut].rstrip(" ")
        text, lead = text[cut:].lstrip(" "), goes_on


def _head(text: str, width: int) -> str:
    """Return as much of the beginning of a text as fits into a width."""
    if text.isascii():
        return text[:width]
    taken = 0
    for index, letter in enumerate(text):
        taken += count_columns(letter)
        if taken > width:
            return text[:index]
    return text
