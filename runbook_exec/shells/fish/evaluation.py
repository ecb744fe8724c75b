"""Finds the places of a statement of fish where what is written is read again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache

from ...text.lazy_pattern import LazyPattern
from ..base import Filling
from ..evaluation.builtins import find_assignment
from ..evaluation.places import EvaluatedPlace, Reader
from ..evaluation.programs import find_code_arguments, find_code_input, is_fetched
from ..evaluation.protection import CodeStretch, blank_fillings, find_stretch, protect_values
from ..evaluation.search import may_read_again
from ..evaluation.variables import VariableReading, find_variable_readings
from ..simple_command import find_plain_words, remove_quotes
from .cursor import Unparsable
from .parser import FishParser, scan

_Span = tuple[int, int]

_WORD_PART = LazyPattern(
    r"'(?P<single>(?:[^'\\]|\\.)*)'|\"(?P<double>(?:[^\"\\$]|\\.)*)\"|\\(?P<escaped>[^A-Za-z0-9\n])"
    r"|(?P<plain>[^'\"\\$*?\[\]{}~<>()]+)",
    re.DOTALL,
)

_ASSIGNED = LazyPattern(r"[A-Za-z_]\w*=")

_IN_SINGLE = LazyPattern(r"\\([\\'])|(.)", re.DOTALL)

_IN_DOUBLE = LazyPattern(r"\\([\\\"$])|\\\n|(.)", re.DOTALL)

# builtins of fish, and which of their words are code or a name
_CODE_OPTIONS = frozenset(("-a", "--arguments", "-n", "--condition", "-w", "--wraps"))

_PREFIXES = frozenset(("command", "builtin", "exec", "and", "or", "not", "!", "time", "begin"))


def protect_fish_values(text: str, fillings: Sequence[Filling]) -> Sequence[Filling]:
    """Return the fillings of a statement with the values quoted for all that reads them.

    Raises QuotingError for a value that could be executed.
    """
    if not may_read_again(text):
        return fillings
    blanked = blank_fillings(text, fillings)
    return protect_values(blanked, fillings, find_evaluated_places(blanked), _decode)


@lru_cache(maxsize=16)  # the rules ask again for each placeholder of a statement
def find_evaluated_places(text: str) -> tuple[EvaluatedPlace, ...]:
    """Return the places of a statement whose text is read again."""
    if not may_read_again(text):
        return ()
    found, pipelines = _collect_words(text)
    places = [place for words in found for place in _find_in_command(text, words)]
    return (*places, *_find_fed(text, found, pipelines))


def find_fish_readings(text: str) -> list[VariableReading]:
    """Return the variables whose content a statement reads again."""
    return list(find_variable_readings(text, find_evaluated_places(text), scan(text)))


def _collect_words(text: str) -> tuple[list[list[_Span]], list[list[_Span]]]:
    """Return the words of each command, and of each pipeline the stretches of its commands."""
    if plain := find_plain_words(text):
        return [plain], []
    collector = _FishEvaluationCollector(text, 0, len(text), [])
    with suppress(Unparsable):  # fish refuses the statement too
        collector.parse_all()
    return collector.found, collector.pipelines


class _FishEvaluationCollector(FishParser):
    """The parser, which also collects commands and pipelines."""

    def __init__(
        self, script: str, start: int, end: int, regions: list[object] | None = None, depth: int = 0
    ) -> None:
        super().__init__(script, start, end, [], depth)
        self.found: list[list[_Span]] = []  # the words of each command
        self.pipelines: list[list[_Span]] = []  # of each, the stretches of its commands

    def is_one_command(self) -> bool:
        return False  # it would be passed over as a whole

    def job(self) -> None:
        stages: list[_Span] = []
        self.time()
        while True:
            start = self.now.start
            self.command()
            stages.append((start, self.tokens[self.position - 1].end))
            if self.now.kind != "pipe":
                break
            self.operator()
        self.pipelines.append(stages)
        if self.now.kind == "background":
            self.advance()

    def assignments(self) -> None:
        first = self.position
        super().assignments()
        self.found += ([(token.start, token.end)] for token in self.tokens[first : self.position])

    def words_and_redirections(self) -> None:
        words: list[_Span] = []
        self.found.append(words)
        while self.now.kind in ("word", "redirect"):
            if self.now.kind == "redirect":
                self.redirection()
                continue
            words += _split_words(self.script, self.now.start, self.now.end)
            for start, end in self.now.substitutions:
                self.substitution(start, end)
            self.advance()

    def substitution(self, start: int, end: int) -> None:
        inner = _FishEvaluationCollector(self.script, start, end, [], self.depth + 1)
        if self.depth < 40:
            inner.parse_all()
        self.found += inner.found
        self.pipelines += inner.pipelines


_WORD = LazyPattern(
    r"(?>(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\\.|\((?>[^()'\"]|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\([^()]*\))*\)"
    r"|[^\s'\"\\<>])+)",
    re.DOTALL,
)


def _split_words(script: str, start: int, end: int) -> Iterator[_Span]:
    """Yield the words of a token, which can have the arguments after a command's name in it."""
    yield from (match.span() for match in _WORD.finditer(script, start, end))


def _find_in_command(text: str, spans: Sequence[_Span]) -> Iterator[EvaluatedPlace]:
    words = [remove_quotes(text[start:end]) for start, end in spans]
    at = 0
    while at < len(words) and (words[at] in _PREFIXES or _ASSIGNED.match(words[at])):
        at += 1
    yield from _find_environment(words[:at], spans)
    if at >= len(words):
        return
    name, rest = words[at], spans[at + 1 :]
    if name == "eval" and rest:
        yield EvaluatedPlace(rest[0][0], rest[-1][1], Reader.SHELL, name, "fish", tuple(rest))
    elif (name in ("trap", "abbr", "bind") and rest) or (name == "alias" and rest):
        yield EvaluatedPlace(rest[0][0], rest[-1][1], Reader.SHELL, name, "fish")
    elif name in ("complete", "function"):
        for index in range(at + 1, len(words) - 1):
            if words[index] in _CODE_OPTIONS:
                yield EvaluatedPlace(*spans[index + 1], Reader.SHELL, name, "fish")
    elif name == "env":
        yield from _find_environment(words, spans)
    elif name == "set":
        first = next((i for i in range(at + 1, len(words)) if not words[i].startswith("-")), len(words))
        values = [f"{words[first]}={word}" for word in words[first + 1 :]]
        yield from _find_environment(values, spans[first + 1 :])
    for each in find_code_arguments(words):
        if each.first < len(words):
            covered = spans[each.first : each.last]
            is_code = each.is_certain or each.reader is not Reader.SHELL
            known = tuple(covered) if is_code else ()
            limits = covered[0][0], covered[-1][1]
            yield EvaluatedPlace(*limits, each.reader, each.by, each.shell, known, each.prefix)


def _find_environment(words: Sequence[str], spans: Sequence[_Span]) -> Iterator[EvaluatedPlace]:
    """Yield the values that variables are given in which programs or shells read code."""
    for index, word in enumerate(words):
        for found in find_assignment(words, index):
            if found[2] is not Reader.ARITHMETIC:
                yield EvaluatedPlace(*spans[index], found[2], word.partition("=")[0])


def _find_fed(
    text: str, found: Sequence[Sequence[_Span]], pipelines: Sequence[Sequence[_Span]]
) -> Iterator[EvaluatedPlace]:
    """Yield the commands whose output is read as code."""
    for stages in pipelines:
        for number, (first, last) in enumerate(stages[1:], 1):
            for spans in found:
                if not spans or not first <= spans[0][0] < last:
                    continue
                words = [remove_quotes(text[start:stop]) for start, stop in spans]
                if words == ["source"] or words == ["."]:
                    words.append("-")
                reader = find_code_input(words)
                for start, stop in stages[:number] if reader is not None else ():
                    if reader is not None and not is_fetched(text[start:stop]):
                        yield EvaluatedPlace(start, stop, reader.reader, reader.by, reader.shell)
    for spans in found:
        words = [remove_quotes(text[start:stop]) for start, stop in spans]
        if words and words[0] in ("source", ".") and len(words) > 1 and "psub" in words[1]:
            yield EvaluatedPlace(*spans[1], Reader.SHELL, words[0], "fish")


def _decode(text: str, place: EvaluatedPlace, filling: Filling) -> CodeStretch | None:
    """Return the code of a place as its reader gets it; None if only the running shell knows it."""
    pairs: list[tuple[int, str]] = []
    for start, end in place.words:
        pairs += [(start, " ")] if pairs else []
        at = start
        while at < end:
            part = _WORD_PART.match(text, at, end)
            if part is None:
                return None
            kind = part.lastgroup or ""
            escapes = {"single": _IN_SINGLE, "double": _IN_DOUBLE}.get(kind)
            if escapes is None:
                pairs += enumerate(part[kind], part.start(kind))
            else:
                found = escapes.finditer(text, *part.span(kind))
                pairs += ((each.start(), each[1] or each[2]) for each in found if each[1] or each[2])
            at = part.end()
    return find_stretch(pairs[place.prefix :], filling)
