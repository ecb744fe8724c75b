"""What was expected and what came, one below the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher, ndiff

from .call_syntax import CallWord, quote_word
from .pattern import Expression, Gap, Name, Part, Pattern, join_parts

_SHORTEST_VALUE = 6  # characters that a value must have to be named where it is a part of a word

_MAX_LINES = 12  # lines of a difference that are shown


def insert_names(text: str, values: Mapping[str, str]) -> Pattern:
    """The text with the values of names as these names; a short value only where it is all of it."""
    for name, value in values.items():
        if value and text == value:
            return (Name(name, f"<{name}>"),)
    parts: list[Part] = [text]
    for name, value in sorted(values.items(), key=lambda pair: -len(pair[1])):
        if len(value) >= _SHORTEST_VALUE:
            parts = [piece for part in parts for piece in _insert_name(part, name, value)]
    return join_parts(parts)


def _insert_name(part: Part, name: str, value: str) -> list[Part]:
    if not isinstance(part, str) or value not in part:
        return [part]
    pieces: list[Part] = []
    for text in part.split(value):
        pieces += [text, Name(name, f"<{name}>")]
    return pieces[:-1]


def format_pattern(pattern: Pattern) -> str:
    """A pattern of output as a transcript writes it."""
    return "".join(
        part if isinstance(part, str) else part.text if isinstance(part, Name) else part.value
        for part in pattern
    )


def format_call_diff(expected: Sequence[CallWord], words: Sequence[str], values: Mapping[str, str]) -> str:
    """A call and the nearest that is expected, with carets below the words that differ."""
    theirs = [quote_word(word.pattern) for word in expected]
    ours = [quote_word(insert_names(word, values)) for word in words]
    keys = [
        ours[index] if index < len(ours) and _matches_word(word, words[index], values) else theirs[index]
        for index, word in enumerate(expected)
    ]
    below: list[str] = []
    marked: list[str] = []
    for kind, _, _, start, end in SequenceMatcher(None, keys, ours, autojunk=False).get_opcodes():
        for word in ours[start:end]:
            one_line = word.replace("\n", "␊")
            below.append(one_line)
            marked.append(("^" if kind != "equal" else " ") * len(one_line))
        if kind == "delete":
            marked.append("^")
            below.append(" ")
    left = " ".join(theirs).replace("\n", "␊")
    lines = [f"expected: {left}", f"     got: {' '.join(below)}".rstrip()]
    carets = " ".join(marked).rstrip()
    return "\n".join([*lines, f"          {carets}"] if carets else lines)


def _matches_word(word: CallWord, text: str, values: Mapping[str, str]) -> bool:
    if word.pattern == (Gap.WHOLE,):
        return False
    expression = Expression(values)
    expression.add_pattern(word.pattern, r"\x00")
    return expression.match(text) is not None


def format_line_diff(expected: str, got: str) -> str:
    """Two texts: those lines of each that the other does not have, and what stands around them."""
    differing = [
        line.rstrip("\n") for line in ndiff(expected.split("\n"), got.split("\n")) if not line.startswith("?")
    ]
    shown = differing[:_MAX_LINES]
    more = len(differing) - len(shown)
    return "\n".join(["- expected, + got:", *shown, *([f"  … {more} lines more"] if more else [])])
