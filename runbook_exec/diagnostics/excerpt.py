"""Formats a problem for people: its location, the line, and carets under the span."""

from __future__ import annotations

import unicodedata

from ..text.ansi import escape_unprintable
from ..text.lazy_pattern import LazyPattern
from ..text.span import Span
from .problem import Problem

_LINE_END = LazyPattern(r"[\r\n]")

_BEFORE, _AFTER = 100, 160  # characters shown before and after the beginning of a span


def format_location(path: str, span: Span | None) -> str:
    """Return `file:line:column`, which editors and terminals turn into a link."""
    return f"{path}:{span.line}:{span.column}" if span else path


def format_excerpt(text: str, span: Span, note: str = "") -> str:
    """Return the line of a span with carets and a note below it; a very long line is shortened."""
    start = span.start - (span.column - 1)
    cut = max(start, span.start - _BEFORE)
    limit = min(len(text), span.start + _AFTER)
    found = _LINE_END.search(text, span.start, limit)
    end = found.start() if found else limit
    before = "…" if cut > start else ""
    after = "…" if found is None and limit < len(text) and text[limit] not in "\r\n" else ""
    left = before + _make_printable(text[cut : span.start])
    meant = _make_printable(text[span.start : max(span.start, min(span.end, end))])
    right = _make_printable(text[max(span.start, min(span.end, end)) : end]) + after
    number = str(span.line)
    gutter = " " * len(number)
    carets = " " * _count_columns(left) + "^" * max(1, _count_columns(meant))
    return f"  {number} │ {left}{meant}{right}\n  {gutter} │ {carets}{' ' + note if note else ''}"


def format_problem(problem: Problem, path: str, text: str) -> str:
    """Return a problem in full: location, message, line, and what to do next."""
    lines = [
        f"{format_location(problem.path or path, problem.span)}: "
        f"{problem.severity}: {escape_unprintable(problem.message)} [{problem.code}]"
    ]
    if problem.span and problem.path in ("", path):
        lines.append(format_excerpt(text, problem.span))
    if hint := escape_unprintable(problem.hint):
        lines.append(f"  {hint}" if "\n" not in hint else hint)
    return "\n".join(lines)


def _make_printable(text: str) -> str:
    return escape_unprintable(text.removeprefix("\ufeff").replace("\t", " "))


def _count_columns(text: str) -> int:
    """Return the number of terminal columns that the text takes."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)
