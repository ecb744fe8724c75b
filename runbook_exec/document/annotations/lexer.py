"""Splits an annotation into words: `name`, `name=value`, `name="a value"`, or JSON members."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ...diagnostics.problem import Problem, Severity
from ...light_classes import NamedTuple
from ...text.lazy_pattern import LazyPattern
from ...text.source import parse_source
from ...text.span import Span

_BLANK = LazyPattern(r"\s*+")

_NAME = LazyPattern(r"[^\s=\"'}]++")

_RUN = LazyPattern(r"\S++")

_RUN_IN_BRACES = LazyPattern(r"[^\s}]++")

_QUOTED = LazyPattern(r"\"(?>(?:[^\"\\]|\\.)*)\"|'[^']*+'", re.DOTALL)

_ESCAPE = LazyPattern(r"\\([\\\"])")


class AnnotationWord(NamedTuple):
    """`name` or `name=value`, with offsets into the text it was read from.

    `exact` is true if the value contains no escapes. `value` is None if only the name is written, and of any
    type in a JSON object.
    """

    name: str
    start: int
    end: int
    value: Any = None
    value_start: int = 0
    value_end: int = 0
    exact: bool = True


class UnreadableWord(ValueError):
    """Text that is not a word; `start` and `end` are its offsets in the text that was read."""

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.start = start
        self.end = end


class TextOrigin(NamedTuple):
    """The place in a file of the text that is read: its offset 0 is `text[base]`."""

    text: str
    base: int = 0

    def span(self, start: int, end: int) -> Span:
        """Return the span in the file."""
        return parse_source(self.text).span(self.base + start, self.base + end)

    def problem(
        self,
        message: str,
        start: int,
        end: int,
        *,
        hint: str = "",
        code: str = "annotation",
        warn: bool = False,
    ) -> Problem:
        """Return a problem with the text between these offsets."""
        severity = Severity.WARNING if warn else Severity.ERROR
        return Problem(code, message, self.span(start, end), hint, severity)


def skip_blank(content: str, at: int, end: int) -> int:
    """Return the offset of the next character that is not blank, or `end`."""
    blank = _BLANK.match(content, at, end)
    return blank.end() if blank else at


def read_words(
    content: str, at: int, end: int, *, in_braces: bool
) -> Iterator[AnnotationWord | UnreadableWord]:
    """Yield the words from `at` to `end`, or to the `}` that closes their braces.

    Text that cannot be read is yielded as well, and skipped.
    """
    while (at := skip_blank(content, at, end)) < end and not (in_braces and content[at] == "}"):
        try:
            word = read_word(content, at, end, in_braces=in_braces)
        except UnreadableWord as unreadable:
            yield unreadable
            at = unreadable.end
        else:
            yield word
            at = word.end


def read_word(content: str, at: int, end: int, *, in_braces: bool) -> AnnotationWord:
    """Return the word at `at`. Raises UnreadableWord if there is none."""
    run = _RUN_IN_BRACES if in_braces else _RUN
    name = _NAME.match(content, at, end)
    if name is None:
        stop = max(_end(run, content, at, end), at + 1)
        raise UnreadableWord(f"expected a name, got `{content[at:stop]}`", at, stop)
    if not content.startswith("=", name.end(), end):
        return AnnotationWord(name[0], at, name.end())
    value = name.end() + 1
    if not content.startswith(('"', "'"), value, end):
        stop = _end(run, content, value, end)
        return AnnotationWord(name[0], at, stop, content[value:stop], value, stop)
    quoted = _QUOTED.match(content, value, end)
    if quoted is None:
        raise UnreadableWord(f"the quote that opens the value of `{name[0]}` is not closed", value, end)
    stop = quoted.end()
    if stop < end and not content[stop].isspace() and not (in_braces and content[stop] == "}"):
        after = _end(run, content, stop, end)
        raise UnreadableWord(
            f"expected a blank after the closing quote, got `{content[stop:after]}`", stop, after
        )
    inner = quoted[0][1:-1]
    read = _ESCAPE.sub(r"\1", inner) if quoted[0][0] == '"' else inner
    return AnnotationWord(name[0], at, stop, read, value + 1, stop - 1, exact=read == inner)


def read_json_words(content: str, at: int) -> tuple[list[AnnotationWord], int]:
    """Return the members of the JSON object at `at`, and its end.

    Raises UnreadableWord for others.
    """
    decoder = json.JSONDecoder()
    words: list[AnnotationWord] = []
    end = len(content)

    def expect(character: str, at: int) -> int:
        if not content.startswith(character, at):
            got = f"`{content[at]}`" if at < end else "its end"
            raise UnreadableWord(
                f"expected `{character}` in the JSON object, got {got}", min(at, end - 1), end
            )
        return skip_blank(content, at + 1, end)

    at = expect("{", at)
    while not content.startswith("}", at):
        at = expect(",", at) if words else at
        try:
            name, name_end = decoder.raw_decode(content, at)
            value_start = expect(":", skip_blank(content, name_end, end))
            value, value_end = decoder.raw_decode(content, value_start)
        except json.JSONDecodeError as error:
            raise UnreadableWord(f"not valid JSON: {error.msg.lower()}", error.pos, end) from None
        except (RecursionError, ValueError) as error:
            if isinstance(error, UnreadableWord):
                raise
            raise UnreadableWord("expected a JSON object of plain values", at, end) from None
        if not isinstance(name, str):
            raise UnreadableWord("expected a name in double quotes", at, name_end)
        words.append(AnnotationWord(name, at + 1, name_end - 1, value, value_start, value_end, exact=False))
        at = skip_blank(content, value_end, end)
    return words, at + 1


def _end(run: LazyPattern[str], content: str, at: int, end: int) -> int:
    match = run.match(content, at, end)
    return match.end() if match else at
