"""Reads the words of fish source, with their quotes, brackets and substitutions."""

from __future__ import annotations

import re

from ...text.lazy_pattern import LazyPattern
from ..quoting import Context
from .tokens import Region, Token, find_keyword

_IN_WORD = LazyPattern(r"""[\\#(){}\[\]'"|;<>& \t\r\n]""")

_IN_BRACKETS = LazyPattern(r"""[\\#(){}\[\]'"]""")

_SEPARATORS = frozenset("|;<> \t\r\n")

_AFTER_THESE_A_COMMENT = _SEPARATORS | {"("}

IN_SINGLE = r"(?>(?:[^'\\]++|\\.)*)"

IN_DOUBLE = r'(?>(?:[^"\\$]++|\\.|\$(?!\())*)'

_QUOTED = {
    "'": LazyPattern(rf"{IN_SINGLE}(')", re.DOTALL),
    '"': LazyPattern(rf'{IN_DOUBLE}("|\$(?=\())', re.DOTALL),
}


class BrokenWord(Exception):
    """Raised for a word that does not end or does not parse, with the offset and the reason."""

    def __init__(self, at: int, why: str) -> None:
        super().__init__(why)
        self.at = at
        self.why = why


def read_word(text: str, start: int, end: int, regions: list[Region]) -> Token:
    """Return the word that begins at `start`."""
    openings: list[int] = []  # offsets of the `(` and `{` that are open
    parentheses = 0
    bracket: int | None = None
    resumed: list[tuple[int, int]] = []  # `"…$(`: the parentheses open outside it, and the quote's offset
    substitutions: list[tuple[int, int]] = []
    at = start
    while at < end:
        match = (_IN_BRACKETS if openings else _IN_WORD).search(text, at, end)
        if match is None:
            at = end
            break
        at, char = match.start(), match[0]
        quote: int | None = None
        if char == "\\":
            if at + 1 >= end:
                raise BrokenWord(at, "`\\` has nothing after it")
            at += 1
        elif char in "'\"":
            quote = at
        elif char == "#":
            if at > start and text[at - 1] in _AFTER_THESE_A_COMMENT:
                stop = _end_of_line(text, at, end)
                # In braces and brackets, or after an escaped blank, it hides quotes and separators from
                # fish's tokenizer as a comment does, but stays a part of the word.
                read = not openings or text[openings[-1]] == "{" or is_escaped(text, at - 1)
                regions.append((at, stop, Context.UNSAFE if read else Context.COMMENT))
                at = stop - 1
        elif char in "({":
            openings.append(at)
            parentheses += char == "("
        elif char in ")}":
            opening = _pop_opening(text, at, openings)
            if char == ")":
                parentheses -= 1
                if not parentheses:
                    substitutions.append((opening + 1, at))
                if resumed and resumed[-1][0] == parentheses:
                    quote = resumed.pop()[1]
        elif char == "[":
            bracket = at if at > start else bracket
        elif char == "]":
            bracket = None
        elif not openings and bracket is None and _ends_word(text, at, end):
            break
        if quote is not None:
            at = _read_quoted(text, quote, at, end, regions)
            if text[at] == "$":
                resumed.append((parentheses, quote))
        at += 1
    _refuse_unclosed(text, openings, bracket)
    word = text[start:at]
    return Token("word", start, word, find_keyword(word), tuple(substitutions))


def _read_quoted(text: str, quote: int, at: int, end: int, regions: list[Region]) -> int:
    """Return the offset of the end of quoted text: its quote, or a `$(` that interrupts it.

    The text begins after `at`.
    """
    content = _QUOTED[text[quote]].match(text, at + 1, end)
    if content is None:
        raise BrokenWord(quote, f"`{text[quote]}` is not closed")
    stop = content.start(1)
    if stop > at + 1:
        regions.append((at + 1, stop, Context.SINGLE if text[quote] == "'" else Context.DOUBLE))
    return stop


def _end_of_line(text: str, at: int, end: int) -> int:
    stop = text.find("\n", at, end)
    return stop if stop >= 0 else end


def is_escaped(text: str, at: int) -> bool:
    """Return whether an odd number of backslashes is before `text[at]`."""
    first = at
    while first > 0 and text[first - 1] == "\\":
        first -= 1
    return (at - first) % 2 == 1


def _ends_word(text: str, at: int, end: int) -> bool:
    """Return whether the character ends a word.

    `&` does not end it if the word continues right after it.
    """
    if text[at] != "&":
        return text[at] in _SEPARATORS
    return at + 1 >= end or text[at + 1] in _SEPARATORS or text[at + 1] == "&"


def _pop_opening(text: str, at: int, openings: list[int]) -> int:
    """Remove the opening that `text[at]` closes and return its offset."""
    wanted = {")": "(", "}": "{"}[text[at]]
    if not openings:
        raise BrokenWord(at, f"`{text[at]}` has no `{wanted}` before it")
    if text[openings[-1]] != wanted:
        raise BrokenWord(openings[-1], f"`{text[openings[-1]]}` is not closed before the next `{text[at]}`")
    return openings.pop()


def _refuse_unclosed(text: str, openings: list[int], bracket: int | None) -> None:
    if bracket is not None:
        raise BrokenWord(bracket, "`[` has no `]`")
    if openings:
        opening = openings[-1]
        raise BrokenWord(opening, "`(` has no `)`" if text[opening] == "(" else "`{` has no `}`")
