"""Defines a simple command of a script, and the words of a script that is not parsed."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from ..light_classes import NamedTuple
from ..text.lazy_pattern import LazyPattern

_QUOTED = LazyPattern(r"'([^']*)'|\"((?:[^\"\\]|\\.)*)\"|\\(.)", re.DOTALL)

_SPECIAL = LazyPattern(r"[\\'\"]")

_RAW_WORD = LazyPattern(r"[\w.-]+")

_QUOTE_IN_WORD = LazyPattern(r"['\"\\](?<=[\w.$-].)(?:['\"\\]|(?<=\\)\n)*[\w.-]")

# a word with one dash, up to a quote
_SHORT_OPTIONS = LazyPattern(r"(?<![\w-])-(?!-)[^\s'\"\\]*['\"\\]?")


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


_PLAIN_WORD = r"(?:[A-Za-z0-9_./:@%+,=-]|'[^'\\\n]*'|\"[^\"\\\n$`!]*\")+"

_PLAIN_COMMAND = LazyPattern(rf"[A-Za-z0-9_./][A-Za-z0-9_./+-]*(?: +{_PLAIN_WORD})*")

_PLAIN_WORDS = LazyPattern(_PLAIN_WORD)

# words that are not the name of a command in some shell
_RESERVED = frozenset(
    (
        "always", "and", "begin", "builtin", "case", "command", "coproc", "do", "done", "elif", "else", "end",
        "esac", "exec", "fi", "for", "foreach", "function", "if", "in", "nocorrect", "noglob", "not", "or",
        "repeat", "select", "switch", "then", "time", "until", "while",
    )
)  # fmt: skip


def find_plain_words(script: str) -> list[tuple[int, int]]:
    """Return the places of the words of a script that every shell reads as one plain command.

    Returns none for any other script. Most commands are plain, and take a tenth of the time of parsing.
    """
    if not _PLAIN_COMMAND.fullmatch(script) or script.partition(" ")[0] in _RESERVED:
        return []
    return [found.span() for found in _PLAIN_WORDS.finditer(script)]


def read_plain_command(script: str) -> SimpleCommand | None:
    """Return the command of a script that `find_plain_words` reads; None for any other script."""
    words = tuple(remove_quotes(script[start:end]) for start, end in find_plain_words(script))
    return SimpleCommand(words, 0) if words else None


def split_raw_words(*texts: str) -> frozenset[str]:
    """Return the words of texts, as `RawWords` has those of a script."""
    return frozenset(word for text in texts for word in _RAW_WORD.findall(text))


class RawWords:
    """The words of a script that is not parsed: every name and option of its commands is among them.

    Most scripts do not name what a search is for, and reading their words takes far less time than parsing.
    """

    __slots__ = ("_script", "_words")

    def __init__(self, script: str) -> None:
        self._script = script
        self._words = split_raw_words(script)

    def list_among(self, names: frozenset[str]) -> frozenset[str]:
        """Return those of the names that are words of the script."""
        return self._words & names

    def are_split(self) -> bool:
        """Return whether quotes or escapes are within a word, which may be a name without them."""
        return _QUOTE_IN_WORD.search(self._script) is not None

    def have_all(self, words: frozenset[str]) -> bool:
        """Return whether each of the words, as `split_raw_words` returns them, is a word of the script."""
        return words <= self._words

    def have_option(self, options: Collection[str]) -> bool:
        """Return whether a command may have one of the options, which are as in an `OptionTable`."""
        if not self._words.isdisjoint(options):
            return True
        short = [option for option in options if not option.startswith("-")]
        return any(
            letters[-1] in "'\"\\" or any(option in letters for option in short)
            for letters in (_SHORT_OPTIONS.findall(self._script) if short else ())
        )


read_raw_words = lru_cache(maxsize=128)(RawWords)  # two searches look at the statements of a page
