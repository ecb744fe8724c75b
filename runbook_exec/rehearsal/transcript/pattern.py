"""Defines patterns of a transcript: text with gaps, and names that match and are bound."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from enum import Enum

from ...document.placeholders import normalise_name
from ...light_classes import dataclass

NAME = re.compile(r"<([^\W\d_][\w .:/-]*)>")

GAP = "[..]"

REST = "..."

_NAMED = "n{}"

_SHORTEST_VALUE = 6  # characters of a value that is replaced by its name inside other text


class Gap(Enum):
    """A part that matches anything: characters of a word or a line, or whole words or lines."""

    CHARACTERS = GAP
    WHOLE = REST


@dataclass(frozen=True, slots=True)
class Name:
    """`<name>`: one or more characters; the first match binds it, later ones must be equal."""

    name: str  # in compared form
    text: str  # as written


Part = str | Name | Gap

Pattern = tuple[Part, ...]


def parse_text(text: str, names: Collection[str] | None = None) -> Pattern:
    """Parse a line of output as a pattern; if `names` is given, any other `<…>` is text.

    A backslash before `<` or `[..]` makes it text.
    """
    parts: list[Part] = []
    position = 0
    for found in re.finditer(r"\\(?=<|\[\.\.\])|\[\.\.\]|<[^\W\d_][\w .:/-]*>", text):
        if found.start() < position:
            continue
        mark = found[0]
        if mark == "\\":
            following = GAP if text.startswith(GAP, found.end()) else "<"
            if following == "<" and not _is_name(text, found.end(), names):
                continue
            parts += [text[position : found.start()], following]
            position = found.end() + len(following)
        elif mark == GAP or _is_name(text, found.start(), names):
            parts.append(text[position : found.start()])
            parts.append(Gap.CHARACTERS if mark == GAP else Name(normalise_name(mark[1:-1]), mark))
            position = found.end()
    return join_parts((*parts, text[position:]))


def _is_name(text: str, at: int, names: Collection[str] | None) -> bool:
    found = NAME.match(text, at)
    return found is not None and (names is None or normalise_name(found[1]) in names)


def join_parts(parts: Sequence[Part]) -> Pattern:
    """Return the parts as a pattern, with adjacent texts joined and empty texts left out."""
    result: list[Part] = []
    for part in parts:
        if isinstance(part, str) and result and isinstance(result[-1], str):
            result[-1] += part
        elif part != "":
            result.append(part)
    return tuple(result)


def names_in(pattern: Pattern) -> list[str]:
    """Return the names that it binds or requires."""
    return [part.name for part in pattern if isinstance(part, Name)]


def fill_pattern(pattern: Pattern, values: Mapping[str, str]) -> str:
    """Return the text that a pattern prints.

    Names become their values, or stay as written; gaps become nothing.
    """
    pieces = []
    for part in pattern:
        if isinstance(part, Name):
            pieces.append(values.get(part.name, part.text))
        elif isinstance(part, str):
            pieces.append(part)
    return "".join(pieces)


def insert_names(text: str, values: Mapping[str, str]) -> Pattern:
    """Return the text with names in place of their values.

    A short value is replaced only if it is the whole text.
    """
    for name, value in values.items():
        if value and text == value:
            return (Name(name, f"<{name}>"),)
    parts: list[Part] = [text]
    for name, value in sorted(values.items(), key=lambda pair: -len(pair[1])):
        if len(value) >= _SHORTEST_VALUE:
            parts = [piece for part in parts for piece in insert_name(part, name, value)]
    return join_parts(parts)


def insert_name(part: Part, name: str, value: str) -> list[Part]:
    """Return the part, split at each occurrence of the value, with the name in between."""
    if not isinstance(part, str) or value not in part:
        return [part]
    pieces: list[Part] = []
    for text in part.split(value):
        pieces += [text, Name(name, f"<{name}>")]
    return pieces[:-1]


class Expression:
    """A regular expression that is built from patterns; a bound name matches exactly its value."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._pieces: list[str] = []
        self._groups: dict[str, str] = {}

    def add_regex(self, piece: str) -> None:
        """Add a piece of a regular expression unchanged."""
        self._pieces.append(piece)

    def add_pattern(self, pattern: Pattern, border: str) -> None:
        """Add a pattern whose names and gaps match any characters but `border`."""
        opened = -1  # where the piece of the last gap is, if only fixed text is after it
        for part in pattern:
            if isinstance(part, Gap):
                if opened >= 0:
                    # the text up to the next gap matches first where it can: that gap takes the rest, and no
                    # other place has to be tried, which would take time with the power of the gaps
                    self._pieces[opened] = f"(?>{self._pieces[opened]}"
                    self._pieces.append(")")
                opened = len(self._pieces)
                self._pieces.append(f"[^{border}]*?")
            elif isinstance(part, str):
                self._pieces.append(re.escape(part))
            elif part.name in self._values:
                self._pieces.append(re.escape(self._values[part.name]))
            elif part.name in self._groups:
                opened = -1
                self._pieces.append(f"(?P={self._groups[part.name]})")
            else:
                opened = -1
                self._groups[part.name] = group = _NAMED.format(len(self._groups))
                self._pieces.append(f"(?P<{group}>[^{border}]+?)")

    @property
    def text(self) -> str:
        """Return the expression so far."""
        return "".join(self._pieces)

    def match(self, text: str) -> dict[str, str] | None:
        """Return the values that the names are bound to if the whole text matches, else None."""
        found = re.fullmatch(self.text, text, re.DOTALL)
        if found is None:
            return None
        return {name: found[group] for name, group in self._groups.items()}


def matches_word(pattern: Pattern, word: str, values: Mapping[str, str]) -> bool:
    """Return whether a pattern matches one word of a call; `...` matches none."""
    return pattern != (Gap.WHOLE,) and _matches_whole(pattern, word, values, r"\x00")


def matches_line(pattern: Pattern, line: str, values: Mapping[str, str]) -> bool:
    """Return whether a pattern matches a whole line of output."""
    return _matches_whole(pattern, line, values, r"\n")


def _matches_whole(pattern: Pattern, text: str, values: Mapping[str, str], border: str) -> bool:
    expression = Expression(values)
    expression.add_pattern(pattern, border)
    return expression.match(text) is not None
