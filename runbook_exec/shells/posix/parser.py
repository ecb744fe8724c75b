"""Splits scripts of POSIX shells into complete commands, by the grammar of the shell."""

from __future__ import annotations

from contextlib import suppress

from ...text.lazy_pattern import LazyPattern
from ..base import Scan
from ..quoting import Context
from .commands import CommandParser
from .dialect import Dialect
from .parsed_script import ParsedScript
from .regions import ARITHMETIC, NAME, ShellSyntaxError, flatten_regions

_NAME = LazyPattern(r"[^\W\d]\w*")

_FUNCTION = LazyPattern(r"[ \t]*\([ \t]*\)")

_CASE_ENDS = (";;&", ";;", ";&", ";|")

_MATCHES = frozenset(("=", "==", "!="))

_MATCHES_REGEX = frozenset(("=~", "-regex-match", "-pcre-match"))


def scan(script: str, dialect: Dialect) -> Scan:
    """Return the complete commands of a script and the quoting of every stretch; never raises.

    Commands on one line with a here-document after it cannot be separated: they are one statement.
    If the script does not parse, `problem` has the reason and the rest of the script is one statement.
    """
    reading = parse_script(script, dialect)
    regions = tuple((region.start, region.end, region.context) for region in reading.regions)
    return Scan(reading.statements, regions, reading.comments, reading.problem)


def parse_script(script: str, dialect: Dialect) -> ParsedScript:
    """Return the result of `scan` with the parameters and here-documents that quoting needs."""
    grammar = PosixParser(script, dialect)
    statements: list[tuple[int, int]] = []
    problem = None
    start = 0
    try:
        while True:
            grammar.blank_lines()
            start = grammar.pos
            if not grammar.peek():
                break
            statements.append((start, grammar.statement()))
    except ShellSyntaxError as unfinished:
        problem = (unfinished.offset, unfinished.message)
        statements.append((start, len(script.rstrip(" \t\n"))))
    return ParsedScript(
        tuple(statements),
        flatten_regions(grammar.marks),
        tuple(sorted(grammar.comments)),
        problem,
        tuple(grammar.parameters),
        tuple(grammar.heredocs),
        tuple(grammar.expansions),
    )


class PosixParser(CommandParser):
    """The cursor with the whole grammar; the methods of compounds start after the first word."""

    def statement(self) -> int:
        """Read a complete command and all that cannot be separated from it; return its end."""
        while True:
            self.and_or()
            end = self.end
            background = self.peek() == "&"
            separated = self.separator()
            end = self.pos if background else end
            self.skip_blanks()
            if not self.awaits_body:
                if not separated and self.peek() not in ("", "\n", "#"):
                    raise self.make_unexpected_error()
                return end
            if self.peek() == "#":
                self.skip_comment()
            if not self.peek():
                self.check_bodies()
            if self.peek() == "\n":
                self.newline()
                last = self.heredocs[-1]
                # an empty last line is visible only by its newline
                return self.pos if last.end == last.close else last.close
            if not separated:
                raise self.make_unexpected_error()

    def compound(self, word: str, opened: int) -> None:
        match word:
            case "if":
                self.conditional(opened)
            case "while" | "until":
                self.while_loop(opened, word)
            case "for" | "select" | "foreach":
                self.for_loop(opened, word)
            case "repeat":
                self.repeat_loop(opened)
            case "case":
                self.case(opened)
            case "{":
                self.group(opened)
            case "[[":
                self.test(opened)
            case _:
                self.function(opened)

    def function(self, opened: int) -> None:
        """Read `function NAME { …; }`, in zsh with any number of names."""
        names = 0
        while not self.at_end_of_words() and self.peek() not in ("(", "{") and (self.zsh or not names):
            start, known = self.pos, len(self.marks)
            if not self.word():
                break
            self.mark_unsafe(start, NAME, known)
            self.skip_blanks()
            names += 1
        if not names and not self.zsh:
            raise ShellSyntaxError(opened, "`function` has no name after it")
        if parentheses := _FUNCTION.match(self.text, self.pos):
            self.pos = parentheses.end()
        self.function_body(opened)
        if not names:
            self.words_of_line()

    def group(self, opened: int) -> None:
        """Read `{ …; }`, in zsh with `always { …; }`."""
        self.block(("}",), opened, "{")
        self.expect("}", opened, "{")
        self.skip_blanks()
        if self.zsh and self.take("always"):
            self.skip_blanks()
            self.braces_or_command()

    def conditional(self, opened: int) -> None:
        """Read `if …; then …; fi`, and zsh's `if … { … }` and `if … command`."""
        word = "if"
        while word in ("if", "elif"):
            if self.condition(opened, "if", "then"):
                word = self.take("elif", "else") if self.braces_or_command() else ""
                if word == "else":
                    self.skip_blanks()
                    self.braces_or_command()
                if word != "elif":
                    return
            else:
                self.block(("elif", "else", "fi"), opened, "if")
                word = self.take("elif", "else", "fi")
        if word == "else":
            self.block(("fi",), opened, "if")
            word = self.take("fi")
        if not word:
            raise ShellSyntaxError(opened, "`if` has no `fi`")

    def condition(self, opened: int, opener: str, then: str) -> bool:
        """Read commands up to `then` or `do`; return True if a body follows without it, as in zsh."""
        if not self.some_commands((then,), brief=True) and not self.zsh and self.closes((then,)):
            raise ShellSyntaxError(opened, f"`{opener}` has no command after it")
        if self.take(then):
            return False
        if not self.zsh or not self.peek():
            raise ShellSyntaxError(opened, f"`{opener}` has no `{then}`")
        return True

    def braces_or_command(self) -> bool:
        """Read the body of zsh's short form and the blanks after it; return whether it has braces."""
        braces = self.keyword() == "{"
        if braces:
            opened, self.pos = self.pos, self.pos + 1
            self.block(("}",), opened, "{")
            self.expect("}", opened, "{")
            self.skip_blanks()
        else:
            self.and_or()
        return braces

    def while_loop(self, opened: int, word: str) -> None:
        """Read `while` and `until`."""
        if self.condition(opened, word, "do"):
            self.braces_or_command()
        else:
            self.rest_of_loop(opened, word)

    def for_loop(self, opened: int, word: str) -> None:
        """Read `for` in all its forms, and `select`."""
        if self.at("((") and self.dialect.is_extended and (end := self.arithmetic_end(self.pos)) is not None:
            self.mark(self.pos, end, Context.UNSAFE, ARITHMETIC)
            self.pos = end
            self.skip_blanks()
        else:
            self.loop_names(opened, word)
            self.blank_lines()
            if self.zsh and self.peek() == "(":
                self.parenthesised_words(opened)
            elif self.take("in"):
                self.words_of_line()
        self.separator()
        self.blank_lines()
        self.loop_body(opened, word)

    def loop_names(self, opened: int, word: str) -> None:
        """Read the variable of a loop; zsh allows several."""
        names = 0
        while name := _NAME.match(self.text, self.pos):
            if names and (not self.zsh or name[0] in ("in", "do")):
                break
            self.mark(self.pos, name.end(), Context.UNSAFE, NAME)
            self.pos = name.end()
            self.skip_blanks()
            names += 1
        if not names:
            raise ShellSyntaxError(opened, f"`{word}` has no variable after it")

    def parenthesised_words(self, opened: int) -> None:
        """Read the list of zsh's `for x (a b) …`."""
        self.pos += 1
        self.blank_lines()
        while self.word():
            self.blank_lines()
        self.expect(")", opened, "(")
        self.skip_blanks()

    def repeat_loop(self, opened: int) -> None:
        """Read zsh's `repeat COUNT …`."""
        if not self.word():
            raise ShellSyntaxError(opened, "`repeat` has no count after it")
        self.skip_blanks()
        self.separator()
        self.blank_lines()
        self.loop_body(opened, "repeat")

    def loop_body(self, opened: int, word: str) -> None:
        """Read `do …; done`, braces, and the short forms of zsh."""
        if word == "foreach":
            self.block(("end",), opened, word)
            self.expect("end", opened, word)
        elif self.take("do"):
            self.rest_of_loop(opened, word)
        elif self.keyword() == "{" or (self.zsh and self.peek()):
            self.braces_or_command()
        else:
            raise ShellSyntaxError(opened, f"`{word}` has no `do`")

    def rest_of_loop(self, opened: int, word: str) -> None:
        """Read the commands of a loop after `do`, and `done`."""
        self.block(("done",), opened, word)
        self.expect("done", opened, word)

    def case(self, opened: int) -> None:
        """Read `case WORD in … esac`, in zsh also with braces."""
        if not self.word():
            raise ShellSyntaxError(opened, "`case` has no word after it")
        self.blank_lines()
        closer = "esac" if self.take("in") else "}" if self.zsh and self.take("{") else ""
        if not closer:
            raise ShellSyntaxError(opened, "`case` has no `in`")
        while True:
            self.blank_lines()
            if not self.peek() or self.closes((closer,)):
                break
            self.case_patterns()
            self.commands((*_CASE_ENDS, closer), opened, "case")
            ends = [end for end in _CASE_ENDS if self.at(end)]
            if not ends:
                break
            self.pos += len(ends[0])
        self.expect(closer, opened, "case")

    def case_patterns(self) -> None:
        """Read the patterns of one arm of a `case`, with the `)` after them."""
        if self.peek() == "(" and not (self.zsh and self.parenthesis_is_pattern()):
            self.pos += 1
        while True:
            self.blank_lines()
            start = self.pos
            if not self.word():
                raise ShellSyntaxError(start, "a pattern of `case` is missing")
            self.blank_lines()
            if self.peek() != "|":
                break
            self.pos += 1
        if self.peek() != ")":
            raise ShellSyntaxError(start, "a pattern of `case` has no `)`")
        self.pos += 1

    def parenthesis_is_pattern(self) -> bool:
        """Return whether zsh reads the `( )` here as part of a pattern, not around all patterns."""
        end = self.parenthesis_end(self.pos)
        return end is not None and self.text[end : end + 1] not in ("", " ", "\t", "\n", ";")

    def test(self, opened: int) -> None:
        """Read `[[ … ]]`."""
        before = ""
        while True:
            self.blank_lines()
            start = self.pos
            if not self.peek():
                raise ShellSyntaxError(opened, "`[[` has no `]]`")
            if self.take("]]"):
                return
            is_pattern = before in _MATCHES | _MATCHES_REGEX
            if self.at("&&") or self.at("||"):
                self.pos += 2
            elif self.peek() in (";", "&", "|"):
                raise self.make_unexpected_error()
            elif (self.peek() == "(" and not is_pattern) or not self.word(regex=before in _MATCHES_REGEX):
                self.pos += 1
            before = self.text[start : self.pos]


def read_statements(grammar: PosixParser) -> None:
    """Read to the end of the text, or to its first syntax error, which the shell refuses too."""
    with suppress(ShellSyntaxError):
        while True:
            grammar.blank_lines()
            if not grammar.peek():
                return
            grammar.statement()
