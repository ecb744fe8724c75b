"""Reads quotes and expansions of POSIX shells, also nested in one another."""

from __future__ import annotations

import re

from ...text.lazy_pattern import LazyPattern
from ..quoting import Context
from . import regions as why
from .cursor import Cursor
from .dialect import Dialect
from .heredocs import EndWord, Heredoc, make_missing_end_error
from .regions import ShellSyntaxError

OPENERS = "\\'\"`$"

BREAKS = " \t\n;&|<>()"

_IN_BACKTICKS = LazyPattern(r"(?>(?:[^\\`]++|\\.)*)`", re.DOTALL)

# characters without a meaning in a stretch that ends in …
_PLAIN_UNTIL = {
    '"': LazyPattern(r"[^\\$`\"]*+"),
    "": LazyPattern(r"[^\\$`]*+"),
    "'": LazyPattern(r"[^\\']*+"),
    "}": LazyPattern(r"[^\\'\"`$}]*+"),
}

_NO_BRACKET = LazyPattern(r"[^\\'\"`$()\[\]{}]*+")

_PARAMETER = LazyPattern(r"\$(?:[a-zA-Z_][a-zA-Z0-9_]*|[0-9]|[@*#?$!-])")

_ZSH_PARAMETER = LazyPattern(r"\$[#+^=~]*(?:[^\W\d]\w*|\d+|[@*?$!-])|\$#")

_ZSH_MODIFIERS = LazyPattern(r"(?::[^\W\d_]\w*)*(?::(?!\w))?")

_ZSH_DELIMITED = LazyPattern(r"(?::[^\W\d_]\w*)*:(?:[fFwWgGsS&])")

_STRIPS_QUOTED = LazyPattern(r"\$\{\w+[#%]")


class ExpansionLexer(Cursor):
    """A cursor that reads quotes, escapes and expansions."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        super().__init__(text, dialect)
        self.parameters: list[tuple[int, int]] = []  # `$name` without braces, with zsh's modifiers
        self.expansions: list[tuple[int, int]] = []  # `${…}`
        self.heredocs: list[Heredoc] = []
        self.pending: list[EndWord] = []  # of the here-documents whose bodies are still to come

    def commands(self, closers: tuple[str, ...], opened: int, opener: str) -> None:
        """Read commands up to a closer, here of `$( )`; the grammar implements this."""
        raise NotImplementedError

    def read_balanced(self, opening: str, closing: str, reason: str, *, double: bool = False) -> None:
        """Pass a bracketed stretch without commands; it is unsafe for values."""
        opened, known = self.pos, len(self.marks)
        self.pos += 1
        count = 1
        self.descend(opened)
        while count:
            char = self.skip_plain(_NO_BRACKET)
            if not char or (double and char == '"'):
                raise ShellSyntaxError(opened, f"`{opening}` has no `{closing}`")
            if char in OPENERS:
                self.read_opener(char, double=double)
            else:
                count += (char == opening) - (char == closing)
                self.pos += 1
        self.ascend()
        self.mark_unsafe(opened, reason, known)

    def read_opener(self, char: str, *, double: bool = False) -> None:
        """Read the construct of a backslash, quote, backtick or `$`.

        `double` is true inside `"…"` and similar quotes.
        """
        if char == "\\":
            if is_name_character(self.text, self.pos + 1):
                self.mark(self.pos, self.pos + 2, Context.UNSAFE, why.ESCAPED)
            self.pos = min(self.pos + 2, len(self.text))
        elif char == "'" and not double:
            self._single()
        elif char == '"':
            self._double()
        elif char == "`":
            self._backticks()
        elif char == "$":
            self.descend(self.pos)
            self._dollar(double)
            self.ascend()
        else:
            self.pos += 1

    def _single(self) -> None:
        end = self.text.find("'", self.pos + 1)
        if end < 0:
            raise ShellSyntaxError(self.pos, "`'` is not closed")
        self.mark(self.pos + 1, end, Context.SINGLE)
        self.pos = end + 1

    def _double(self) -> None:
        opened = self.pos
        self.pos += 1
        self.descend(opened)
        self.read_expandable(Context.DOUBLE, '"')
        self.ascend()
        if not self.peek():
            raise ShellSyntaxError(opened, '`"` is not closed')
        self.pos += 1

    def read_expandable(self, context: Context, closer: str) -> None:
        """Read text in which only backslash, `$` and backtick are special.

        It ends at the closer or at the end of the script.
        """
        start = self.pos
        while (char := self.skip_plain(_PLAIN_UNTIL[closer])) and char != closer:
            self.read_opener(char, double=True)
        self.mark(start, self.pos, context)

    def _ansi_c(self) -> None:
        opened = self.pos
        self.pos += 2
        start = self.pos
        while (char := self.skip_plain(_PLAIN_UNTIL["'"])) == "\\":
            self.read_opener(char)
        if not char:
            raise ShellSyntaxError(opened, "`$'` is not closed")
        self.mark(start, self.pos, Context.ANSI_C)
        self.pos += 1

    def _backticks(self) -> None:
        opened, known = self.pos, len(self.marks)
        content = _IN_BACKTICKS.match(self.text, opened + 1)
        if content is None:
            raise ShellSyntaxError(opened, "a backtick is not closed")
        self.pos = content.end()
        self.mark_unsafe(opened, why.BACKTICKS, known)

    def _dollar(self, double: bool) -> None:
        opened = self.pos
        if self.at("$((") and (end := self.arithmetic_end(opened + 1)) is not None:
            self.pos = end
            self.mark(opened, end, Context.UNSAFE, why.ARITHMETIC)
        elif self.at("$("):
            self.pos += 1
            self.substitution(opened)
        elif self.at("${"):
            self._braces(double)
        elif self.at("$[") and self.dialect.is_extended:
            self.pos += 1
            self.read_balanced("[", "]", why.ARITHMETIC, double=double)
        elif self.at("$'") and not double:
            if not self.dialect.has_ansi_c_quotes:
                known = len(self.marks)
                self.pos += 1
                self._single()
                self.mark_unsafe(opened, why.NOT_PORTABLE, known)
            else:
                self._ansi_c()
        else:
            self._parameter(double)

    def _parameter(self, double: bool) -> None:
        start = self.pos
        zsh = self.dialect.is_zsh
        parameter = (_ZSH_PARAMETER if zsh else _PARAMETER).match(self.text, start)
        if parameter is None:
            self.pos += 1
            return
        self.pos = parameter.end()
        name = start + 1
        while name < self.pos and not is_name_character(self.text, name):
            name += 1
        if name < self.pos:
            self.mark(start, name + 1, Context.UNSAFE, why.DOLLAR)
        if zsh:
            self._zsh_modifiers(double)
        self.parameters.append((start, self.pos))

    def _zsh_modifiers(self, double: bool) -> None:
        """Read subscripts and modifiers such as `:h`, which zsh allows after a bare `$name`.

        A bare name has no braces.
        """
        while self.peek() == "[":
            self.read_balanced("[", "]", why.SUBSCRIPT, double=double)
        if delimited := _ZSH_DELIMITED.match(self.text, self.pos):
            known = len(self.marks)
            start, self.pos = self.pos, delimited.end()
            while (char := self.peek()) and char not in ('"\n' if double else BREAKS):
                if char in OPENERS:
                    self.read_opener(char, double=double)
                else:
                    self.pos += 1
            self.mark_unsafe(start, why.MODIFIER, known)
        elif modifiers := _ZSH_MODIFIERS.match(self.text, self.pos):
            self.pos = modifiers.end()

    def _braces(self, double: bool) -> None:
        opened, known = self.pos, len(self.marks)
        # An apostrophe in "${x:-it's}" is a quote to bash, a letter to zsh, and to sh one or the other.
        quoting = self.dialect.quotes_in_braces
        quotes = quoting == "always" or (
            quoting == "stripping" and _STRIPS_QUOTED.match(self.text, opened) is not None
        )
        self.pos += 2
        if self.dialect.is_zsh and not double:
            self.pos -= 1
            self.read_balanced("{", "}", why.BRACES)
        else:
            while (char := self.skip_plain(_PLAIN_UNTIL["}"])) != "}":
                if not char:
                    raise ShellSyntaxError(opened, "`${` has no `}`")
                self.read_opener(char, double=double and not (quotes and char == "'"))
            self.pos += 1
        self.expansions.append((opened, self.pos))
        self.mark_unsafe(opened, why.BRACES, known)

    def substitution(self, opened: int) -> None:
        """Read the commands of `$( )`, `<( )` and the like, which have here-documents of their own."""
        outer, self.pending = self.pending, []
        opener = self.text[opened : self.pos + 1]
        self.pos += 1
        self.commands((")",), opened, opener)
        if self.peek() != ")":
            raise ShellSyntaxError(opened, f"`{opener}` has no `)`")
        self.check_bodies()
        self.pos += 1
        self.pending = outer
        self.mark(opened, self.pos, Context.BARE)

    def check_bodies(self) -> None:
        """Raise ShellSyntaxError if a here-document still has no body."""
        for word in self.pending:
            raise make_missing_end_error(word)


def is_name_character(text: str, position: int) -> bool:
    """Return whether a letter, a digit or `_` is there: it could begin a placeholder."""
    char = text[position : position + 1]
    return char.isalnum() or char == "_"
