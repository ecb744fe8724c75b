"""Finds the places of a statement of bash, zsh, sh or ash where what is written is read again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from ...light_classes import dataclass, field
from ...text.lazy_pattern import LazyPattern
from ..base import Filling
from ..posix.dialect import Dialect
from ..posix.heredocs import Heredoc
from ..posix.lexer import WordLexer
from ..posix.parser import PosixParser, read_statements, scan
from ..posix.simple_commands import FEWER_LEVELS
from ..simple_command import remove_quotes
from .builtins import find_arguments
from .places import CodeInput, EvaluatedPlace, Reader
from .programs import find_code_arguments, find_code_input, is_fetched
from .protection import CodeStretch, blank_fillings, find_stretch, protect_values
from .search import may_read_again
from .variables import VariableReading, find_variable_readings

_WORD_PART = LazyPattern(
    r"'(?P<single>[^']*)'|\"(?P<double>(?:[^\"\\$`]|\\.|\$(?![A-Za-z0-9_{(@*#?$!\[-]))*)\"|\\(?P<escaped>[^\n])"
    r"|(?P<plain>[^'\"\\$`*?\[\]{}~<>()]+)",
    re.DOTALL,
)

_IN_DOUBLE = LazyPattern(r"\\([\\\"$`])|\\\n|(.)", re.DOTALL)

_IN_BODY = LazyPattern(r"\\([\\$`])|\\\n|(.)", re.DOTALL)

_EXPANDS = LazyPattern(r"(?:[^\\$`]|\\.|\$(?![A-Za-z0-9_{(@*#?$!\[-]))*", re.DOTALL)

_Span = tuple[int, int]


def protect_posix_values(
    text: str, fillings: Sequence[Filling], shell: str, dialect: Dialect
) -> Sequence[Filling]:
    """Return the fillings of a statement with the values quoted for all that reads them.

    Raises QuotingError for a value that could be executed.
    """
    if not may_read_again(text):
        return fillings
    blanked = blank_fillings(text, fillings)
    return protect_values(blanked, fillings, find_evaluated_places(blanked, shell, dialect), _decode)


@lru_cache(maxsize=16)  # the rules ask again for each placeholder of a statement
def find_evaluated_places(text: str, shell: str, dialect: Dialect) -> tuple[EvaluatedPlace, ...]:
    """Return the places of a statement whose text is read again."""
    if not may_read_again(text):
        return ()
    collector = _PosixEvaluationCollector(text, dialect)
    read_statements(collector)
    places = [place for command in collector.found for place in _find_in_command(text, shell, command)]
    return (*places, *_find_fed(text, collector))


def find_posix_readings(text: str, shell: str, dialect: Dialect) -> list[VariableReading]:
    """Return the variables whose content a statement reads again."""
    return list(
        find_variable_readings(text, find_evaluated_places(text, shell, dialect), scan(text, dialect))
    )


@dataclass(slots=True)
class _CommandSpan:
    """The stretches of a simple command and of its words."""

    start: int
    end: int = 0
    words: list[_Span] = field(default_factory=list)

    def texts(self, text: str) -> list[str]:
        """Return the words without their quotes."""
        return [remove_quotes(text[start:end]) for start, end in self.words]


class _PosixEvaluationCollector(PosixParser):
    """The parser, which also collects commands, pipelines and redirections of input."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        super().__init__(text, dialect)
        self.depth = FEWER_LEVELS
        self.found: list[_CommandSpan] = []
        self.pipelines: list[list[_Span]] = []  # of each, the stretches of its commands
        self.inputs: list[tuple[str, _Span]] = []  # the operators and the words of redirections of input
        self._current: _CommandSpan | None = None  # None while words are not those of a command
        self._stages: list[_Span] = []

    def simple(self, opened: int) -> None:
        outer, self._current = self._current, _CommandSpan(opened)
        self.found.append(self._current)
        super().simple(opened)
        if self._current is not None:
            self._current.end = self.pos
        self._current = outer

    def test(self, opened: int) -> None:
        outer, self._current = self._current, _CommandSpan(opened, 0, [(opened, opened + 2)])
        self.found.append(self._current)
        super().test(opened)
        self._current = outer

    def repeat_loop(self, opened: int) -> None:
        outer, self._current = self._current, _CommandSpan(opened, 0, [(opened, opened + len("repeat"))])
        self.found.append(self._current)
        super().repeat_loop(opened)
        self._current = outer

    def word(self, *, assigns: bool = False, regex: bool = False) -> bool:
        start, current = self.pos, self._current
        self._current = None
        found = super().word(assigns=assigns, regex=regex)
        self._current = current
        if found and current is not None:
            current.words.append((start, self.pos))
        return found

    def command(self) -> None:
        start, current = self.pos, self._current
        self._current = None
        super().command()
        self._current = current
        self._stages.append((start, self.pos))

    def pipeline(self) -> None:
        outer, self._stages = self._stages, []
        super().pipeline()
        self.pipelines.append(self._stages)
        self._stages = outer

    def redirection(self) -> bool:
        start, current = self.pos, self._current
        operator = self.dialect.redirection.match(self.text, start)
        self._current = None
        found = super().redirection()
        self._current = current
        if found and operator is not None and operator[1].startswith("<"):
            word = self.text[operator.end() : self.pos].lstrip(" \t")
            self.inputs.append((operator[1], (self.pos - len(word), self.pos)))
        return found

    def include_body(self, body: WordLexer, start: int) -> None:
        super().include_body(body, start)
        if isinstance(body, _PosixEvaluationCollector):
            for command in body.found:
                words = [(first + start, last + start) for first, last in command.words]
                self.found.append(_CommandSpan(command.start + start, command.end + start, words))
            self.pipelines += (
                [(first + start, last + start) for first, last in stages] for stages in body.pipelines
            )
            self.inputs += (
                (operator, (first + start, last + start)) for operator, (first, last) in body.inputs
            )


def _find_in_command(text: str, shell: str, command: _CommandSpan) -> Iterator[EvaluatedPlace]:
    """Yield the places among the words of one command."""
    words = command.texts(text)
    if not words:
        return
    spans = command.words
    for first, last, reader, begin, end in find_arguments(words):
        if first < len(words):
            by = (
                next((word for word in words if "=" not in word), words[0])
                if reader is not Reader.PROMPT
                else words[0]
            )
            last = min(last, len(words))
            covered = spans[first:last]
            limit = spans[last - 1][1] if not end else _find_character(text, spans[first], end)
            start = spans[first][0] if not begin else _find_character(text, spans[first], begin)
            is_whole = not end and reader in (Reader.SHELL, Reader.NAME)
            yield EvaluatedPlace(
                start, limit, reader, by.partition("=")[0], shell, tuple(covered) if is_whole else (), begin
            )
    for each in find_code_arguments(words):
        if each.first < len(words):
            covered = spans[each.first : each.last]
            is_code = each.is_certain or each.reader is not Reader.SHELL
            yield EvaluatedPlace(
                covered[0][0],
                covered[-1][1],
                each.reader,
                each.by,
                each.shell,
                tuple(covered) if is_code else (),
                each.prefix,
            )


def _find_character(text: str, span: _Span, number: int) -> int:
    """Return the offset of a character of a word without quotes in the word as written, or before it."""
    start, end = span
    seen = 0
    for at in range(start, end):
        if seen == number:
            return at
        seen += text[at] not in "'\"\\"
    return start


def _find_fed(text: str, collector: _PosixEvaluationCollector) -> Iterator[EvaluatedPlace]:
    """Yield the texts that a command reads as code on its standard input."""
    bodies = {heredoc.word.start: heredoc for heredoc in collector.heredocs}
    for stages in collector.pipelines:
        outermost = [s for s in stages if not any(o != s and o[0] <= s[0] and s[1] <= o[1] for o in stages)]
        for index, (start, end) in enumerate(outermost):
            reader = _find_input_reader(text, collector.found, start, end)
            if reader is None:
                continue
            first = outermost[0][0]
            for begin, stop in outermost[:index]:
                if not is_fetched(text[begin:stop]):
                    yield EvaluatedPlace(begin, stop, reader.reader, reader.by, reader.shell)
            for operator, word in collector.inputs:
                if first <= word[0] < end and (word[0] >= start or operator in ("<<", "<<-")):
                    yield from _find_redirected(text, reader, operator, word, bodies, direct=word[0] >= start)
            yield from _find_substituted(text, reader, (start, end))


def _find_input_reader(text: str, commands: Sequence[_CommandSpan], start: int, end: int) -> CodeInput | None:
    """Return what reads the input of the command `text[start:end]`, or of a command in it, as code."""
    for command in commands:
        if start <= command.start < end and command.words:
            reader = find_code_input(command.texts(text))
            if reader is not None:
                return reader
    return None


def _find_redirected(
    text: str, reader: CodeInput, operator: str, word: _Span, bodies: dict[int, Heredoc], *, direct: bool
) -> Iterator[EvaluatedPlace]:
    if operator == "<<<":
        yield EvaluatedPlace(*word, reader.reader, reader.by, reader.shell, (word,) if direct else ())
    elif operator in ("<<", "<<-") and word[0] in bodies:
        heredoc = bodies[word[0]]
        span = (heredoc.start, heredoc.end)
        kind = "verbatim" if heredoc.word.is_quoted else "expanded"
        is_plain = direct and not heredoc.word.strips_tabs
        yield EvaluatedPlace(
            *span, reader.reader, reader.by, reader.shell, (span,) if is_plain else (), 0, kind
        )
    elif text[word[0] : word[0] + 1] in "<=":
        yield EvaluatedPlace(*word, reader.reader, reader.by, reader.shell)


def _find_substituted(text: str, reader: CodeInput, stage: _Span) -> Iterator[EvaluatedPlace]:
    """Yield the commands of `<( )` whose output is read as code, as in `source <(echo X)`."""
    at = text.find("<(", *stage)
    if at < 0:
        at = text.find("=(", *stage)
    if at >= 0:
        yield EvaluatedPlace(at, stage[1], reader.reader, reader.by, reader.shell)


def _decode(text: str, place: EvaluatedPlace, filling: Filling) -> CodeStretch | None:
    """Return the code of a place as its reader gets it; None if only the running shell knows it."""
    pairs: list[tuple[int, str]] = []
    for start, end in place.words:
        decoded = (
            _decode_body(text, start, end, place.heredoc) if place.heredoc else _decode_word(text, start, end)
        )
        if decoded is None:
            return None
        pairs += [(start, " ")] if pairs else []
        pairs += decoded
    return find_stretch(pairs[place.prefix :], filling)


def _decode_word(text: str, start: int, end: int) -> list[tuple[int, str]] | None:
    """Return the characters of a word with their offsets in its source; None if it has expansions."""
    pairs: list[tuple[int, str]] = []
    at = start
    while at < end:
        part = _WORD_PART.match(text, at, end)
        if part is None:
            return None
        kind = part.lastgroup or ""
        if kind == "double":
            pairs += _decode_escapes(_IN_DOUBLE, text, *part.span(kind))
        else:
            pairs += enumerate(part[kind], part.start(kind))
        at = part.end()
    return pairs


def _decode_body(text: str, start: int, end: int, kind: str) -> list[tuple[int, str]] | None:
    if kind == "verbatim":
        return list(enumerate(text[start:end], start))
    return _decode_escapes(_IN_BODY, text, start, end) if _EXPANDS.fullmatch(text, start, end) else None


def _decode_escapes(pattern: LazyPattern[str], text: str, start: int, end: int) -> list[tuple[int, str]]:
    found = pattern.finditer(text, start, end)
    return [(each.start(), each[1] or each[2]) for each in found if each[1] or each[2]]
