"""Colours a statement: strings, variables, comments, and the values that were filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ...document.model import Statement
from ...light_classes import NamedTuple
from ...text.ansi import escape_unprintable_code
from ...text.display import fold
from ...text.lazy_pattern import LazyPattern

# what fish and the POSIX shells have in common; a word in quotes may go over several lines
_TOKEN = LazyPattern(
    r"(?P<comment>(?<![^\s;&|(])#[^\n]*)"
    r"|(?P<string>'(?>(?:[^'\\]|\\.)*)'|\"(?>(?:[^\"\\]|\\.)*)\")"
    r"|(?P<variable>\$(?:\w+|\{[^}\n]*\}))"
    r"|(?P<placeholder><[A-Za-z][\w .:/-]*>)"
    r"|\\.",
    re.DOTALL,
)

STYLES = {
    "": ("bold",),
    "comment": ("dim",),
    "string": ("bold", "green"),
    "variable": ("bold", "magenta"),
    "placeholder": ("bold", "yellow"),
    "value": ("bold", "cyan", "underline"),
}


class CodePiece(NamedTuple):
    """A stretch of code of one kind, a key of `STYLES`."""

    text: str
    kind: str = ""


def colour_code(text: str, values: Sequence[tuple[int, int]], width: int) -> list[list[CodePiece]]:
    """Return the lines of a statement as pieces; lines longer than `width` columns continue below.

    `values` are the offsets of the values that were filled in.
    """
    kinds = _Kinds(text, values)
    lines = []
    at = 0
    for line in fold(text, width):
        bare = line.removeprefix("↳ ") if line.startswith("↳ ") else line.lstrip(" ").removeprefix("↳ ")
        lead = line[: len(line) - len(bare)]
        pieces = [CodePiece(lead)] if lead else []
        found, at = kinds.cut(bare, at)
        lines.append([*pieces, *found])
    return lines


class _Kinds:
    """The kinds of the characters of a text, as it is written on a screen."""

    def __init__(self, text: str, values: Sequence[tuple[int, int]]) -> None:
        runs = [
            (escape_unprintable_code(text[start:end].expandtabs(4)), kind)
            for start, end, kind in _find_runs(text, values)
        ]
        self._text = "".join(run for run, _ in runs)
        self._ends: list[tuple[int, str]] = []
        end = 0
        for run, kind in runs:
            end += len(run)
            self._ends.append((end, kind))

    def cut(self, part: str, at: int) -> tuple[list[CodePiece], int]:
        """Return a part of the text, which begins at or after `at`, as pieces, and its end."""
        start = self._text.find(part, at)
        if start < 0 or not part:
            return [CodePiece(part)] if part else [], at
        stop, pieces = start + len(part), []
        for end, kind in self._ends:
            if end > start:
                pieces.append(CodePiece(self._text[start : min(end, stop)], kind))
                start = end
            if end >= stop:
                break
        return pieces, stop


def _find_runs(text: str, values: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, str]]:
    """Yield stretches that cover a text, each with its kind; a value is a stretch of its own."""
    at = 0
    for start, end in [*values, (len(text), len(text))]:
        for found in _TOKEN.finditer(text, at, start):
            yield at, found.start(), ""
            yield found.start(), found.end(), found.lastgroup or ""
            at = found.end()
        yield at, start, ""
        if end > start:
            yield start, end, "value"
        at = end


def find_values(statement: Statement | None, text: str) -> list[tuple[int, int]]:
    """Return the offsets of the filled-in values in a statement's text; none if it was rewritten."""
    if statement is None or not statement.placeholders:
        return []
    found: list[tuple[int, int]] = []
    fixed, at, start = statement.text, 0, 0
    for index, placeholder in enumerate(statement.placeholders):
        before = fixed[start : placeholder.start]
        after = statement.placeholders[index + 1 :]
        following = fixed[placeholder.end : after[0].start if after else len(fixed)]
        if not text.startswith(before, at):
            return []
        at += len(before)
        end = text.find(following, at) if after else len(text) - len(following)
        if end < at or not text.startswith(following, end):
            return []
        if text[at:end] != placeholder.text:
            found.append((at, end))
        at, start = end, placeholder.end
    return found
