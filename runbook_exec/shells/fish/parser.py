"""Splits fish source into the commands that a person would enter one after the other.

The grammar is that of fish's own parser: a command is a job with all its `&&` and `||`, and the jobs after it
that begin with `and` or `or`. Errors that only running or checking finds (a `break` outside a loop, a
lone `$`) are left to `fish -n`.
"""

from __future__ import annotations

from ...system.memo import cache_scans
from ...text.lazy_pattern import LazyPattern
from ..base import Scan
from .cursor import ENDS_A_LIST, TokenCursor, Unparsable
from .tokens import Region, Token

# More than any page has; it keeps the recursion of this parser well inside the limit of Python.
_DEEPEST = 50


_BEGINS_A_BLOCK = frozenset({"begin", "for", "function", "if", "switch", "while"})

_DECORATIONS = frozenset({"builtin", "command", "exec"})

_ASSIGNMENT = LazyPattern(r"\w+=")


@cache_scans
def scan(script: str) -> Scan:
    """Return the statements, the quoted stretches and the comments of a script.

    Never raises: `problem` has the first syntax error, and its statement reaches to the end of the script.
    """
    regions: list[Region] = []
    spans, problem, _ = _parse(script, regions)
    comments = tuple((start, end) for start, end, context in regions if context == "comment")
    return Scan(tuple(spans), tuple(regions), comments, problem)


def find_reserved_words(script: str) -> tuple[tuple[tuple[int, int], ...], bool]:
    """Return the spans of the keywords and assigned names of a script, and whether it parses."""
    _, problem, words = _parse(script, [])
    return tuple((word.start, word.end) for word in words), problem is None


def _parse(
    script: str, regions: list[Region]
) -> tuple[list[tuple[int, int]], tuple[int, str] | None, list[Token]]:
    """Return the spans of the statements, the problem or None, and the reserved words."""
    nul = script.find("\0")
    end = len(script) if nul < 0 else nul
    parser = FishParser(script, 0, end, regions)
    spans: list[tuple[int, int]] = []
    start = 0
    try:
        while (start := parser.skip_separators()) < end:
            spans.append((start, parser.statement()))
        if nul >= 0:
            raise Unparsable(nul, "a NUL character cannot be part of a command")
    except Unparsable as error:
        stop = len(script.rstrip())
        if start < stop:
            spans.append((start, stop))
        return spans, (error.at, error.why), parser.reserved
    return spans, None, parser.reserved


class FishParser(TokenCursor):
    """The cursor with the grammar of statements, jobs and blocks."""

    def statement(self) -> int:
        """Read a job with its `&&`, `||`, and the `and` and `or` below it.

        Return the offset of its end.
        """
        if self.is_one_command():
            end = self.now.end
            self.advance()
            return end
        if self.now.keyword in ENDS_A_LIST:
            self.refuse_here()
        end = self.conjunction()
        while True:
            before = self.position
            self.skip_separators()
            if not self.at_decorator():
                self.position, self.now = before, self.tokens[before]
                break
            end = self.conjunction()
        if self.now.kind not in ("newline", "semicolon", "stop", "word"):
            self.refuse_here()
        return end

    def is_one_command(self) -> bool:
        """Return whether the current token is certainly a whole statement, as most are."""
        word = self.now
        if word.kind != "word" or word.keyword or word.substitutions or "=" in word.text:
            return False
        after = self.tokens[self.position + 1]
        if after.kind == "newline":
            after = self.tokens[self.position + 2]
            return after.kind in ("word", "stop") and after.keyword not in ("and", "or")
        return after.kind == "stop"

    def parse_all(self) -> None:
        """Read all tokens, as in a command substitution."""
        self.skip_separators()
        while self.now.kind != "stop":
            self.statement()
            self.skip_separators()

    def conjunction(self) -> int:
        if self.at_decorator():
            self.keyword()
        self.job()
        while self.now.kind in ("both", "either"):
            self.operator()
            self.job()
        return self.tokens[self.position - 1].end

    def job(self) -> None:
        self.time()
        self.command()
        while self.now.kind == "pipe":
            self.operator()
            if self.now.keyword in ("and", "or", "time"):
                raise Unparsable(self.now.start, f"`{self.now.keyword}` cannot follow a pipe")
            self.command()
        if self.now.kind == "background":
            self.advance()

    def command(self) -> None:
        word = self.now
        if word.kind == "word" and not word.keyword and "=" not in word.text:
            self.words_and_redirections()
            return
        self.assignments()
        while self.now.keyword in ("not", "!") and self.has_operand():
            self.keyword()
            self.assignments()
            self.time()
        word = self.now
        if word.kind != "word" or word.keyword == "end":
            self.refuse_here()
        if self.is_assignment(word):
            raise Unparsable(word.start, f"`{word.text}` has no command after it: fish sets with `set`")
        if word.keyword in _BEGINS_A_BLOCK and self.has_operand():
            self.block()
            self.redirections()
            return
        if (
            word.keyword in _DECORATIONS
            and self.next_token.kind == "word"
            and not self.next_token.text.startswith("-")
        ):
            self.keyword()
        self.words_and_redirections()

    def block(self) -> None:
        """Read a block from its first keyword, such as `begin` or `if`, to its `end`."""
        self.depth += 1
        opening = self.now
        if self.depth > _DEEPEST:
            raise Unparsable(opening.start, f"expected at most {_DEEPEST} blocks in one another")
        match self.keyword():
            case "begin":
                self.body(opening)
            case "while":
                self.condition(opening)
                self.body(opening)
            case "for":
                self.word(opening)
                self.refuse_unfinished(opening)
                if self.now.keyword != "in":
                    raise Unparsable(self.now.start, "expected `in` after the variable of `for`")
                self.keyword()
                self.words(opening)
                self.body(opening)
            case "function":
                self.word(opening)
                self.words(opening)
                self.body(opening)
            case "if":
                self.condition(opening)
                self.body(opening)
                self.otherwise(opening)
            case "switch":
                self.word(opening)
                self.separator(opening)
                self.cases(opening)
        self.close(opening)
        self.depth -= 1

    def otherwise(self, opening: Token) -> None:
        while self.now.keyword == "else":
            self.keyword()
            if self.now.keyword == "if":
                self.keyword()
                self.condition(opening)
                self.body(opening)
            else:
                self.separator(opening)
                self.body(opening)
                return

    def cases(self, opening: Token) -> None:
        self.skip_separators()
        while self.now.keyword == "case":
            self.keyword()
            self.words(opening)
            self.body(opening)

    def condition(self, opening: Token) -> None:
        self.refuse_unfinished(opening)
        self.conjunction()
        self.skip_separators()
        while self.at_decorator():
            self.conjunction()
            self.skip_separators()

    def body(self, opening: Token) -> None:
        """Read the commands of a block, up to the word that ends them."""
        self.skip_separators()
        while self.now.kind != "stop" and self.now.keyword not in ENDS_A_LIST:
            self.conjunction()
            self.skip_separators()
        self.refuse_unfinished(opening)

    def close(self, opening: Token) -> None:
        self.refuse_unfinished(opening)
        if self.now.keyword != "end":
            self.refuse_here()
        self.keyword()

    def substitution(self, start: int, end: int) -> None:
        if self.depth >= _DEEPEST:
            raise Unparsable(start - 1, f"expected at most {_DEEPEST} substitutions in one another")
        inner = FishParser(self.script, start, end, depth=self.depth + 1)
        inner.parse_all()
        self.reserved += inner.reserved

    def time(self) -> None:
        if self.now.keyword == "time" and not self.next_token.text.startswith("-"):
            self.keyword()

    def assignments(self) -> None:
        while self.is_assignment(self.now) and self.next_token.kind == "word":
            name = _ASSIGNMENT.match(self.now.text)
            self.reserved.append(self.now._replace(text=name[0] if name else ""))
            self.word(self.now)

    def is_assignment(self, word: Token) -> bool:
        return word.kind == "word" and _ASSIGNMENT.match(word.text) is not None
