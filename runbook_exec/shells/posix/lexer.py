"""The words of bash, zsh and sh: quotes, expansions, here-documents, and in which context every character is.

`Words` is a cursor over a script; `posix_commands` adds the grammar of commands to it. While it reads, it
marks stretches with their context. Marks nest as the quoting does; in the end the innermost counts.
"""

from __future__ import annotations

import re
from typing import cast

from ..quoting import Context
from . import regions as why
from .cursor import Cursor
from .heredocs import EndWord, Heredoc, find_last_line, make_missing_end_error
from .regions import Dialect, Region, ShellSyntaxError

_OPENERS = "\\'\"`$"

_BREAKS = " \t\n;&|<>()"

_PLAIN = re.compile(r"[^\\'\"`$ \t\n;&|<>()~=\[{}]+")

_CLOSING_BRACE = re.compile(r"\}(?=\}*(?:[ \t\n;&|<>()]|\\\n|\Z))")

_LONE_SEMICOLON = re.compile(r";(?![;&|])")

LEFT_SIDE = re.compile(r"[^\W\d]\w*(?:\[(?:[^\[\]\n]|\[[^\[\]\n]*\])*\])?\+?=")

_ELEMENT_KEY = re.compile(r"\[[^\]\n]*\]\+?=")

_BRACKETS = re.compile(r"\[[^ \t\n\]\\'\"`;&|()<>]*+(\]?)")

_BRACES = re.compile(r"\{[^ \t\n{},;&|()<>\\'\"`]*+\}")

_IN_BACKTICKS = re.compile(r"(?>(?:[^\\`]++|\\.)*)`", re.DOTALL)

# what means nothing in a stretch that ends in …
_PLAIN_UNTIL = {
    '"': re.compile(r"[^\\$`\"]*+"),
    "": re.compile(r"[^\\$`]*+"),
    "'": re.compile(r"[^\\']*+"),
    "}": re.compile(r"[^\\'\"`$}]*+"),
}

_NO_BRACKET = re.compile(r"[^\\'\"`$()\[\]{}]*+")

NUMERIC_GLOB = re.compile(r"<\d*-\d*>")

_PARAMETER = re.compile(r"\$(?:[a-zA-Z_][a-zA-Z0-9_]*|[0-9]|[@*#?$!-])")

_ZSH_PARAMETER = re.compile(r"\$[#+^=~]*(?:[^\W\d]\w*|\d+|[@*?$!-])|\$#")

_ZSH_MODIFIERS = re.compile(r"(?::[^\W\d_]\w*)*(?::(?!\w))?")

_ZSH_DELIMITED = re.compile(r"(?::[^\W\d_]\w*)*:(?:[fFwWgGsS&])")

_STRIPS_QUOTED = re.compile(r"\$\{\w+[#%]")


class WordLexer(Cursor):
    """A cursor that reads words."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        super().__init__(text, dialect)
        self.parameters: list[tuple[int, int]] = []  # `$name` without braces, with zsh's modifiers
        self.heredocs: list[Heredoc] = []
        self._pending: list[EndWord] = []
        self._brackets_known = 0  # up to where it is known whether a `[` ends

    def commands(self, closers: tuple[str, ...], opened: int, opener: str) -> None:
        """Read commands up to a closer; the grammar's part, here for `$( )`."""
        raise NotImplementedError

    def at_closing_brace(self) -> bool:
        """Whether a `}` stands here that zsh takes for a word of its own, even at the end of another."""
        return _CLOSING_BRACE.match(self.text, self.pos) is not None

    def blank_lines(self) -> None:
        """Pass blanks, newlines with the here-documents after them, and comments; in zsh also `;`."""
        while True:
            self.skip_blanks()
            if self.peek() == "#":
                self.skip_comment()
            elif self.peek() == "\n":
                self.newline()
            elif (
                self.dialect == "zsh"
                and self.peek() == ";"
                and self.text[self.pos + 1 : self.pos + 2] not in (*";&|",)
            ):
                self.pos += 1
            else:
                return
            self._blank_until = self.pos

    # -- words

    def word(self, *, assigns: bool = False, regex: bool = False) -> bool:
        """Read one word, if one stands here; `assigns` where `name=…` is an assignment."""
        start, known, braces = self.pos, len(self.marks), 0
        if assigns and (left := LEFT_SIDE.match(self.text, start)):
            self.pos = left.end()
            self.mark(start, self.pos, Context.UNSAFE, why.NAME)
            if self.peek() == "(" and self.dialect != "sh":
                self._array()
        while char := self.peek():
            if char in _OPENERS:
                self._opener(char)
            elif char in _BREAKS:
                if not self._group(start, char, regex):
                    break
            elif char in "{}" and self.dialect == "zsh":
                if not braces and self.at_closing_brace():
                    break
                braces = max(0, braces + (1 if char == "{" else -1))
                self._read_expansion_start(start, char)
            elif plain := _PLAIN.match(self.text, self.pos):
                self.pos = plain.end()
            else:
                self._read_expansion_start(start, char)
        if regex:
            self.mark_unsafe(start, why.REGEX, known)
        elif self.dialect == "zsh" and self.text.startswith("=", start):
            self.mark(start, self.pos, Context.UNSAFE, why.COMMAND_PATH)
        return self.pos > start

    def _read_expansion_start(self, start: int, char: str) -> None:
        """Pass a character that may begin an expansion, and note where a value could be part of one."""
        before = self.text[self.pos - 1 : self.pos] if self.pos > start else ""
        if char == "~" and (not before or before in "=:") and _is_name_character(self.text, self.pos + 1):
            self.mark(self.pos, self.pos + 2, Context.UNSAFE, why.TILDE)
        elif char == "[" and self.pos >= self._brackets_known:
            brackets = cast(re.Match[str], _BRACKETS.match(self.text, self.pos))
            if brackets[1] and len(brackets[0]) > 2:
                self.mark(*brackets.span(), Context.UNSAFE, why.SUBSCRIPT)
            self._brackets_known = brackets.end()
        elif char == "{" and (braces := _BRACES.match(self.text, self.pos)) and ".." in braces[0]:
            self.mark(*braces.span(), Context.UNSAFE, why.RANGE)
        self.pos += 1

    def _group(self, start: int, char: str, regex: bool) -> bool:
        """Read a parenthesis that is part of the word that began at `start`, if one stands here."""
        opened = self.pos
        zsh = self.dialect == "zsh"
        if regex and self.dialect == "bash" and char == "|":
            self.pos += 1
        elif char in "<>" and self.dialect != "sh" and self.text.startswith("(", opened + 1):
            self.pos += 1
            self.substitution(opened)
        elif zsh and char == "<" and (numbers := NUMERIC_GLOB.match(self.text, opened)):
            self.pos = numbers.end()
        elif char != "(" or self.dialect == "sh":
            return False
        elif zsh and opened == start + 1 and self.text[start] == "=":
            self.substitution(start)
        elif (
            regex
            or (zsh and not self.at("()"))
            or (opened > start and self.text[opened - 1] in "?*+@!" and not zsh)
        ):
            self._read_balanced("(", ")", why.PATTERN)
        else:
            return False
        return True

    def _array(self) -> None:
        opened = self.pos
        self.pos += 1
        while True:
            self.blank_lines()
            if key := _ELEMENT_KEY.match(self.text, self.pos):
                self.mark(*key.span(), Context.UNSAFE, why.SUBSCRIPT)
                self.pos = key.end()
                self.word()
            elif not self.word():
                break
        if self.peek() != ")":
            raise ShellSyntaxError(opened, "`(` of an array has no `)`")
        self.pos += 1

    def _read_balanced(self, opening: str, closing: str, reason: str, *, double: bool = False) -> None:
        """Pass a bracketed stretch that holds no commands; nothing is proved about values in it."""
        opened, known = self.pos, len(self.marks)
        self.pos += 1
        count = 1
        self.descend(opened)
        while count:
            char = self.skip_plain(_NO_BRACKET)
            if not char or (double and char == '"'):
                raise ShellSyntaxError(opened, f"`{opening}` has no `{closing}`")
            if char in _OPENERS:
                self._opener(char, double=double)
            else:
                count += (char == opening) - (char == closing)
                self.pos += 1
        self.ascend()
        self.mark_unsafe(opened, reason, known)

    # -- quotes

    def _opener(self, char: str, *, double: bool = False) -> None:
        """Read what a backslash, a quote, a backtick or `$` begins; `double`: inside `"…"` or the like."""
        if char == "\\":
            if _is_name_character(self.text, self.pos + 1):
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
        self._expandable(Context.DOUBLE, '"')
        self.ascend()
        if not self.peek():
            raise ShellSyntaxError(opened, '`"` is not closed')
        self.pos += 1

    def _expandable(self, context: Context, closer: str) -> None:
        """Text in which only the backslash, `$` and the backtick are special, up to the closer or the end."""
        start = self.pos
        while (char := self.skip_plain(_PLAIN_UNTIL[closer])) and char != closer:
            self._opener(char, double=True)
        self.mark(start, self.pos, context)

    def _ansi_c(self) -> None:
        opened = self.pos
        self.pos += 2
        start = self.pos
        while (char := self.skip_plain(_PLAIN_UNTIL["'"])) == "\\":
            self._opener(char)
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

    # -- expansions

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
        elif self.at("$[") and self.dialect != "sh":
            self.pos += 1
            self._read_balanced("[", "]", why.ARITHMETIC, double=double)
        elif self.at("$'") and not double:
            if self.dialect == "sh":
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
        zsh = self.dialect == "zsh"
        parameter = (_ZSH_PARAMETER if zsh else _PARAMETER).match(self.text, start)
        if parameter is None:
            self.pos += 1
            return
        self.pos = parameter.end()
        name = start + 1
        while name < self.pos and not _is_name_character(self.text, name):
            name += 1
        if name < self.pos:
            self.mark(start, name + 1, Context.UNSAFE, why.DOLLAR)
        if zsh:
            self._zsh_modifiers(double)
        self.parameters.append((start, self.pos))

    def _zsh_modifiers(self, double: bool) -> None:
        """What zsh reads as part of `$name` even without braces: subscripts, and modifiers such as `:h`."""
        while self.peek() == "[":
            self._read_balanced("[", "]", why.SUBSCRIPT, double=double)
        if delimited := _ZSH_DELIMITED.match(self.text, self.pos):
            known = len(self.marks)
            start, self.pos = self.pos, delimited.end()
            while (char := self.peek()) and char not in ('"\n' if double else _BREAKS):
                if char in _OPENERS:
                    self._opener(char, double=double)
                else:
                    self.pos += 1
            self.mark_unsafe(start, why.MODIFIER, known)
        elif modifiers := _ZSH_MODIFIERS.match(self.text, self.pos):
            self.pos = modifiers.end()

    def _braces(self, double: bool) -> None:
        opened, known = self.pos, len(self.marks)
        # An apostrophe in "${x:-it's}" is a quote to bash, a letter to zsh, and to sh one or the other.
        quotes = self.dialect == "bash" or (
            self.dialect == "sh" and _STRIPS_QUOTED.match(self.text, opened) is not None
        )
        self.pos += 2
        if self.dialect == "zsh" and not double:
            self.pos -= 1
            self._read_balanced("{", "}", why.BRACES)
        else:
            while (char := self.skip_plain(_PLAIN_UNTIL["}"])) != "}":
                if not char:
                    raise ShellSyntaxError(opened, "`${` has no `}`")
                self._opener(char, double=double and not (quotes and char == "'"))
            self.pos += 1
        self.mark_unsafe(opened, why.BRACES, known)

    def substitution(self, opened: int) -> None:
        """Read the commands of `$( )`, `<( )` and the like, which have here-documents of their own."""
        outer, self._pending = self._pending, []
        opener = self.text[opened : self.pos + 1]
        self.pos += 1
        self.commands((")",), opened, opener)
        if self.peek() != ")":
            raise ShellSyntaxError(opened, f"`{opener}` has no `)`")
        self.check_bodies()
        self.pos += 1
        self._pending = outer
        self.mark(opened, self.pos, Context.BARE)

    # -- here-documents

    def end_word(self, operator: int, strips_tabs: bool) -> None:
        """Read the word after the `<<` at `operator`; its body comes after the next newline."""
        start, known = self.pos, len(self.marks)
        if not self.word():
            raise ShellSyntaxError(operator, "`<<` has no word after it")
        self.mark_unsafe(start, why.END_WORD, known)
        self._pending.append(EndWord(start, self.pos, self.text[start : self.pos], strips_tabs))

    @property
    def awaits_body(self) -> bool:
        """Whether a here-document's body is still to come."""
        return bool(self._pending)

    def check_bodies(self) -> None:
        """Raise Unfinished when a here-document has no body yet where no more can come."""
        for word in self._pending:
            raise make_missing_end_error(word)

    def newline(self) -> None:
        """Pass a newline and the bodies of the here-documents before it."""
        self.pos += 1
        words, self._pending = self._pending, []
        for word in words:
            self._body(word)
        self._blank_until = self.pos

    def _body(self, word: EndWord) -> None:
        found = find_last_line(self.text, self.pos, word, self.dialect)
        if found is None:
            raise make_missing_end_error(word)
        if word.is_quoted:
            self.mark(found.start, found.end, Context.HEREDOC_VERBATIM)
        else:
            self._expand_body(found.start, found.end)
        self.heredocs.append(found)
        self.mark(found.end, found.close, Context.UNSAFE, why.END_WORD)
        self.pos = min(found.close + 1, len(self.text))

    def _expand_body(self, start: int, end: int) -> None:
        """Mark a body whose `$` and backticks are expanded; what is wrong in it shows only when it runs."""
        body = type(self)(self.text[start:end], self.dialect)
        body.depth = self.depth
        try:
            body._expandable(Context.HEREDOC, "")
        except ShellSyntaxError:
            body.marks.clear()
            body.mark(0, end - start, Context.UNSAFE, why.BROKEN_BODY)
        self.marks += (
            Region(mark.start + start, mark.end + start, mark.context, mark.reason) for mark in body.marks
        )
        self.comments += ((first + start, last + start) for first, last in body.comments)
        self.parameters += ((first + start, last + start) for first, last in body.parameters)
        self.heredocs += (heredoc.shift(start) for heredoc in body.heredocs)


def _is_name_character(text: str, position: int) -> bool:
    """Whether a letter, a digit or `_` stands there: what could be the beginning of a placeholder."""
    char = text[position : position + 1]
    return char.isalnum() or char == "_"
