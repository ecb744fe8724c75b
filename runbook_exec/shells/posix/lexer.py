"""Reads the words of POSIX shells and the here-documents after them.

It marks the context of every character. `WordLexer` is a cursor over a script; `commands` adds the grammar of
commands to it. While it reads, it marks stretches with their context. Marks nest as the quoting does; in the
end the innermost counts.
"""

from __future__ import annotations

import re
from typing import cast

from ...text.lazy_pattern import LazyPattern
from ..quoting import Context
from . import regions as why
from .dialect import Dialect
from .expansions import BREAKS, OPENERS, ExpansionLexer, is_name_character
from .heredocs import EndWord, find_last_line, make_missing_end_error
from .regions import Region, ShellSyntaxError

_PLAIN = LazyPattern(r"[^\\'\"`$ \t\n;&|<>()~=\[{}]+")

_CLOSING_BRACE = LazyPattern(r"\}(?=\}*(?:[ \t\n;&|<>()]|\\\n|\Z))")

LEFT_SIDE = LazyPattern(r"[^\W\d]\w*(?:\[(?:[^\[\]\n]|\[[^\[\]\n]*\])*\])?\+?=")

_ELEMENT_KEY = LazyPattern(r"\[[^\]\n]*\]\+?=")

_BRACKETS = LazyPattern(r"\[[^ \t\n\]\\'\"`;&|()<>]*+(\]?)")

_BRACES = LazyPattern(r"\{[^ \t\n{},;&|()<>\\'\"`]*+\}")

NUMERIC_GLOB = LazyPattern(r"<\d*-\d*>")


class WordLexer(ExpansionLexer):
    """A cursor that reads words."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        super().__init__(text, dialect)
        self._brackets_known = 0  # up to where it is known whether a `[` ends

    def at_closing_brace(self) -> bool:
        """Return whether a `}` is next that zsh takes for a word, even at the end of another word."""
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
                self.dialect.is_zsh
                and self.peek() == ";"
                and self.text[self.pos + 1 : self.pos + 2] not in (*";&|",)
            ):
                self.pos += 1
            else:
                return
            self._blank_until = self.pos

    def word(self, *, assigns: bool = False, regex: bool = False) -> bool:
        """Read one word and return whether there was one; `assigns`: `name=…` is an assignment."""
        start, known, braces = self.pos, len(self.marks), 0
        if assigns and (left := LEFT_SIDE.match(self.text, start)):
            self.pos = left.end()
            self.mark(start, self.pos, Context.UNSAFE, why.NAME)
            if self.peek() == "(" and self.dialect.is_extended:
                self._array()
        while char := self.peek():
            if char in OPENERS:
                self.read_opener(char)
            elif char in BREAKS:
                if not self._group(start, char, regex):
                    break
            elif char in "{}" and self.dialect.is_zsh:
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
        elif self.dialect.is_zsh and self.text.startswith("=", start):
            self.mark(start, self.pos, Context.UNSAFE, why.COMMAND_PATH)
        return self.pos > start

    def _read_expansion_start(self, start: int, char: str) -> None:
        """Pass a character that may begin an expansion, and mark where a value could be part of one."""
        before = self.text[self.pos - 1 : self.pos] if self.pos > start else ""
        if char == "~" and (not before or before in "=:") and is_name_character(self.text, self.pos + 1):
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
        """Read a parenthesis that is part of the word from `start`; return whether there was one."""
        opened = self.pos
        zsh = self.dialect.is_zsh
        if regex and self.dialect.is_bash and char == "|":
            self.pos += 1
        elif char in "<>" and self.dialect.has_process_substitution and self.text.startswith("(", opened + 1):
            self.pos += 1
            self.substitution(opened)
        elif zsh and char == "<" and (numbers := NUMERIC_GLOB.match(self.text, opened)):
            self.pos = numbers.end()
        elif char != "(" or not self.dialect.is_extended:
            return False
        elif zsh and opened == start + 1 and self.text[start] == "=":
            self.substitution(start)
        elif (
            regex
            or (zsh and not self.at("()"))
            or (opened > start and self.text[opened - 1] in "?*+@!" and not zsh)
        ):
            self.read_balanced("(", ")", why.PATTERN)
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

    def end_word(self, operator: int, strips_tabs: bool) -> None:
        """Read the word after the `<<` at `operator`; its body comes after the next newline."""
        start, known = self.pos, len(self.marks)
        if not self.word():
            raise ShellSyntaxError(operator, "`<<` has no word after it")
        self.mark_unsafe(start, why.END_WORD, known)
        self.pending.append(EndWord(start, self.pos, self.text[start : self.pos], strips_tabs))

    @property
    def awaits_body(self) -> bool:
        """Return whether the body of a here-document is still missing."""
        return bool(self.pending)

    def newline(self) -> None:
        """Pass a newline and the bodies of the here-documents before it."""
        self.pos += 1
        words, self.pending = self.pending, []
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
        """Mark a body whose `$` and backticks are expanded; an error in it shows only when it runs."""
        body = type(self)(self.text[start:end], self.dialect)
        body.depth = self.depth
        try:
            body.read_expandable(Context.HEREDOC, "")
        except ShellSyntaxError:
            body.marks.clear()
            body.mark(0, end - start, Context.UNSAFE, why.BROKEN_BODY)
        self.include_body(body, start)

    def include_body(self, body: WordLexer, start: int) -> None:
        """Add what was found in a body that begins at `start`."""
        self.marks += (
            Region(mark.start + start, mark.end + start, mark.context, mark.reason) for mark in body.marks
        )
        self.comments += ((first + start, last + start) for first, last in body.comments)
        self.parameters += ((first + start, last + start) for first, last in body.parameters)
        self.expansions += ((first + start, last + start) for first, last in body.expansions)
        self.heredocs += (heredoc.shift(start) for heredoc in body.heredocs)
