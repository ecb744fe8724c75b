"""The tokens of fish source: words with the quotes and command substitutions in them, pipes, separators.

The rules are those of fish's own tokenizer (3.4 to 3.7). A word is everything up to an unquoted separator;
inside `(…)`, `{…}` and `[…]` nothing separates, so a command substitution is part of the word it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from ..model import Context


class Kind(Enum):
    """What a token is to the grammar."""

    WORD = auto()
    PIPE = auto()
    REDIRECT = auto()
    BOTH = auto()  # &&
    EITHER = auto()  # ||
    BACKGROUND = auto()
    SEMICOLON = auto()
    NEWLINE = auto()
    BROKEN = auto()  # not a token: `problem` says why
    STOP = auto()  # after the last one


@dataclass(frozen=True, slots=True)
class Token:
    """One token, `text` at offset `start`.

    `substitutions` are the insides of a word's outermost `(…)`; `problem` says where and why one is broken.
    """

    kind: Kind
    start: int
    text: str = ""
    substitutions: tuple[tuple[int, int], ...] = ()
    problem: tuple[int, str] = (0, "")

    @property
    def end(self) -> int:
        """The offset after its last character."""
        return self.start + len(self.text)

    @property
    def keyword(self) -> str:
        """The keyword this word is in command position, or ""; fish looks through quotes here."""
        if self.kind is not Kind.WORD or not _KEYWORD_LIKE.fullmatch(self.text):
            return ""
        bare = _KEYWORD_QUOTING.sub(r"\1\2\3", self.text)
        return bare if bare in KEYWORDS else ""


Region = tuple[int, int, Context]

KEYWORDS = frozenset(
    {"begin", "end", "if", "else", "while", "for", "in", "switch", "case", "function"}
    | {"and", "or", "not", "!", "time", "builtin", "command", "exec"}
)

_KEYWORD_LIKE = re.compile(r"""(?:[a-z!'"]|\\[^abcefnrtuvxUX0-9]){1,32}""")
_KEYWORD_QUOTING = re.compile(r"""\\\n|'([^'\\]*)'|"([^"\\]*)"|\\(.)""")

# What the C library calls white space in a UTF-8 locale; it leaves out the no-break spaces.
_BLANK = " \t\r\v\f\u1680\u2000-\u2006\u2008-\u200a\u2028\u2029\u205f\u3000"
_BLANKS = re.compile(f"[{_BLANK}]+")
_BLANK_LINES = re.compile(f"[\\n{_BLANK}]*")
_COMMENT = re.compile(r"[^\n]*")
_PIPE = re.compile(r"\||[0-9]*(?:&|>>?)\|")
_FROM_INPUT = re.compile("0+>")
_REDIRECT = re.compile(r"[0-9]*&>>?\??|[0-9]*>>?[&?]?|[0-9]*<&?")
_IN_WORD = re.compile(r"""[\\#(){}\[\]'"|;<>& \t\r\n]""")
_SEPARATORS = frozenset("|;<> \t\r\n")
_AFTER_THESE_A_COMMENT = _SEPARATORS | {"("}
_QUOTED = {
    "'": re.compile(r"(?:[^'\\]+|\\.)*+(')", re.DOTALL),
    '"': re.compile(r'(?:[^"\\$]+|\\.|\$(?!\())*+("|\$(?=\())', re.DOTALL),
}


class _BrokenWord(Exception):
    """A word that does not end or does not parse: where, and why."""

    def __init__(self, at: int, why: str) -> None:
        super().__init__(why)
        self.at = at
        self.why = why


def tokens(text: str, start: int, end: int, regions: list[Region] | None = None) -> Iterator[Token]:
    """The tokens of `text[start:end]`, with a `STOP` or a `BROKEN` one as the last.

    Quoted stretches and comments are added to `regions` in order, those within substitutions too.
    """
    found: list[Region] = regions if regions is not None else []
    at = start
    while True:
        at = _skip_blanks(text, at, end, found)
        if at >= end:
            yield Token(Kind.STOP, end)
            return
        try:
            token = _token(text, at, end, found)
        except _BrokenWord as broken:
            yield Token(Kind.BROKEN, at, problem=(broken.at, broken.why))
            return
        yield token
        at = token.end
        if token.kind in (Kind.NEWLINE, Kind.SEMICOLON):
            # fish swallows the line ends after either, so `|;` may not go on in the next line but `;` does.
            at = _end(_BLANK_LINES, text, at, end)


def _end(pattern: re.Pattern[str], text: str, at: int, end: int) -> int:
    match = pattern.match(text, at, end)
    return match.end() if match else at


def _skip_blanks(text: str, at: int, end: int, regions: list[Region]) -> int:
    """The offset of the next token, past blanks, escaped line ends and comments."""
    continued = False
    while True:
        before = at
        at = _end(_BLANKS, text, at, end)
        if text.startswith("\\\n", at, end):
            at += 2
            continued = True
        if at == before:
            break
    while text.startswith("#", at, end):
        stop = _end(_COMMENT, text, at, end)
        regions.append((at, stop, Context.COMMENT))
        # A comment below a line that ends in a backslash does not end the command.
        at = stop + 1 if continued and text.startswith("\n", stop, end) else stop
        at = _end(_BLANKS, text, at, end)
    return at


def _token(text: str, at: int, end: int, regions: list[Region]) -> Token:
    first = text[at]
    if first == "\n":
        return Token(Kind.NEWLINE, at, first)
    if first == ";":
        return Token(Kind.SEMICOLON, at, first)
    if text.startswith("&&", at, end):
        return Token(Kind.BOTH, at, "&&")
    if text.startswith("||", at, end):
        return Token(Kind.EITHER, at, "||")
    if text.startswith("|&", at, end):
        raise _BrokenWord(at, "`|&` is not fish: `&|` pipes both outputs")
    if first in "|&<>0123456789":
        if match := _PIPE.match(text, at, end):
            if _FROM_INPUT.match(match[0]):
                raise _BrokenWord(at, f"`{match[0]}` cannot be: standard input is no output to pipe")
            return Token(Kind.PIPE, at, match[0])
        if match := _REDIRECT.match(text, at, end):
            return Token(Kind.REDIRECT, at, match[0])
        if first == "&":
            return Token(Kind.BACKGROUND, at, first)
    return _word(text, at, end, regions)


def _word(text: str, start: int, end: int, regions: list[Region]) -> Token:
    """The word that begins at `start`."""
    openings: list[int] = []  # offsets of the `(` and `{` that are open
    parentheses = 0
    bracket: int | None = None
    resumed: list[tuple[int, int]] = []  # `"…$(`: the parentheses open outside it, and the quote's offset
    substitutions: list[tuple[int, int]] = []
    at = start
    while at < end:
        match = _IN_WORD.search(text, at, end)
        if match is None:
            at = end
            break
        at, char = match.start(), match[0]
        quote: int | None = None
        if char == "\\":
            if at + 1 >= end:
                raise _BrokenWord(at, "`\\` has nothing after it")
            at += 1
        elif char in "'\"":
            quote = at
        elif char == "#":
            if at > start and text[at - 1] in _AFTER_THESE_A_COMMENT:
                stop = _end(_COMMENT, text, at, end)
                # In braces and brackets, or after an escaped blank, it hides quotes and separators from
                # fish's tokenizer as a comment does, but stays a part of the word.
                read = not openings or text[openings[-1]] == "{" or escaped(text, at - 1)
                regions.append((at, stop, Context.UNSAFE if read else Context.COMMENT))
                at = stop - 1
        elif char in "({":
            openings.append(at)
            parentheses += char == "("
        elif char in ")}":
            opening = _closed(text, at, openings)
            if char == ")":
                parentheses -= 1
                if not parentheses:
                    substitutions.append((opening + 1, at))
                if resumed and resumed[-1][0] == parentheses:
                    quote = resumed.pop()[1]
        elif char == "[":
            bracket = at if at > start else bracket
        elif char == "]":
            bracket = None
        elif not openings and bracket is None and _separates(text, at, end):
            break
        if quote is not None:
            char = text[quote]
            content = _QUOTED[char].match(text, at + 1, end)
            if content is None:
                raise _BrokenWord(quote, f"`{char}` is not closed")
            context = Context.SINGLE if char == "'" else Context.DOUBLE
            if content.start(1) > at + 1:
                regions.append((at + 1, content.start(1), context))
            if content[1] == "$":
                resumed.append((parentheses, quote))
            at = content.start(1)
        at += 1
    _refuse_unclosed(text, openings, bracket)
    return Token(Kind.WORD, start, text[start:at], tuple(substitutions))


def escaped(text: str, at: int) -> bool:
    """Whether an odd number of backslashes stands before `text[at]`."""
    first = at
    while first > 0 and text[first - 1] == "\\":
        first -= 1
    return (at - first) % 2 == 1


def _separates(text: str, at: int, end: int) -> bool:
    """Whether the character ends a word: `&` does not where the word goes on right after it."""
    if text[at] != "&":
        return text[at] in _SEPARATORS
    return at + 1 >= end or text[at + 1] in _SEPARATORS or text[at + 1] == "&"


def _closed(text: str, at: int, openings: list[int]) -> int:
    """Takes off the opening that `text[at]` closes and gives its offset."""
    wanted = {")": "(", "}": "{"}[text[at]]
    if not openings:
        raise _BrokenWord(at, f"`{text[at]}` has no `{wanted}` before it")
    if text[openings[-1]] != wanted:
        raise _BrokenWord(openings[-1], f"`{text[openings[-1]]}` is not closed before the next `{text[at]}`")
    return openings.pop()


def _refuse_unclosed(text: str, openings: list[int], bracket: int | None) -> None:
    if bracket is not None:
        raise _BrokenWord(bracket, "`[` has no `]`")
    if openings:
        opening = openings[-1]
        raise _BrokenWord(opening, "`(` has no `)`" if text[opening] == "(" else "`{` has no `}`")
