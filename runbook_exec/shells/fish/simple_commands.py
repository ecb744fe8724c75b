"""Finds the simple commands of a script for fish, those in functions and `( )` excepted."""

from __future__ import annotations

import re

from ...system.memo import cache_scans
from ...text.lazy_pattern import LazyPattern
from ..simple_command import SimpleCommand, read_plain_command, remove_quotes
from .cursor import Unparsable
from .parser import FishParser

_WORD = LazyPattern(r"(?>(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\\.|[^\s'\"\\<>])+)", re.DOTALL)


@cache_scans  # several rules and the plan ask about the same statement
def find_simple_commands(script: str) -> tuple[SimpleCommand, ...]:
    """Return the simple commands of a script in order, up to its first syntax error."""
    plain = read_plain_command(script)
    if plain is not None:
        return (plain,)
    collector = _FishCommandCollector(script, 0, len(script), [])
    collector.found = []
    try:
        while collector.skip_separators() < len(script):
            collector.statement()
    except Unparsable:
        pass
    return tuple(collector.found)


class _FishCommandCollector(FishParser):
    """The parser, which also collects the words of each simple command."""

    found: list[SimpleCommand]
    _is_fed: bool
    _ignored: int

    def statement(self) -> int:
        if self.position == 0:
            self.found, self._is_fed, self._ignored = [], False, 0
        return super().statement()

    def is_one_command(self) -> bool:
        return False  # it would be passed over as a whole

    def job(self) -> None:
        outer = self._is_fed
        super().job()
        self._is_fed = outer

    def operator(self) -> None:
        self._is_fed = self._is_fed or self.now.kind == "pipe"
        super().operator()

    def block(self) -> None:
        is_function, first, outer = self.now.keyword == "function", len(self.found), self._is_fed
        self._ignored += is_function
        super().block()
        self._ignored -= is_function
        self._is_fed = outer
        if self.now.kind == "redirect" and self.now.text.startswith("<"):
            self.found[first:] = [each._replace(is_fed=True) for each in self.found[first:]]

    def words_and_redirections(self) -> None:
        first, is_fed, words = self.now.start, self._is_fed, []
        while self.now.kind in ("word", "redirect"):
            if self.now.kind == "redirect":
                is_fed = is_fed or self.now.text.startswith("<")
                self.redirection()
                continue
            words += _WORD.findall(self.script, self.now.start, self.now.end)
            for start, end in self.now.substitutions:
                self.substitution(start, end)
            self.advance()
        if words and not self._ignored:
            self.found.append(SimpleCommand(tuple(map(remove_quotes, words)), first, is_fed))
