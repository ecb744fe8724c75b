"""Finds the simple commands of a script for a POSIX shell, those in functions and `$( )` excepted."""

from __future__ import annotations

from ..simple_command import SimpleCommand, read_plain_command, remove_quotes
from .dialect import Dialect
from .parser import PosixParser, read_statements

FEWER_LEVELS = 25  # the collector has more calls for each level of nesting than the parser


def find_simple_commands(script: str, dialect: Dialect) -> tuple[SimpleCommand, ...]:
    """Return the simple commands of a script in order, up to its first syntax error."""
    plain = read_plain_command(script)
    if plain is not None:
        return (plain,)
    collector = _PosixCommandCollector(script, dialect)
    read_statements(collector)
    return tuple(collector.found)


class _PosixCommandCollector(PosixParser):
    """The parser, which also collects the words of each simple command."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        super().__init__(text, dialect)
        self.depth = FEWER_LEVELS
        self.found: list[SimpleCommand] = []
        self._words: list[str] | None = None  # None while words are not those of a command
        self._is_fed = False  # whether standard input is a pipe or a file here
        self._is_redirected = False  # whether the command has redirected its standard input
        self._ignored = 0  # depth in functions and substitutions

    def command(self) -> None:
        first, outer = len(self.found), (self._is_fed, self._is_redirected)
        self._is_fed = self._is_fed or self._is_after_pipe()
        self._is_redirected = False
        super().command()
        if self._is_redirected:
            self.found[first:] = [each._replace(is_fed=True) for each in self.found[first:]]
        self._is_fed, self._is_redirected = outer

    def simple(self, opened: int) -> None:
        outer = self._words
        words: list[str] = []
        self._words = words
        super().simple(opened)
        self._words = outer
        if words and not self._ignored:
            self.found.append(SimpleCommand(tuple(map(remove_quotes, words)), opened, self._is_fed))

    def word(self, *, assigns: bool = False, regex: bool = False) -> bool:
        start, words = self.pos, self._words
        self._words = None
        found = super().word(assigns=assigns, regex=regex)
        self._words = words
        if found and words is not None:
            words.append(self.text[start : self.pos])
        return found

    def redirection(self) -> bool:
        start, words = self.pos, self._words
        self._words = None
        found = super().redirection()
        self._words = words
        if found and self.text[start : self.pos].lstrip("0123456789").startswith("<"):
            self._is_redirected = True
        return found

    def function_body(self, opened: int) -> None:
        words = self._words
        self._ignored += 1
        super().function_body(opened)
        self._ignored -= 1
        if words is not None:
            words.clear()  # they were the function's name

    def substitution(self, opened: int) -> None:
        self._ignored += 1
        super().substitution(opened)
        self._ignored -= 1

    def _is_after_pipe(self) -> bool:
        at = self.pos - 1
        while at > 0 and self.text[at] in " \t\n":
            at -= 1
        if at > 0 and self.text[at] == "&" and self.text[at - 1] == "|":
            at -= 1
        return at >= 0 and self.text[at] == "|" and self.text[at - 1 : at] != "|"
