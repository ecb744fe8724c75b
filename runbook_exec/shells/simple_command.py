"""Defines a simple command of a script: its words, and where its standard input comes from."""

from __future__ import annotations

import re

from ..light_classes import NamedTuple
from ..text.lazy_pattern import LazyPattern

_QUOTED = LazyPattern(r"'([^']*)'|\"((?:[^\"\\]|\\.)*)\"|\\(.)", re.DOTALL)

_SPECIAL = LazyPattern(r"[\\'\"]")


class SimpleCommand(NamedTuple):
    """A command with its words, without redirections and the quotes of words.

    `start` is its offset in the script. `is_fed` is true if its standard input is a pipe or a file.
    """

    words: tuple[str, ...]
    start: int
    is_fed: bool = False


def remove_quotes(word: str) -> str:
    """Return a word without its quotes; expansions stay as written."""
    if not _SPECIAL.search(word):
        return word
    return _QUOTED.sub(lambda match: match[1] or match[2] or match[3] or "", word)
