"""Formats `--help` for the width of the screen, with colours where the terminal has them."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator
from itertools import groupby

from ..system.screen_size import read_screen_size
from ..text.lazy_pattern import LazyPattern
from .output import print_unchanged

# As in `typing`, which `--version` would load for nothing else.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BOLD, _CYAN, _PLAIN = "\x1b[1m", "\x1b[36m", "\x1b[0m"
_PAINTED = (
    (LazyPattern(r"^(usage:|[A-Za-z][^\n]*:)(?=$| runbook-exec)", re.MULTILINE), _BOLD),
    (LazyPattern(r"(?<=^  )(?:-\w+, --[\w-]+|--?[\w-]+|runbook-exec [^\n]*?(?=  |$))", re.MULTILINE), _CYAN),
)
_ROW = LazyPattern(r" +\S.*?  +(?=\S)")  # of a table: what is on its left, and the blanks after it


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Fits prose and tables to the screen; argparse imports `shutil` to find its width."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=read_screen_size().columns - 2)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n\n".join("\n".join(_wrap(each, width)) for each in text.strip("\n").split("\n\n"))

    def _split_lines(self, text: str, width: int) -> list[str]:
        return [text] if len(text) <= width and "\n" not in text else super()._split_lines(text, width)

    def _format_usage(self, *parts: Any) -> str:
        lines = super()._format_usage(*parts).rstrip("\n").split("\n")
        return "\n".join(row for line in lines for row in _wrap_row(line, self._width, " " * 11)) + "\n\n"


def _wrap(paragraph: str, width: int) -> Iterator[str]:
    """Yield the lines of a paragraph: prose filled, and each indented row with its right side in a column."""
    for indented, lines in groupby(paragraph.split("\n"), key=lambda line: line.startswith("  ")):
        if not indented:
            yield from _wrap_prose(" ".join(lines), width)
            continue
        for line in lines:
            left = _ROW.match(line)
            hang = " " * (left.end() if left else 4)
            yield from _wrap_row(line, width, hang)


def _wrap_prose(line: str, width: int) -> list[str]:
    if len(line) <= width:
        return [line]
    import textwrap  # the version and most rows do without it

    return textwrap.wrap(line, width, break_on_hyphens=False)


def _wrap_row(line: str, width: int, hang: str) -> list[str]:
    if len(line) <= width:
        return [line]
    import textwrap  # the version and most rows do without it

    return textwrap.wrap(line, width, subsequent_indent=hang, break_on_hyphens=False, break_long_words=False)


def paint_help(text: str) -> str:
    """Return help with headings in bold, and options and commands in colour."""
    for pattern, style in _PAINTED:
        text = pattern.sub(rf"{style}\g<0>{_PLAIN}", text)
    return text


def print_help(text: str) -> None:
    """Print help, with colours if standard output is a terminal that may get them."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb"
    if plain or not sys.stdout.isatty():
        print(text, end="")
    else:
        print_unchanged(paint_help(text))
