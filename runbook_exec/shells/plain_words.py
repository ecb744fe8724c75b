"""Decides where a value needs no quotes: as a part of a plain word that no shell reads in another way."""

from __future__ import annotations

from collections.abc import Iterable

from ..text.lazy_pattern import LazyPattern
from .base import Filling

# a value of these characters is the same with quotes and without, wherever a word of them is
_PLAIN = LazyPattern(r"[A-Za-z0-9_./:@+][A-Za-z0-9_./:@+-]*")

# what may be beside it in its word; `*` and `?` match nothing in the value
_BEFORE = LazyPattern(r"[A-Za-z0-9_./:@+=*?-]*\Z")

_AFTER = LazyPattern(r"[A-Za-z0-9_./:@+=*?-]*")

_LAST_WORD = LazyPattern(r"[^\s;&|(){}`<>]*\Z")

_ASSIGNMENT = LazyPattern(r"[A-Za-z_]\w*(?:\[[^\]]*\])?\+?=")

# words after which POSIX shells look for an alias or a keyword, and for a name
_BEFORE_COMMANDS = frozenset(
    (
        "case", "command", "coproc", "do", "doas", "elif", "else", "env", "exec", "for", "function", "if",
        "nice", "nohup", "select", "sudo", "then", "time", "until", "watch", "while", "xargs",
    )
)  # fmt: skip


def is_plain(value: str) -> bool:
    """Return whether a value is the same with quotes and without, in a plain word."""
    return _PLAIN.fullmatch(value) is not None


def blank_fillings(text: str, fillings: Iterable[Filling]) -> str:
    """Return the text with a word of the same length in place of every placeholder."""
    characters = list(text)
    for filling in fillings:
        characters[filling.start : filling.end] = "Q" * (filling.end - filling.start)
    return "".join(characters)


def find_plain_word(blanked: str, begin: int, stop: int) -> tuple[int, int] | None:
    """Return the plain word around `blanked[begin:stop]` if blanks or the ends of the text are beside it."""
    start = _find_start(blanked, begin)
    after = _AFTER.match(blanked, stop)
    end = after.end() if after else stop
    is_word = (start == 0 or blanked[start - 1] in " \t\n>") and (
        end == len(blanked) or blanked[end] in " \t\n;|"
    )
    # a backslash before a blank makes that a part of the word
    is_word = is_word and not (start > 1 and blanked[start - 1] in " \t" and blanked[start - 2] == "\\")
    return (start, end) if is_word and blanked[start] != "=" else None


def is_argument(blanked: str, start: int) -> bool:
    """Return whether a POSIX shell surely takes the word that begins at `start` for an argument.

    It looks for keywords and aliases where a command begins.
    """
    before = blanked[:start].rstrip(" \t")
    while before.endswith("\\\n"):
        before = before[:-2].rstrip(" \t")
    if before.endswith(">"):
        return True  # a file
    if not before or before[-1] in ";&|(){}!`\n<" or "((" in before:
        return False
    last = _LAST_WORD.search(before)
    word = last[0] if last else ""
    redirects = before[: len(before) - len(word)].rstrip(" \t").endswith(("<", ">", "&"))
    return not (redirects or word in _BEFORE_COMMANDS or _ASSIGNMENT.match(word))


def _find_start(blanked: str, at: int) -> int:
    found = _BEFORE.search(blanked[max(0, at - 400) : at])
    return at - len(found[0]) if found else at
