"""Defines the parts of a transcript: expected calls, their output, and settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ...diagnostics.problem import Problem
from ...document.front_matter.bounds import find_bounds
from ...document.model import TRANSCRIPT
from ...light_classes import dataclass, field
from ...text.source import parse_source
from ...text.span import Span
from .call_syntax import CallWord
from .pattern import Pattern, names_in


@dataclass(frozen=True, slots=True)
class ExpectedOutput:
    """Text that a program prints: a line, or a part of one if `newline` is false."""

    pattern: Pattern
    stream: int  # 1 or 2
    span: Span
    newline: bool = True


@dataclass(frozen=True, slots=True)
class ElidedLines:
    """`...`: any number of lines."""

    stream: int
    span: Span


@dataclass(frozen=True, slots=True)
class ExpectedPrompt:
    """Text that a program prints before it waits for a line from the terminal."""

    pattern: Pattern
    span: Span


@dataclass(frozen=True, slots=True)
class TypedLine:
    """A line that the operator then types; `hidden` if the terminal does not show it."""

    pattern: Pattern
    span: Span
    hidden: bool = False


CallLine = ExpectedOutput | ElidedLines | ExpectedPrompt | TypedLine


def is_printed_on(line: CallLine, stream: int) -> bool:
    """Return whether a program prints a line on this stream; 0 is both streams in one place.

    A typed line is echoed by the terminal, if at all, and not printed by the program.
    """
    if isinstance(line, TypedLine):
        return False
    return stream in (0, 1 if isinstance(line, ExpectedPrompt) else line.stream)


@dataclass(frozen=True, slots=True)
class ExpectedCall:
    """An expected call and the lines below it; `number` counts the calls of a transcript from 0."""

    number: int
    words: tuple[CallWord, ...]  # the program's name and its arguments
    span: Span  # from its first word to the end of its last
    lines: tuple[CallLine, ...] = ()
    status: int = 0
    stdin: tuple[Pattern, ...] | None = None  # lines that must come on its standard input
    group: int = 0  # calls of one group other than 0 come in any order
    repeats: bool = False  # it may come any number of times, at any time
    extent: tuple[int, int] = (0, 0)  # offsets of its lines in the file, with line ends

    @property
    def program(self) -> str:
        """Return the name of the program; empty if it contains a name or a gap."""
        first = self.words[0].pattern
        return first[0] if len(first) == 1 and isinstance(first[0], str) else ""

    def shares_group(self, other: ExpectedCall) -> bool:
        """Return whether this call and the other may come in any order."""
        return self.group != 0 and self.group == other.group

    @property
    def expects_output(self) -> bool:
        """Return whether the transcript has lines of output for this call."""
        return bool(self.lines)


@dataclass(frozen=True, slots=True)
class RehearsalSettings:
    """The `rehearsal:` settings; paths are relative to the transcript's folder."""

    procedure: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    captures: Mapping[str, str] = field(default_factory=dict)  # as `--capture` takes them, by name
    done: Mapping[str, str] = field(default_factory=dict)  # the note to each manual step
    choose: Mapping[str, str] = field(
        default_factory=dict
    )  # the alternative to run, for each step that has alternatives
    programs: Mapping[str, str] = field(default_factory=dict)  # paths by name; "" is looked up on PATH
    stand_ins: str | None = None
    files: str | None = None
    services: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    operator: bool | None = None
    timeout: float | None = None  # seconds for each statement


@dataclass(frozen=True, slots=True)
class Transcript:
    """A page of expected calls; `problems` lists its mistakes."""

    path: str
    text: str
    settings: RehearsalSettings
    calls: tuple[ExpectedCall, ...]
    problems: tuple[Problem, ...] = ()
    blocks: tuple[Span, ...] = ()  # of the blocks that contain calls

    @property
    def names(self) -> set[str]:
        """Return every name in the calls and in the lines below them."""
        patterns = [word.pattern for call in self.calls for word in call.words]
        patterns += [
            line.pattern for call in self.calls for line in call.lines if not isinstance(line, ElidedLines)
        ]
        patterns += [given for call in self.calls for given in call.stdin or ()]
        return {name for pattern in patterns for name in names_in(pattern)}

    def find_key_span(self, key: str) -> Span | None:
        """Return the span of a key in the front matter; None if it has no such key."""
        found = find_bounds(self.text)
        at = re.search(rf"(?<![\w-]){re.escape(key)}(?=['\"]?\s*:)", self.text[: found[1]]) if found else None
        return parse_source(self.text).span(*at.span()) if at else None

    @property
    def has_operator(self) -> bool:
        """Return whether the rehearsal has an operator at its terminal."""
        typed = any(isinstance(line, TypedLine) for call in self.calls for line in call.lines)
        return typed if self.settings.operator is None else self.settings.operator


def runbook_of(path: Path) -> Path:
    """Return the runbook that `NAME.rehearsal.md` or `NAME.ANYTHING.rehearsal.md` rehearses."""
    name = path.name.removesuffix(TRANSCRIPT)
    whole = path.with_name(f"{name}.md")
    while not whole.is_file() and "." in name:
        name = name.rpartition(".")[0]
        whole = path.with_name(f"{name}.md")
    return whole


def transcripts_of(runbook: Path) -> list[Path]:
    """Return the transcripts beside a runbook that rehearse it, in order."""
    stem = runbook.name.removesuffix(runbook.suffix)
    found = [path for path in runbook.parent.glob(f"*{TRANSCRIPT}") if runbook_of(path).name == f"{stem}.md"]
    return sorted(found, key=lambda path: (len(path.name), path.name)) if runbook.suffix == ".md" else []


def is_transcript(path: Path) -> bool:
    """Return whether a page is a transcript, by its name."""
    return path.name.endswith(TRANSCRIPT)
