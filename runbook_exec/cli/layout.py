"""Lays out lines for a terminal: broken between words at its width, and coloured."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence

from ..text.ansi import escape_unprintable
from ..text.display import clip, count_columns, wrap
from ..text.lazy_pattern import LazyPattern
from .output import print_lines, terminal_columns, write_bytes

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}

_WITHOUT_COLOUR = {"bold", "dim"}

Rules = Sequence["LazyPattern[str]"]

# The groups of a rule are named after styles, with a number where a style is used twice.

_PLACEHOLDER = LazyPattern(r"(?P<yellow><[A-Za-z][\w .:/-]*>)")

OUTLINE: Rules = (
    LazyPattern(r"(?P<cyan>#\S+)  (?P<bold>.*?)(?P<dim>  \([^()]*\))?$"),
    LazyPattern(r"(?P<cyan> {1,3}\w{1,3})  (?P<bold>\S.*?)(?P<dim>(?:  by hand)?  · line \d+)?$"),
    LazyPattern(r" {6,}(?P<dim>\d+  [^<]*, not run: .*)$"),
    LazyPattern(r" {12}(?P<yellow>warning: .*)$"),
    LazyPattern(r"(?P<dim> {6,}\d+  )(?P<code>.*)$"),
    LazyPattern(r"(?P<bold>\S.*?)(?P<dim>  \([^()]*\))$"),
)

DRY_RUN: Rules = (
    LazyPattern(r"(?P<cyan>\w{1,4})  (?P<bold>.*?)(?P<dim>  \(line \d+\).*)$"),
    LazyPattern(r" {5}(?P<yellow>warning: .*)$"),
    LazyPattern(
        r" {5}(?P<dim>(?:<[^<>]*>|captures|expects|must not print|may fail|retried|ends after)\b.*)$"
    ),
    LazyPattern(r" {3}(?P<dim>by hand: .*|line \d+: .*)$"),
    LazyPattern(r" {3}(?P<code>.*)$"),
    LazyPattern(r"(?P<bold>\S.*?)(?P<dim> \([^()]*\), in \w+)$"),
)

FINDINGS: Rules = (
    LazyPattern(r"(?P<bold>\S[^\n]*?:\d+:\d+): (?P<red>[A-Z]{1,2}\d{3}) (?P<plain>.*)$"),
    LazyPattern(r"(?P<dim> *\d+ │)(?P<plain>.*)$"),
    LazyPattern(r"(?P<dim> *│)(?P<red> *\^+.*)$"),
    LazyPattern(r"(?P<cyan>  .*)$"),
    LazyPattern(r"(?P<green>nothing found in .*)$"),
    LazyPattern(r"(?P<bold>found \d+ .*)$"),
)

RUNS: Rules = (
    LazyPattern(r"(?P<bold>run +began +.*)$"),
    LazyPattern(r"(?P<cyan>\S+)(?P<plain>  .*?  )(?P<green>succeeded)(?P<plain2>  .*)$"),
    LazyPattern(r"(?P<cyan>\S+)(?P<plain>  .*?  )(?P<red>failed|damaged)(?P<plain2>  .*)$"),
    LazyPattern(
        r"(?P<cyan>\S+)(?P<plain>  .*?  )(?P<yellow>partial|stopped|waiting|unfinished)(?P<plain2>.*)$"
    ),
)

DUE: Rules = (LazyPattern(r"(?P<bold>\S+\.md)(?P<yellow>  every .*)$"),)


def print_laid_out(text: str, rules: Rules) -> None:
    """Print lines; on a terminal they are broken between words, and coloured as the rules say."""
    if not sys.stdout.isatty():
        print_lines(text)
        return
    colour = not os.environ.get("NO_COLOR")
    lines = lay_out(escape_unprintable(text).rstrip("\n").split("\n"), terminal_columns())
    painted = "".join(f"{_paint_line(line, whole, rules, colour)}\n" for line, whole in lines)
    write_bytes(painted.encode("utf-8", "replace"))


def lay_out(lines: Iterable[str], width: int) -> Iterator[tuple[str, str]]:
    """Yield lines of at most `width` columns, each with the whole line that it is a part of.

    A line of a page with carets below it is cut around them.
    """
    listed = list(lines)
    for index, line in enumerate(listed):
        if count_columns(line) <= width:
            yield line, line
        elif _is_excerpt(line):
            carets = line if "^" in line.partition("│")[2] else "".join(listed[index + 1 : index + 2])
            cut = _cut_excerpt(line, carets, width)
            yield cut, cut
        else:
            parts = list(_break_line(line, width))
            yield parts[0], parts[0]
            yield from ((part, line) for part in parts[1:])


def _break_line(line: str, width: int) -> Iterator[str]:
    """Yield the parts of a line; those after the first are indented as what is below the line's number."""
    found = re.match(r" *(?:\d+  )?", line)
    indent = len(found[0]) if found else 0
    first, *more = wrap(line[indent:], max(20, width - indent - 2))
    yield line[:indent] + first
    for part in more:
        yield " " * (indent + 2) + part


def _is_excerpt(line: str) -> bool:
    return re.match(r" *\d* │", line) is not None


def _cut_excerpt(line: str, carets: str, width: int) -> str:
    """Return a line of an excerpt, cut on both sides so that the carets below it stay in view."""
    gutter, _, code = line.partition("│")
    marks = carets.partition("│")[2]
    at = len(marks) - len(marks.lstrip(" ")) if "^" in marks else 0
    room = width - len(gutter) - 1
    start = max(0, at - room // 3) if at > room // 2 else 0
    part = code[start:]
    return f"{gutter}│{clip(part if not start else f' …{part[2:]}' if line != carets else part, room)}"


def _paint_line(line: str, whole: str, rules: Rules, colour: bool) -> str:
    """Return a line in the styles of the first rule that matches it, or that matches the `whole` of it."""
    found = next((match for rule in rules if (match := rule.match(whole))), None)
    if found is None:
        return _paint_code(line, colour)
    if line != whole:
        return _paint(line, _find_style(list(found.re.groupindex)[-1]), colour)
    pieces, at = [], 0
    for name in found.re.groupindex:
        start, end = found.span(name)
        if start < 0:
            continue
        pieces += [line[at:start], _paint(line[start:end], _find_style(name), colour)]
        at = end
    return "".join([*pieces, line[at:]])


def _find_style(group: str) -> str:
    return group.rstrip("0123456789")


def _paint(text: str, style: str, colour: bool) -> str:
    if style == "code":
        return _paint_code(text, colour)
    if style not in _STYLES or not (colour or style in _WITHOUT_COLOUR) or not text:
        return text
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"


def _paint_code(text: str, colour: bool) -> str:
    return _PLACEHOLDER.sub(lambda found: _paint(found[0], "yellow", colour), text)
