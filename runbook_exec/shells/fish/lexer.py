"""The tokens of fish source: words with the quotes and command substitutions in them, pipes, separators.

The rules are those of fish's own tokenizer (3.4 to 3.7). A word is everything up to an unquoted separator;
inside `(…)`, `{…}` and `[…]` nothing separates, so a command substitution is part of the word it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple, cast

from ..quoting import Context

# What a token is to the grammar. `broken` is none: its `problem` says why. `stop` comes after the last one.
Kind = Literal[
    "word", "pipe", "redirect", "both", "either", "background", "semicolon", "newline", "broken", "stop"
]


_NO_PROBLEM = (0, "")


class Token(NamedTuple):
    """One token, `text` at offset `start`; `both` is `&&` and `either` is `||`.

    `keyword` is the keyword that a word is where a command is expected, or "". `substitutions` are the
    insides of a word's outermost `(…)`; `problem` says where and why a token is broken. `arguments` counts
    the characters after a command's name that are words of which the grammar wants to know nothing.
    """

    kind: Kind
    start: int
    text: str = ""
    keyword: str = ""
    substitutions: tuple[tuple[int, int], ...] = ()
    problem: tuple[int, str] = _NO_PROBLEM
    arguments: int = 0

    @property
    def end(self) -> int:
        """The offset after its last character, or that of its arguments."""
        return self.start + len(self.text) + self.arguments


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

_IN_BRACKETS = re.compile(r"""[\\#(){}\[\]'"]""")

_OPERATORS = frozenset("\n;|&<>0123456789")  # the first characters of operators, and of some words

_SEPARATORS = frozenset("|;<> \t\r\n")

_AFTER_THESE_A_COMMENT = _SEPARATORS | {"("}

_IN_SINGLE = r"(?>(?:[^'\\]++|\\.)*)"

_IN_DOUBLE = r'(?>(?:[^"\\$]++|\\.|\$(?!\())*)'

_QUOTED = {
    "'": re.compile(rf"{_IN_SINGLE}(')", re.DOTALL),
    '"': re.compile(rf'{_IN_DOUBLE}("|\$(?=\())', re.DOTALL),
}


# What most of a script consists of, with the blanks before it: words without escapes, brackets and
# substitutions, the commonest operators, and comments. `_rare` reads all that is not matched here.
_LETTERS = r"""[^\\#(){}\[\]'"|;<>& \t\r\n][^\\(){}\[\]'"|;<>& \t\r\n]*+"""

_WORD = rf"(?>(?:{_LETTERS}|'{_IN_SINGLE}'|\"{_IN_DOUBLE}\")+)"

_END = r"(?=[|;<>\ \t\r\n]|\Z)"

_COMMON = re.compile(
    rf"""[{_BLANK}]*+(?:
        (?P<word>(?![0-9]++[<>]){_LETTERS}{_END})
        |(?P<newline>\n)[\n{_BLANK}]*+
        |(?P<quoted>(?![0-9]++[<>]){_WORD}{_END})
        |(?P<pipe>\|)(?![|&])
        |(?P<redirect>[0-9]*+>>?+)(?![|&?>])
        |(?P<semicolon>;)[\n{_BLANK}]*+
        |(?P<comment>\#[^\n]*+)
    )""",
    re.DOTALL | re.VERBOSE,
)

_ARGUMENTS = re.compile(rf"(?>(?:(?>(?:[{_BLANK}]|\\\n)+)(?![0-9]++[<>]){_WORD}{_END})*)", re.DOTALL)

_BEFORE_COMMANDS = frozenset(
    {"begin", "if", "while", "and", "or", "not", "!", "time", "builtin", "command", "exec"}
)

_QUOTES = re.compile(f"'({_IN_SINGLE})'" + f'|"({_IN_DOUBLE})"', re.DOTALL)


class _BrokenWord(Exception):
    """A word that does not end or does not parse: where, and why."""

    def __init__(self, at: int, why: str) -> None:
        super().__init__(why)
        self.at = at
        self.why = why


def tokenize(text: str, start: int, end: int, regions: list[Region] | None = None) -> list[Token]:
    """The tokens of `text[start:end]`, with a `stop` or a `broken` one as the last.

    Quoted stretches and comments are added to `regions` in order, those within substitutions too.
    """
    found: list[Region] = regions if regions is not None else []
    read: list[Token] = []
    at = start
    expected = True  # whether the next word is surely where a command is expected
    while at < end:
        common = _COMMON.match(text, at, end)
        if common is None:
            token = _read_rare_token(text, at, end, found)
            read.append(token)
            expected = token.kind not in ("word", "redirect")
            if token.kind in ("stop", "broken"):
                return read
            at = token.end
            if token.kind in ("newline", "semicolon"):
                # fish swallows the line ends after either: `|;` may not go on in the next line, `;` does
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
                at = _end(_ARGUMENTS, text, stop, end)
                if text.find("'", stop, at) >= 0 or text.find('"', stop, at) >= 0:
                    found += _quotes(text, stop, at)
            read.append(Token("word", begin, written, "", (), _NO_PROBLEM, at - stop))
            expected = at < end and text[at] == "\n"
            if expected:
                read.append(Token("newline", at, "\n"))
                at = _end(_BLANK_LINES, text, at, end)
        elif kind == "quoted":
            read.append(Token("word", begin, written, _keyword(written)))
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
    """The insides of the quotes in a word without escapes outside of them."""
    for match in _QUOTES.finditer(text, start, end):
        group = match.lastindex or 0
        if match[group]:
            yield (*match.span(group), Context.SINGLE if group == 1 else Context.DOUBLE)


def _keyword(word: str) -> str:
    """The keyword that a word is where a command is expected, or ""; fish looks through quotes here."""
    if not _KEYWORD_LIKE.fullmatch(word):
        return ""
    bare = _KEYWORD_QUOTING.sub(r"\1\2\3", word)
    return bare if bare in KEYWORDS else ""


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


def _read_rare_token(text: str, at: int, end: int, regions: list[Region]) -> Token:
    """The next token, whatever it is."""
    at = _skip_blanks(text, at, end, regions)
    if at >= end:
        return Token("stop", end)
    try:
        return _token(text, at, end, regions)
    except _BrokenWord as broken:
        return Token("broken", at, problem=(broken.at, broken.why))


def _token(text: str, at: int, end: int, regions: list[Region]) -> Token:
    first = text[at]
    if first not in _OPERATORS:
        return _word(text, at, end, regions)
    if first == "\n":
        return Token("newline", at, first)
    if first == ";":
        return Token("semicolon", at, first)
    if text.startswith("&&", at, end):
        return Token("both", at, "&&")
    if text.startswith("||", at, end):
        return Token("either", at, "||")
    if text.startswith("|&", at, end):
        raise _BrokenWord(at, "`|&` is not fish: `&|` pipes both outputs")
    if match := _PIPE.match(text, at, end):
        if _FROM_INPUT.match(match[0]):
            raise _BrokenWord(at, f"`{match[0]}` cannot be: standard input is no output to pipe")
        return Token("pipe", at, match[0])
    if match := _REDIRECT.match(text, at, end):
        return Token("redirect", at, match[0])
    if first == "&":
        return Token("background", at, first)
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
        match = (_IN_BRACKETS if openings else _IN_WORD).search(text, at, end)
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
                read = not openings or text[openings[-1]] == "{" or is_escaped(text, at - 1)
                regions.append((at, stop, Context.UNSAFE if read else Context.COMMENT))
                at = stop - 1
        elif char in "({":
            openings.append(at)
            parentheses += char == "("
        elif char in ")}":
            opening = _pop_opening(text, at, openings)
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
        elif not openings and bracket is None and _ends_word(text, at, end):
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
    word = text[start:at]
    return Token("word", start, word, _keyword(word), tuple(substitutions))


def is_escaped(text: str, at: int) -> bool:
    """Whether an odd number of backslashes stands before `text[at]`."""
    first = at
    while first > 0 and text[first - 1] == "\\":
        first -= 1
    return (at - first) % 2 == 1


def _ends_word(text: str, at: int, end: int) -> bool:
    """Whether the character ends a word: `&` does not where the word goes on right after it."""
    if text[at] != "&":
        return text[at] in _SEPARATORS
    return at + 1 >= end or text[at + 1] in _SEPARATORS or text[at + 1] == "&"


def _pop_opening(text: str, at: int, openings: list[int]) -> int:
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
