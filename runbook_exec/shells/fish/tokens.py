"""Defines the values that the lexer of fish returns: tokens, and ranges in one context."""

from __future__ import annotations

from typing import Literal

from ...light_classes import NamedTuple
from ...text.lazy_pattern import LazyPattern
from ..quoting import Context

# The kinds of tokens. `broken` is no token: its `problem` has the reason. `stop` comes after the last one.
Kind = Literal[
    "word", "pipe", "redirect", "both", "either", "background", "semicolon", "newline", "broken", "stop"
]


NO_PROBLEM = (0, "")


class Token(NamedTuple):
    """One token, `text` at offset `start`; `both` is `&&` and `either` is `||`.

    `keyword` is the keyword that a word is where a command is expected, or "". `substitutions` are the
    insides of a word's outermost `(…)`; `problem` is the offset and the reason if it is broken. `arguments`
    counts the characters of the words after a command's name that the grammar skips.
    """

    kind: Kind
    start: int
    text: str = ""
    keyword: str = ""
    substitutions: tuple[tuple[int, int], ...] = ()
    problem: tuple[int, str] = NO_PROBLEM
    arguments: int = 0

    @property
    def end(self) -> int:
        """Return the offset after its last character, or after its arguments."""
        return self.start + len(self.text) + self.arguments


Region = tuple[int, int, Context]


KEYWORDS = frozenset(
    {"begin", "end", "if", "else", "while", "for", "in", "switch", "case", "function"}
    | {"and", "or", "not", "!", "time", "builtin", "command", "exec"}
)


_KEYWORD_LIKE = LazyPattern(r"""(?:[a-z!'"]|\\[^abcefnrtuvxUX0-9]){1,32}""")

_KEYWORD_QUOTING = LazyPattern(r"""\\\n|'([^'\\]*)'|"([^"\\]*)"|\\(.)""")


def find_keyword(word: str) -> str:
    """Return the keyword that a word is in the place of a command, or "".

    Quotes make no difference here, because fish ignores them.
    """
    if not _KEYWORD_LIKE.fullmatch(word):
        return ""
    bare = _KEYWORD_QUOTING.sub(r"\1\2\3", word)
    return bare if bare in KEYWORDS else ""
