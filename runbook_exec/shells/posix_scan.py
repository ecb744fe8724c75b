"""Where the complete commands of a bash, zsh or sh script begin and end, by the shell's own grammar."""

from __future__ import annotations

import re

from ..model import Context
from .base import Scan
from .posix_words import NAME, Dialect, Heredoc, Region, Unfinished, Words, flatten

_KEYWORD = re.compile(r"[a-z!{}\[\]]+(?=[ \t\n;&|<>()]|\\\n|\Z)")
_FUNCTION = re.compile(r"[ \t]*\([ \t]*\)")
_NAME = re.compile(r"[^\W\d]\w*")
_REDIRECTION = {
    "bash": re.compile(r"(?:\d+|\{\w+\})?(?P<op><<<|<<-?|<>|<&|&>>?|>>|>&|>\||[<>])"),
    "zsh": re.compile(r"(?:\d+|\{\w+\})?(?P<op><<<|<<-?|<>|<&|(?:&>>?|>>|>&|>)[|!]?(?![|])|&>>?|>>|<)"),
    "sh": re.compile(r"\d*(?P<op><<-?|<>|<&|>>|>&|>\||[<>])"),
}
_CASE_ENDS = (";;&", ";;", ";&", ";|")
_DECLARATIONS = frozenset(("declare", "export", "float", "integer", "local", "readonly", "typeset"))
_MATCHES = ("==", "=", "!=")
_MATCHES_REGEX = ("=~", "-regex-match", "-pcre-match")

_STRAY = {
    "then": "`then` has no `if`",
    "elif": "`elif` has no `if`",
    "else": "`else` has no `if`",
    "fi": "`fi` has no `if`",
    "do": "`do` has no `for`, `while` or `until`",
    "done": "`done` has no `do`",
    "esac": "`esac` has no `case`",
    "}": "`}` has no `{`",
    ")": "`)` has no `(`",
}


class _Grammar(Words):
    """The commands of a script, read one after another."""

    # -- tokens

    @property
    def zsh(self) -> bool:
        return self.dialect == "zsh"

    def keyword(self) -> str:
        """What stands here if it looks like a keyword, or ""."""
        found = _KEYWORD.match(self.text, self.pos)
        return found[0] if found else ""

    def take(self, *words: str) -> str:
        """Pass one of the keywords, if one stands here, and say which."""
        word = self.keyword()
        if word not in words:
            return ""
        self.pos += len(word)
        return word

    def expect(self, word: str, opened: int, opener: str) -> None:
        """Pass the keyword that ends what began with the opener."""
        if not self.take(word):
            raise Unfinished(opened, f"`{opener}` has no `{word}`")

    def closes(self, closers: tuple[str, ...]) -> bool:
        """Whether one of the closers stands here."""
        return any(self.at(closer) if closer[0] in ";)" else self.keyword() == closer for closer in closers)

    def unexpected(self) -> Unfinished:
        """The error for what stands here, which cannot begin or follow a command."""
        word = self.keyword() or self.peek()
        return Unfinished(self.pos, _STRAY.get(word, f"`{word}` is not expected here"))

    # -- lists of commands

    def commands(
        self, closers: tuple[str, ...], opened: int, opener: str, *, optional: bool = True, brief: bool = False
    ) -> None:
        """Read commands up to a closer or the end; `brief`: or to where zsh lets a body follow at once."""
        count = 0
        while True:
            self.blank_lines()
            if not self.peek() or self.closes(closers):
                break
            self.and_or()
            count += 1
            self.blanks()
            if not self.separator():
                if self.peek() in ("", "\n", "#") or self.closes(closers):
                    continue
                if brief and self.zsh:
                    return
                raise self.unexpected()
        if not count and not optional and not self.zsh and self.peek():
            raise Unfinished(self.pos, f"`{opener}` has no command in it")

    def separator(self) -> bool:
        """Pass the `;` or `&` that ends a command."""
        if self.peek() == "&" and not self.at("&&"):
            self.pos += 2 if self.zsh and self.text[self.pos + 1 : self.pos + 2] in ("|", "!") else 1
            return True
        if self.peek() == ";" and not (self.at(";;") or self.at(";&") or (self.zsh and self.at(";|"))):
            self.pos += 1
            return True
        return False

    def and_or(self) -> None:
        """Pipelines with `&&` and `||` between them."""
        self.pipeline()
        self.blanks()
        while self.at("&&") or self.at("||"):
            self.after_operator(2)
            self.pipeline()
            self.blanks()

    def after_operator(self, length: int) -> None:
        """Pass an operator that a command must follow, here or on a later line."""
        opened = self.pos
        self.pos += length
        self.blank_lines()
        if not self.peek():
            raise Unfinished(opened, f"`{self.text[opened : opened + length]}` has no command after it")

    def pipeline(self) -> None:
        """Commands with `|` or `|&` between them, each with `!`, `time` or `coproc` before it."""
        while True:
            if not self.prefixes():
                self.command()
            self.blanks()
            if self.peek() != "|" or self.at("||"):
                return
            self.after_operator(2 if self.at("|&") and self.dialect != "sh" else 1)

    def prefixes(self) -> bool:
        """Pass what may stand before a command; true if that is already all there is."""
        prefixes = ("!",) if self.dialect == "sh" else ("!", "time", "coproc")
        word = ""
        while word := self.take(*prefixes) or "":
            self.blanks()
            if word == "time":
                while self.dialect == "bash" and (self.at("-p ") or self.at("-- ")):
                    self.pos += 2
                    self.blanks()
            if word == "coproc":
                self.coprocess_name()
            if self.peek() in ("", "\n", ";", "&", "#", ")"):
                if self.dialect == "sh" or word == "coproc":
                    raise self.unexpected() if self.peek() else Unfinished(self.pos - 1, f"`{word}` has no command")
                return True
        return False

    def coprocess_name(self) -> None:
        """Pass the name in `coproc NAME { …; }`."""
        start = self.pos
        name = _NAME.match(self.text, start)
        if self.dialect != "bash" or name is None or self.keyword() in _COMPOUND:
            return
        self.pos = name.end()
        self.blanks()
        if self.peek() == "(" or self.keyword() in _COMPOUND:
            self.mark(start, name.end(), Context.UNSAFE, NAME)
        else:
            self.pos = start

    # -- commands

    def command(self) -> None:
        """One command, simple or compound, with its redirections."""
        opened = self.pos
        word = self.keyword()
        with self.level(opened):
            if self.at("((") and self.dialect != "sh" and (end := self.arithmetic_end(opened)) is not None:
                self.arithmetic(opened, end)
            elif self.zsh and (empty := _FUNCTION.match(self.text, opened)):
                self.pos = empty.end()
                self.function_body(opened)
                self.words_and_redirections()
            elif self.peek() == "(":
                self.pos += 1
                self.commands((")",), opened, "(", optional=False)
                if self.peek() != ")":
                    raise Unfinished(opened, "`(` has no `)`")
                self.pos += 1
            elif (compound := _COMPOUND.get(word)) and self.dialect in compound[1]:
                self.pos += len(word)
                self.blanks()
                compound[0](self, opened, word)
            elif word in _STRAY or (self.zsh and word == "end"):
                raise self.unexpected()
            else:
                self.simple()
                return
        self.redirections()

    def arithmetic(self, opened: int, end: int) -> None:
        """`(( … ))`."""
        self.pos = end
        self.mark(opened, end, Context.UNSAFE, ARITHMETIC)

    def simple(self) -> None:
        """Assignments, words and redirections; or a function's definition, which begins like them."""
        opened = self.pos
        assigns = leading = True
        while True:
            self.blanks()
            if self.redirection():
                continue
            start, known = self.pos, len(self.marks)
            if self.at_end_of_words() or not self.word(assigns=assigns):
                break
            raw = self.text[start : self.pos]
            if leading and not (known < len(self.marks) and self.marks_assignment(known, start)):
                leading = False
                assigns = raw in _DECLARATIONS
                first = True
            else:
                first = False
            if (first or self.zsh) and (parentheses := _FUNCTION.match(self.text, self.pos)):
                self.mark_unsafe(start, NAME, known)
                self.pos = parentheses.end()
                self.function_body(opened)
                self.redirections()
                return
        if self.pos == opened or self.peek() == "(":
            raise self.unexpected()
