"""Parses the commands of POSIX shells.

They are lists, pipelines, simple commands, redirections and functions.
"""

from __future__ import annotations

from ...text.lazy_pattern import LazyPattern
from ..quoting import Context
from .dialect import Dialect
from .lexer import LEFT_SIDE, NUMERIC_GLOB, WordLexer
from .regions import ARITHMETIC, NAME, TEST, ShellSyntaxError

_KEYWORD = LazyPattern(r"[a-z!{}\[\]]+(?=[ \t\n;&|<>()]|\\\n|\Z)")

_FUNCTION = LazyPattern(r"[ \t]*\([ \t]*\)")

_NAME = LazyPattern(r"[^\W\d]\w*")

_TIME_OPTION = LazyPattern(r"(-p|--)[ \t]+")

_DECLARATIONS = frozenset(("declare", "export", "float", "integer", "local", "readonly", "typeset"))

_OPENED_BY = {
    "then": "if",
    "elif": "if",
    "else": "if",
    "fi": "if",
    "do": "for",
    "done": "do",
    "esac": "case",
    "}": "{",
    ")": "(",
}


class CommandParser(WordLexer):
    """Reads the commands of a script, one after another."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        super().__init__(text, dialect)
        self.zsh = dialect.is_zsh

    # -- tokens

    def keyword(self) -> str:
        """Return the next word if it looks like a keyword, or ""."""
        if self.zsh and (self.peek() == "{" or self.at_closing_brace()):
            return self.peek()
        found = _KEYWORD.match(self.text, self.pos)
        return found[0] if found else ""

    def take(self, *words: str) -> str:
        """Pass one of the keywords, if it is next, and return it; "" for none."""
        word = self.keyword()
        if word not in words:
            return ""
        self.pos += len(word)
        return word

    def expect(self, closer: str, opened: int, opener: str) -> None:
        """Pass the end of the construct that began with the opener."""
        if not self.closes((closer,)):
            raise ShellSyntaxError(opened, f"`{opener}` has no `{closer}`")
        self.pos += len(closer)

    def closes(self, closers: tuple[str, ...]) -> bool:
        """Return whether one of the closers is next."""
        return any(self.at(closer) if closer[0] in ";)" else self.keyword() == closer for closer in closers)

    def make_unexpected_error(self) -> ShellSyntaxError:
        """Return the error for the next token, which cannot begin or follow a command."""
        word = self.keyword() or self.peek()
        if not word:
            return ShellSyntaxError(max(self.pos - 1, 0), "the script ends where a command is expected")
        opener = _OPENED_BY.get(word)
        return ShellSyntaxError(
            self.pos, f"`{word}` has no `{opener}`" if opener else f"`{word}` is not expected here"
        )

    # -- lists of commands

    def commands(self, closers: tuple[str, ...], opened: int, opener: str) -> None:
        """Read commands, if there are any, up to a closer or the end of the script."""
        self.some_commands(closers)

    def block(self, closers: tuple[str, ...], opened: int, opener: str) -> None:
        """Read one or more commands up to a closer; only zsh takes an empty block."""
        if not self.some_commands(closers) and not self.zsh and self.closes(closers):
            raise ShellSyntaxError(opened, f"`{opener}` has no command in it")

    def some_commands(self, closers: tuple[str, ...], *, brief: bool = False) -> int:
        """Read commands and count them; if `brief`, stop where zsh lets a body follow at once."""
        count = 0
        while True:
            self.blank_lines()
            if not self.peek() or self.closes(closers):
                return count
            if self.keyword() in _OPENED_BY and ")" not in closers:
                return count  # the construct is not closed, and the caller knows where it began
            self.and_or()
            count += 1
            if not self.separator() and self.peek() not in ("", "\n", "#") and not self.closes(closers):
                if brief and self.zsh:
                    return count
                raise self.make_unexpected_error()

    def separator(self) -> bool:
        """Pass the `;` or `&` that ends a command."""
        if self.peek() == "&" and not self.at("&&"):
            self.pos += 2 if self.zsh and (self.at("&|") or self.at("&!")) else 1
            return True
        if self.peek() == ";" and not (self.at(";;") or self.at(";&") or (self.zsh and self.at(";|"))):
            self.pos += 1
            return True
        return False

    def and_or(self) -> None:
        """Read pipelines with `&&` and `||` between them, and the blanks after them."""
        self.pipeline()
        while self.at("&&") or self.at("||"):
            self.operator(2)
            self.pipeline()

    def operator(self, length: int) -> None:
        """Pass an operator that a command must follow, here or on a later line."""
        opened = self.pos
        self.pos += length
        self.blank_lines()
        if not self.peek():
            raise ShellSyntaxError(opened, f"`{self.text[opened : opened + length]}` has no command after it")

    def pipeline(self) -> None:
        """Read commands with `|` or `|&` between them, and the blanks after them."""
        prefixes = self.dialect.prefixes
        while True:
            if not self.prefixes(prefixes):
                self.command()
            self.skip_blanks()
            if self.peek() != "|" or self.at("||"):
                return
            self.operator(2 if self.at("|&") and self.dialect.is_extended else 1)
            prefixes = self.dialect.prefixes_in_pipe

    def prefixes(self, words: tuple[str, ...]) -> bool:
        """Pass `!`, `time` and `coproc`; return True if no command follows or is needed."""
        stands_alone = False
        while word := self.take(*words):
            self.skip_blanks()
            if word == "time" and (option := _TIME_OPTION.match(self.text, self.pos)):
                self.pos = option.end()
            elif word == "coproc":
                self.coprocess_name()
            stands_alone = self.dialect.is_extended and word != "coproc"
        return stands_alone and self.peek() in ("", "\n", ";", "&", "#", ")")

    def coprocess_name(self) -> None:
        """Pass the name in bash's `coproc NAME { …; }`."""
        start = self.pos
        name = _NAME.match(self.text, start)
        if not self.dialect.is_bash or name is None or self.is_compound(self.keyword()):
            return
        self.pos = name.end()
        self.skip_blanks()
        if self.peek() == "(" or self.is_compound(self.keyword()):
            self.mark(start, name.end(), Context.UNSAFE, NAME)
        else:
            self.pos = start

    # -- commands

    def is_compound(self, word: str) -> bool:
        """Return whether the word begins a compound command in this dialect."""
        return word in self.dialect.compounds

    def compound(self, word: str, opened: int) -> None:
        """Read the rest of the compound command that begins with `word`; `parser` implements this."""
        raise NotImplementedError

    def command(self) -> None:
        """Read one command, simple or compound, with its redirections."""
        opened = self.pos
        self.descend(opened)
        word = self.keyword()
        if self.at("((") and self.dialect.is_extended and (end := self.arithmetic_end(opened)) is not None:
            self.pos = end
            self.mark(opened, end, Context.UNSAFE, ARITHMETIC)
        elif self.zsh and (nameless := _FUNCTION.match(self.text, opened)):
            self.pos = nameless.end()
            self.function_body(opened)
            self.words_of_line()
        elif self.peek() == "(":
            self.pos += 1
            self.block((")",), opened, "(")
            self.expect(")", opened, "(")
        elif self.is_compound(word):
            self.pos += len(word)
            self.skip_blanks()
            self.compound(word, opened)
        elif word == "!" or word in _OPENED_BY:
            raise self.make_unexpected_error()
        else:
            self.simple(opened)
            self.ascend()
            return
        self.skip_blanks()
        while self.redirection():
            self.skip_blanks()
        self.ascend()

    def simple(self, opened: int) -> None:
        """Read assignments, words and redirections; or a function definition, which looks alike."""
        assigns, leading, in_test = True, True, False
        while True:
            self.skip_blanks()
            if self.redirection():
                continue
            if in_test and (self.at("&&") or self.at("||")):
                self.pos += 2
                continue
            start, known = self.pos, len(self.marks)
            is_assignment = assigns and LEFT_SIDE.match(self.text, start)
            if self.at_end_of_words() or not self.word(assigns=assigns):
                break
            if is_assignment:
                continue
            if (leading or self.zsh) and (parentheses := _FUNCTION.match(self.text, self.pos)):
                self.mark_unsafe(start, NAME, known)
                self.pos = parentheses.end()
                self.function_body(opened)
                return
            if self.dialect.test_is_command:
                in_test = self._word_of_test(start, known, in_test)
            if leading:
                assigns, leading = self.text[start : self.pos] in _DECLARATIONS, False
        if self.pos == opened or self.peek() == "(":
            raise self.make_unexpected_error()

    def _word_of_test(self, start: int, known: int, in_test: bool) -> bool:
        """Mark the word from `start` if it is an operand of `[[`; return whether more can follow."""
        word = self.text[start : self.pos]
        if word in ("[[", "]]"):
            return word == "[["
        if in_test:
            self.mark_unsafe(start, TEST, known)
        return in_test

    def words_of_line(self) -> None:
        """Read words and redirections, if there are any."""
        self.skip_blanks()
        while self.redirection() or (not self.at_end_of_words() and self.word()):
            self.skip_blanks()

    def at_end_of_words(self) -> bool:
        """Return whether the next character cannot begin a word of the command."""
        return self.peek() in ("", "\n", ";", "&", "|", ")", "#") or (self.zsh and self.at_closing_brace())

    def redirection(self) -> bool:
        """Pass a redirection and its word, and return whether there was one."""
        found = self.dialect.redirection.match(self.text, self.pos)
        if found is None or self.begins_word(found[0]):
            return False
        opened, self.pos = self.pos, found.end()
        operator = found[1]
        self.skip_blanks()
        if operator in ("<<", "<<-"):
            self.end_word(opened, operator == "<<-")
        elif not self.word():
            raise ShellSyntaxError(opened, f"`{operator}` has no word after it")
        return True

    def begins_word(self, operator: str) -> bool:
        """Return whether `<` or `>` is the first character of `<( )` or of zsh's `<1-9>`."""
        if operator not in ("<", ">") or not self.dialect.has_process_substitution:
            return False
        return self.text.startswith("(", self.pos + 1) or (
            self.zsh and NUMERIC_GLOB.match(self.text, self.pos) is not None
        )

    def function_body(self, opened: int) -> None:
        """Read the command that is the body of a function."""
        self.blank_lines()
        if not self.peek():
            raise ShellSyntaxError(opened, "the function has no body")
        self.command()
