"""Reads words, redirections, operators and keywords from the tokens of fish source."""

from __future__ import annotations

from .lexer import tokenize
from .tokens import KEYWORDS, Region, Token

ENDS_A_LIST = frozenset({"end", "else", "case"})

_HELP = frozenset({"-h", "--help"})


class Unparsable(Exception):
    """Raised if the source ends too early or continues wrongly.

    It has the offset and the reason.
    """

    def __init__(self, at: int, why: str) -> None:
        super().__init__(why)
        self.at = at
        self.why = why


class TokenCursor:
    """Reads `script[start:end]` token by token; `reserved` collects keywords and assigned names."""

    def __init__(
        self, script: str, start: int, end: int, regions: list[Region] | None = None, depth: int = 0
    ) -> None:
        self.script = script
        self.tokens = tokenize(script, start, end, regions)
        self.position = 0
        self.now = self.tokens[0]
        self.depth = depth
        self.reserved: list[Token] = []

    def substitution(self, start: int, end: int) -> None:
        """Read the commands of a command substitution; the grammar implements this."""
        raise NotImplementedError

    def advance(self) -> None:
        """Pass the current token, `now`."""
        self.position += 1
        self.now = self.tokens[self.position]

    @property
    def next_token(self) -> Token:
        """Return the token after the current one."""
        return self.tokens[min(self.position + 1, len(self.tokens) - 1)]

    def skip_separators(self) -> int:
        """Pass newlines and `;`, and return the offset of the next token."""
        while self.now.kind in ("newline", "semicolon"):
            self.advance()
        return self.now.start

    def word(self, opening: Token) -> None:
        self.refuse_unfinished(opening)
        if self.now.kind != "word":
            self.refuse_here("a word")
        for start, end in self.now.substitutions:
            self.substitution(start, end)
        self.advance()

    def words(self, opening: Token) -> None:
        """Read the words up to the separator, and the separator."""
        while self.now.kind == "word":
            self.word(opening)
        self.separator(opening)

    def words_and_redirections(self) -> None:
        while True:
            token = self.now
            if token.kind == "word":
                for start, end in token.substitutions:
                    self.substitution(start, end)
                self.advance()
            elif token.kind == "redirect":
                self.redirection()
            else:
                return

    def redirections(self) -> None:
        """Read the redirections after the `end` of a block."""
        while self.now.kind == "redirect":
            self.redirection()
        if self.now.kind == "word":
            raise Unparsable(self.now.start, f"`end` takes no arguments but `{self.now.text}` follows it")

    def redirection(self) -> None:
        operator = self.now
        self.advance()
        if self.now.kind != "word":
            raise Unparsable(operator.start, f"`{operator.text}` has no file after it")
        self.word(operator)

    def separator(self, opening: Token) -> None:
        self.refuse_unfinished(opening)
        if self.now.kind not in ("newline", "semicolon"):
            self.refuse_here("the end of the line or `;`")
        self.advance()

    def operator(self) -> None:
        """Read `|`, `&&` or `||` and the line ends after it."""
        operator = self.now
        self.advance()
        while self.now.kind == "newline":
            self.advance()
        if self.now.kind == "stop":
            raise Unparsable(operator.start, f"`{operator.text}` has no command after it")

    def keyword(self) -> str:
        """Read the keyword here and return it."""
        word = self.now
        self.reserved.append(word)
        self.advance()
        return word.keyword

    def at_decorator(self) -> bool:
        return self.now.keyword in ("and", "or") and self.next_token.text not in _HELP

    def has_operand(self) -> bool:
        """Return whether the keyword begins a construct, not a command such as `if --help`."""
        if self.now.keyword == "function" and self.next_token.text in _HELP:
            return False
        if self.now.keyword != "function" and self.next_token.text.startswith("-"):
            return False
        return self.now.keyword == "begin" or self.next_token.kind not in ("newline", "semicolon", "stop")

    def refuse_unfinished(self, opening: Token) -> None:
        """Raise Unparsable if the source ends inside the construct that `opening` began."""
        if self.now.kind != "stop":
            return
        if opening.keyword in KEYWORDS:
            raise Unparsable(opening.start, f"`{opening.keyword}` has no `end`")
        raise Unparsable(opening.start, f"`{opening.text}` has nothing after it")

    def refuse_here(self, expected: str = "a command") -> None:
        """Raise Unparsable for the current token, which is not allowed here."""
        word = self.now
        if word.kind == "broken":
            raise Unparsable(*word.problem)
        if word.kind == "stop":
            last = self.tokens[max(self.position - 1, 0)]
            raise Unparsable(last.start, f"`{last.text}` has no command after it")
        if word.keyword in ENDS_A_LIST:
            raise Unparsable(word.start, f"`{word.keyword}` has no block to belong to")
        shown = "the end of the line" if word.kind == "newline" else f"`{word.text}`"
        raise Unparsable(word.start, f"expected {expected}, not {shown}")
