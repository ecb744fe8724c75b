"""What a transcript is, once read: the calls that a rehearsal expects, and what answers them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...diagnostics.problem import Problem
from ...document.front_matter.bounds import find_bounds
from ...document.model import TRANSCRIPT
from ...text.source import parse_source
from ...text.span import Span
from .call_syntax import CallWord
from .pattern import Pattern, names_in


@dataclass(frozen=True, slots=True)
class ExpectedOutput:
    """Characters that a program prints: a line, or with `newline` false a part of one."""

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
    """What a program prints before it waits for a line from the terminal."""

    pattern: Pattern
    span: Span


@dataclass(frozen=True, slots=True)
class TypedLine:
    """What the operator then types, and Enter; `hidden` where the terminal does not show it."""

    pattern: Pattern
    span: Span
    hidden: bool = False


CallLine = ExpectedOutput | ElidedLines | ExpectedPrompt | TypedLine


def is_printed_on(line: CallLine, stream: int) -> bool:
    """Whether a line is printed on this stream; 0 is both streams in one place.

    What is typed is echoed by the terminal, if at all, and not printed by the program.
    """
    if isinstance(line, TypedLine):
        return False
    return stream in (0, 1 if isinstance(line, ExpectedPrompt) else line.stream)


@dataclass(frozen=True, slots=True)
class ExpectedCall:
    """A call that is expected, and what stands below it; `number` counts the calls of a transcript from 0."""

    number: int
    words: tuple[CallWord, ...]  # the program's name and its arguments
    span: Span  # from its first word to the end of its last
    lines: tuple[CallLine, ...] = ()
    status: int = 0
    stdin: tuple[Pattern, ...] | None = None  # lines that must come on its standard input
    group: int = 0  # calls of one group other than 0 come in any order
    repeats: bool = False  # it comes any number of times, and at any time
    extent: tuple[int, int] = (0, 0)  # offsets of the lines that it takes in the file, line ends included

    @property
    def program(self) -> str:
        """The name of the program, "" where it is not told."""
        first = self.words[0].pattern
        return first[0] if len(first) == 1 and isinstance(first[0], str) else ""

    def shares_group(self, other: ExpectedCall) -> bool:
        """Whether this call and the other may come in any order."""
        return self.group != 0 and self.group == other.group

    @property
    def expects_output(self) -> bool:
        """Whether anything is said of what it prints."""
        return bool(self.lines)


@dataclass(frozen=True, slots=True)
class RehearsalSettings:
    """What the front matter says below `rehearsal:`; paths are relative to the transcript's folder."""

    procedure: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    captures: Mapping[str, str] = field(default_factory=dict)  # as `--capture` takes them, by name
    done: Mapping[str, str] = field(default_factory=dict)  # the note to each manual step
    choose: Mapping[str, str] = field(default_factory=dict)  # the alternative of each step that has some
    programs: Mapping[str, str] = field(default_factory=dict)  # a path by name, "" where PATH tells
    stand_ins: str | None = None
    files: str | None = None
    services: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    operator: bool | None = None
    timeout: float | None = None  # seconds for each statement


@dataclass(frozen=True, slots=True)
class Transcript:
    """A page of expected calls, read; what is wrong with it is in `problems`."""

    path: str
    text: str
    settings: RehearsalSettings
    calls: tuple[ExpectedCall, ...]
    problems: tuple[Problem, ...] = ()
    blocks: tuple[Span, ...] = ()  # of the blocks that calls stand in

    @property
    def names(self) -> set[str]:
        """Every name in its calls and in what stands below them."""
        patterns = [word.pattern for call in self.calls for word in call.words]
        patterns += [
            line.pattern for call in self.calls for line in call.lines if not isinstance(line, ElidedLines)
        ]
        patterns += [given for call in self.calls for given in call.stdin or ()]
        return {name for pattern in patterns for name in names_in(pattern)}

    def find_key_span(self, key: str) -> Span | None:
        """Where a key stands in the front matter."""
        found = find_bounds(self.text)
        at = re.search(rf"(?<![\w-]){re.escape(key)}(?=['\"]?\s*:)", self.text[: found[1]]) if found else None
        return parse_source(self.text).span(*at.span()) if at else None

    @property
    def has_operator(self) -> bool:
        """Whether an operator sits at the terminal."""
        typed = any(isinstance(line, TypedLine) for call in self.calls for line in call.lines)
        return typed if self.settings.operator is None else self.settings.operator


def runbook_of(path: Path) -> Path:
    """The runbook that `NAME.rehearsal.md` or `NAME.ANYTHING.rehearsal.md` rehearses."""
    name = path.name.removesuffix(TRANSCRIPT)
    whole = path.with_name(f"{name}.md")
    while not whole.is_file() and "." in name:
        name = name.rpartition(".")[0]
        whole = path.with_name(f"{name}.md")
    return whole


def transcripts_of(runbook: Path) -> list[Path]:
    """The transcripts beside a runbook that rehearse it, in order."""
    stem = runbook.name.removesuffix(runbook.suffix)
    found = [path for path in runbook.parent.glob(f"*{TRANSCRIPT}") if runbook_of(path).name == f"{stem}.md"]
    return sorted(found, key=lambda path: (len(path.name), path.name)) if runbook.suffix == ".md" else []


def is_transcript(path: Path) -> bool:
    """Whether a page is a transcript, by its name."""
    return path.name.endswith(TRANSCRIPT)
