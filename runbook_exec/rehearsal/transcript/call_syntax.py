"""Splits and formats the calls of a transcript: POSIX shell quoting without expansions."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...document.placeholders import normalise_name
from ...light_classes import dataclass
from .pattern import GAP, NAME, REST, Gap, Name, Part, Pattern, join_parts

_PLAIN = re.compile(r"[^\s'\"\\<\[]+")

_SAFE = re.compile(r"[\w@%+=:,./-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class CallWord:
    """One word of a call, with its offsets in the text of the call."""

    pattern: Pattern
    start: int
    end: int

    @property
    def is_rest(self) -> bool:
        """Return whether this is `...`, which matches any number of words."""
        return self.pattern == (Gap.WHOLE,)


class CallSyntaxError(ValueError):
    """An incomplete call: a quote is not closed, or nothing follows a backslash."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


def split_call(text: str) -> tuple[CallWord, ...]:
    """Return the words of a call. Raises CallSyntaxError if it is incomplete."""
    words: list[CallWord] = []
    position = 0
    while True:
        position = _skip_blanks(text, position)
        if position >= len(text):
            return tuple(words)
        start = position
        parts, position = _read_word(text, position)
        pattern: Pattern = (Gap.WHOLE,) if text[start:position] == REST else join_parts(parts)
        words.append(CallWord(pattern, start, position))


def _skip_blanks(text: str, position: int) -> int:
    while position < len(text) and (text[position].isspace() or text.startswith("\\\n", position)):
        position += 2 if text[position] == "\\" else 1
    return position


def _read_word(text: str, position: int) -> tuple[list[Part], int]:
    parts: list[Part] = []
    while position < len(text) and not text[position].isspace():
        character = text[position]
        if character == "'":
            end = text.find("'", position + 1)
            if end < 0:
                raise CallSyntaxError("this quote is not closed", position)
            parts += _parse_quoted_text(text[position + 1 : end])
            position = end + 1
        elif character == '"':
            inner, position = _read_double_quotes(text, position)
            parts += inner
        elif character == "\\":
            if position + 1 >= len(text):
                raise CallSyntaxError("nothing follows this backslash", position)
            if text[position + 1] == "\n":
                return parts, position
            parts.append(text[position + 1])
            position += 2
        else:
            part, position = _read_bare_part(text, position)
            parts.append(part)
    return parts, position


def _read_bare_part(text: str, position: int) -> tuple[Part, int]:
    if found := NAME.match(text, position):
        return Name(normalise_name(found[1]), found[0]), found.end()
    if text.startswith(GAP, position):
        return Gap.CHARACTERS, position + len(GAP)
    plain = _PLAIN.match(text, position)
    end = plain.end() if plain else position + 1
    return text[position:end], end


def _read_double_quotes(text: str, opening: int) -> tuple[list[Part], int]:
    parts: list[Part] = []
    position = start = opening + 1
    while position < len(text):
        if text[position] == '"':
            return parts + _parse_quoted_text(text[start:position]), position + 1
        if text[position] == "\\" and text[position + 1 : position + 2] in tuple('"\\$`<['):
            parts += [*_parse_quoted_text(text[start:position]), text[position + 1]]
            position = start = position + 2
        else:
            position += 1
    raise CallSyntaxError("this quote is not closed", opening)


def _parse_quoted_text(text: str) -> list[Part]:
    """Return the names and gaps of quoted text."""
    parts: list[Part] = []
    position = 0
    for found in re.finditer(rf"\[\.\.\]|{NAME.pattern}", text):
        parts.append(text[position : found.start()])
        parts.append(Gap.CHARACTERS if found[0] == GAP else Name(normalise_name(found[0][1:-1]), found[0]))
        position = found.end()
    return [*parts, text[position:]] if parts else [text] if text else [""]


def quote_word(pattern: Pattern) -> str:
    """Return a word as a transcript writes it; reading it back gives the same pattern."""
    if pattern == (Gap.WHOLE,):
        return REST
    plain = "".join(_text(part) for part in pattern)
    texts = [part for part in pattern if isinstance(part, str)]
    marks = [text for text in texts if NAME.search(text) or GAP in text]
    spaced = any(" " in part.text for part in pattern if isinstance(part, Name))
    if plain and plain != REST and not marks and not spaced and all(_SAFE.fullmatch(text) for text in texts):
        return plain
    if not marks and "'" not in plain:
        return f"'{plain}'"
    pieces = [
        re.sub(r"([\"\\$`<]|\[(?=\.\.\]))", r"\\\1", part) if isinstance(part, str) else _text(part)
        for part in pattern
    ]
    return '"' + "".join(pieces) + '"'


def format_call(words: Sequence[Pattern]) -> str:
    """Return a call as a transcript writes it, without the marks of continuation lines."""
    return " ".join(quote_word(word) for word in words)


def format_call_lines(words: Sequence[Pattern]) -> str:
    """Return a call as the lines of a transcript, without the prompt of the first line."""
    return format_call(words).replace("\n", "\n> ")


def _text(part: Part) -> str:
    if isinstance(part, Name):
        return part.text
    return part.value if isinstance(part, Gap) else part
