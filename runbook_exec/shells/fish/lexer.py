"""Splits fish source into tokens: words with their quotes and substitutions, and others.

The other tokens are pipes, operators and separators. The rules are those of fish's own tokenizer (3.4 to
3.7). A word is everything up to an unquoted separator; inside `(…)`, `{…}` and `[…]` nothing separates, so a
command substitution is part of its word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

from ...text.lazy_pattern import LazyPattern
from ..quoting import Context
from .tokens import KEYWORDS, NO_PROBLEM, Kind, Region, Token, find_keyword
from .words import IN_DOUBLE, IN_SINGLE, BrokenWord, read_word

# White space for the C library in a UTF-8 locale, without the no-break spaces.
_ASCII_BLANK = r" \t\r\v\f"

_BLANK = rf"{_ASCII_BLANK}\u1680\u2000-\u2006\u2008-\u200a\u2028\u2029\u205f\u3000"

_BLANKS = LazyPattern(f"[{_BLANK}]+")

_BLANK_LINES = LazyPattern(f"[\\n{_BLANK}]*")

_COMMENT = LazyPattern(r"[^\n]*")

_PIPE = LazyPattern(r"\||[0-9]*(?:&|>>?)\|")

_FROM_INPUT = LazyPattern("0+>")

_REDIRECT = LazyPattern(r"[0-9]*&>>?\??|[0-9]*>>?[&?]?|[0-9]*<&?")

_OPERATORS = frozenset("\n;|&<>0123456789")  # the first characters of operators, and of some words

# The commonest tokens with the blanks before them: words without escapes, brackets and substitutions, the
# commonest operators, and comments. `_read_rare_token` reads all others.
_LETTERS = r"""[^\\#(){}\[\]'"|;<>& \t\r\n][^\\(){}\[\]'"|;<>& \t\r\n]*+"""

_WORD = rf"(?>(?:{_LETTERS}|'{IN_SINGLE}'|\"{IN_DOUBLE}\")+)"

_END = r"(?=[|;<>\ \t\r\n]|\Z)"


def _make_patterns(blank: str) -> tuple[LazyPattern[str], LazyPattern[str]]:
    """Return the pattern of the commonest tokens, and that of a command's arguments."""
    common = rf"""[{blank}]*+(?:
        (?P<word>(?![0-9]++[<>]){_LETTERS}{_END})
        |(?P<newline>\n)[\n{blank}]*+
        |(?P<quoted>(?![0-9]++[<>]){_WORD}{_END})
        |(?P<pipe>\|)(?![|&])
        |(?P<redirect>[0-9]*+>>?+)(?![|&?>])
        |(?P<semicolon>;)[\n{blank}]*+
        |(?P<comment>\#[^\n]*+)
    )"""
    arguments = rf"(?>(?:(?>(?:[{blank}]|\\\n)+)(?![0-9]++[<>]){_WORD}{_END})*)"
    return LazyPattern(common, re.DOTALL | re.VERBOSE), LazyPattern(arguments, re.DOTALL)


# by whether the text is ASCII: a set with the other blanks takes long to compile
_PATTERNS = (_make_patterns(_BLANK), _make_patterns(_ASCII_BLANK))

_BEFORE_COMMANDS = frozenset(
    {"begin", "if", "while", "and", "or", "not", "!", "time", "builtin", "command", "exec"}
)

_QUOTES = LazyPattern(f"'({IN_SINGLE})'" + f'|"({IN_DOUBLE})"', re.DOTALL)


def tokenize(text: str, start: int, end: int, regions: list[Region] | None = None) -> list[Token]:
    """Return the tokens of `text[start:end]`, with a `stop` or a `broken` one as the last.

    Quoted stretches and comments are added to `regions` in order, those within substitutions too.
    """
    found: list[Region] = regions if regions is not None else []
    read: list[Token] = []
    common_tokens, arguments = _PATTERNS[text.isascii()]
    at = start
    expected = True  # whether the next word is surely where a command is expected
    while at < end:
        common = common_tokens.match(text, at, end)
        if common is None:
            token = _read_rare_token(text, at, end, found)
            read.append(token)
            expected = token.kind not in ("word", "redirect")
            if token.kind in ("stop", "broken"):
                return read
            at = token.end
            if token.kind in ("newline", "semicolon"):
                # fish drops the line ends after both: `;` can continue in the next line, `|;` cannot
                at = _end(_BLANK_LINES, text, at, end)
            continue
        at = common.end()
        kind = common.lastgroup or ""
        begin, stop = common.span(kind)
        written = text[begin:stop]
        if kind == "word":
            if written in KEYWORDS:
                read.append(Token("word", begin, written, written))
                expected = expected and written in _BEFORE_COMMANDS
                continue
            if expected and written[0] != "-" and "=" not in written:
                at = _end(arguments, text, stop, end)
                if text.find("'", stop, at) >= 0 or text.find('"', stop, at) >= 0:
                    found += _quotes(text, stop, at)
            read.append(Token("word", begin, written, "", (), NO_PROBLEM, at - stop))
            expected = at < end and text[at] == "\n"
            if expected:
                read.append(Token("newline", at, "\n"))
                at = _end(_BLANK_LINES, text, at, end)
        elif kind == "quoted":
            read.append(Token("word", begin, written, find_keyword(written)))
            expected = False
            found += _quotes(text, begin, stop)
        elif kind == "comment":
            found.append((begin, stop, Context.COMMENT))
        else:
            read.append(Token(cast(Kind, kind), begin, written))
            expected = kind != "redirect"
    read.append(Token("stop", end))
    return read


def _quotes(text: str, start: int, end: int) -> Iterator[Region]:
    """Yield the insides of the quotes in a word without escapes outside of them."""
    for match in _QUOTES.finditer(text, start, end):
        group = match.lastindex or 0
        if match[group]:
            yield (*match.span(group), Context.SINGLE if group == 1 else Context.DOUBLE)


def _end(pattern: LazyPattern[str], text: str, at: int, end: int) -> int:
    match = pattern.match(text, at, end)
    return match.end() if match else at


def _skip_blanks(text: str, at: int, end: int, regions: list[Region]) -> int:
    """Return the offset of the next token, after blanks, escaped line ends and comments."""
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


def _read_rare_token(text: str, at: int, end: int, regions: list[Region]) -> Token:
    """Return the next token, of any kind."""
    at = _skip_blanks(text, at, end, regions)
    if at >= end:
        return Token("stop", end)
    try:
        return _token(text, at, end, regions)
    except BrokenWord as broken:
        return Token("broken", at, problem=(broken.at, broken.why))


def _token(text: str, at: int, end: int, regions: list[Region]) -> Token:
    first = text[at]
    if first not in _OPERATORS:
        return read_word(text, at, end, regions)
    if first == "\n":
        return Token("newline", at, first)
    if first == ";":
        return Token("semicolon", at, first)
    if text.startswith("&&", at, end):
        return Token("both", at, "&&")
    if text.startswith("||", at, end):
        return Token("either", at, "||")
    if text.startswith("|&", at, end):
        raise BrokenWord(at, "`|&` is not fish: `&|` pipes both outputs")
    if match := _PIPE.match(text, at, end):
        if _FROM_INPUT.match(match[0]):
            raise BrokenWord(at, f"`{match[0]}` cannot be: standard input is no output to pipe")
        return Token("pipe", at, match[0])
    if match := _REDIRECT.match(text, at, end):
        return Token("redirect", at, match[0])
    if first == "&":
        return Token("background", at, first)
    return read_word(text, at, end, regions)
