"""Parses a page as a transcript: its console blocks line by line, everything with its place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from ...diagnostics.problem import Problem
from ...document.front_matter.bounds import find_bounds
from ...document.markdown import elements
from ...document.markdown.elements import Fence
from ...light_classes import dataclass, field, replace
from ...text.sequences import measure_similarity
from ...text.source import MappedText, Source, parse_source
from ...text.span import Span
from .call_syntax import CallSyntaxError, CallWord, split_call
from .front_matter import read_settings
from .model import (
    CallLine,
    ElidedLines,
    ExpectedCall,
    ExpectedOutput,
    ExpectedPrompt,
    RehearsalSettings,
    Transcript,
    TypedLine,
)
from .pattern import REST, Pattern, names_in, parse_text

_PROMPT = re.compile(r"\$(?: +|$)")

_STATUS = re.compile(r"\? (\d+)\s*")

_STATUS_LIKE = re.compile(r"\?\s*\S+\s*")

_DIRECTIVE = re.compile(r"# ([a-z][a-z 0-9]*):(?: |$)")

_DIRECTIVES = (
    "asks",
    "typed",
    "typed hidden",
    "prints",
    "prints 2",
    "in any order",
    "in this order",
    "any number of times",
)

_MIN_SIMILARITY = 0.75


def parse_transcript(data: bytes, path: str) -> Transcript:
    """Parse a page as a transcript; mistakes are in its `problems`. Raises nothing."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"expected text in UTF-8, found the byte 0x{data[error.start]:02x}"
        return Transcript(path, "", RehearsalSettings(), (), (Problem("transcript", message),))
    page = parse_source(text)
    matter = find_bounds(text)
    settings, problems = read_settings(text, page)
    reader = _TranscriptParser(page, set(settings.values), problems)
    fences = [
        each for each in elements.read_elements(page, matter[2] if matter else 0) if isinstance(each, Fence)
    ]
    blocks = [fence for fence in fences if fence.info.split()[:1] == ["console"]]
    # a name of any call counts in every answer, including earlier ones
    for fence in blocks:
        reader.names |= _names_of_calls(fence.code)
    for fence in blocks:
        reader.read_block(fence)
    if not blocks:
        problems.append(
            Problem(
                "transcript",
                "expected a block of calls, found none",
                page.span(0, 0),
                "a block that begins with ```console holds lines such as `$ fly status`, and below each "
                "what it prints",
            )
        )
    calls = tuple(reader.calls)
    return Transcript(path, text, settings, calls, tuple(problems), tuple(fence.span for fence in blocks))


def _names_of_calls(code: MappedText) -> set[str]:
    names: set[str] = set()
    for line in code.text.split("\n"):
        if _PROMPT.match(line) or line.startswith("> "):
            names |= set(names_in(parse_text(line)))
    return names


@dataclass(slots=True)
class _CallDraft:
    """A call whose lines are still being read."""

    words: tuple[CallWord, ...]
    span: Span
    group: int
    repeats: bool
    start: int
    end: int
    lines: list[CallLine] = field(default_factory=list)
    status: int | None = None
    stdin: list[Pattern] = field(default_factory=list)
    blank: list[Span] = field(default_factory=list)  # blank lines, which count only if more output follows


@dataclass(slots=True)
class _TranscriptParser:
    page: Source
    names: set[str]
    problems: list[Problem]
    calls: list[ExpectedCall] = field(default_factory=list)
    groups: int = 0
    group: int = 0
    repeats: bool = False
    draft: _CallDraft | None = None

    def read_block(self, fence: Fence) -> None:
        """Read the calls of one block."""
        code = fence.code
        self.group = 0
        lines = code.text.split("\n") if code.origins else []
        index = 0
        while index < len(lines):
            if _PROMPT.match(lines[index]):
                index = self.read_call(code, lines, index)
            else:
                self.read_line(code, lines[index], index)
                index += 1
        self.finish_call()
        if self.repeats:
            self.add_problem(
                fence.span.start, fence.span.start + 3, "`# any number of times:` has no call below it"
            )
            self.repeats = False

    def add_problem(self, start: int, end: int, message: str, hint: str = "") -> None:
        self.problems.append(Problem("transcript", message, self.page.span(start, max(end, start + 1)), hint))

    def read_call(self, code: MappedText, lines: list[str], first: int) -> int:
        """Read the call whose prompt is on line `first`; return the index of the line after it."""
        self.finish_call()
        text = ""
        cuts: list[tuple[int, int]] = []
        words: tuple[CallWord, ...] = ()
        last = first
        while True:
            found = re.match(r"\$ *" if last == first else r"(?:> )?", lines[last])
            cut = found.end() if found else 0
            cuts.append((len(text), code.origins[last] + cut))
            text += lines[last][cut:]
            last += 1
            try:
                words = split_call(text)
            except CallSyntaxError as unclosed:
                if last < len(lines) and not _PROMPT.match(lines[last]):
                    text += "\n"
                    continue
                at = _offset(cuts, unclosed.position)
                self.add_problem(at, at + 1, str(unclosed), "words are quoted as in a POSIX shell")
            break
        start, end = code.origins[first], self.page.end(self.page.index(code.origins[last - 1]))
        if words:
            at = _offset(cuts, words[0].start)
            words = tuple(
                replace(word, start=_offset(cuts, word.start), end=_offset(cuts, word.end - 1) + 1)
                for word in words
            )
            span = self.page.span(at, words[-1].end)
            self.draft = _CallDraft(words, span, self.group, self.repeats, start, end)
            self.repeats = False
        elif not text.strip():
            self.add_problem(start, end, "expected a call after `$`", "such as `$ fly status`")
        return last

    def read_line(self, code: MappedText, text: str, index: int) -> None:
        """Read a line that is not part of a call."""
        start = code.origins[index]
        span = self.page.span(start, start + len(text))
        draft = self.draft
        if found := _DIRECTIVE.match(text):
            if found[1] in _DIRECTIVES:
                self.read_directive(found[1], text[found.end() :], span)
                return
            near = max(_DIRECTIVES, key=lambda known: measure_similarity(known, found[1]))
            if measure_similarity(near, found[1]) >= _MIN_SIMILARITY:
                self.add_problem(
                    span.start,
                    span.end,
                    f"unknown line `# {found[1]}:`; did you mean `# {near}:`?",
                    "if that is what is printed, put a backslash before it",
                )
                return
        if draft is None:
            if text.strip() and not text.startswith("#"):
                self.add_problem(
                    span.start,
                    span.end,
                    "expected a call such as `$ fly status`, found a line that belongs to none",
                )
            return
        draft.end = self.page.end(self.page.index(start)) if text.strip() else draft.end
        if not text.strip():
            draft.blank.append(span)
        elif text.startswith("? ") and _STATUS_LIKE.fullmatch(text):
            self.read_status(draft, text, span)
        elif text.startswith("0<"):
            draft.stdin.append(self.parse_pattern(text.removeprefix("0<").removeprefix(" ")))
        else:
            self.add_lines(draft, *self.parse_output(text, span))

    def parse_output(self, text: str, span: Span) -> Iterator[CallLine]:
        stream, shown = 1, text
        if re.match(r"2>(?: |$)", text):
            stream, shown = 2, text[2:].removeprefix(" ")
        if shown == REST:
            yield ElidedLines(stream, span)
        else:
            yield ExpectedOutput(self.parse_pattern(shown.removeprefix("\\")), stream, span)

    def parse_pattern(self, text: str) -> Pattern:
        return parse_text(text, self.names)

    def add_lines(self, draft: _CallDraft, *lines: CallLine) -> None:
        """Add lines to a call, after the blank lines that precede them."""
        draft.lines += [ExpectedOutput((), 1, span) for span in draft.blank]
        draft.blank.clear()
        draft.lines += lines

    def read_status(self, draft: _CallDraft, text: str, span: Span) -> None:
        found = _STATUS.fullmatch(text)
        if found is None or int(found[1]) > 255:
            message = f"expected a status from 0 to 255 after `?`, got `{text[2:].strip()}`"
            self.add_problem(
                span.start, span.end, message, "if that is what is printed, put a backslash before it"
            )
        elif draft.status is not None:
            self.add_problem(span.start, span.end, "this call has a status already")
        else:
            draft.status = int(found[1])

    def read_directive(self, name: str, rest: str, span: Span) -> None:
        if name in ("in any order", "in this order", "any number of times"):
            self.finish_call()
            if name == "any number of times":
                self.repeats = True
            else:
                self.groups += name == "in any order"
                self.group = self.groups if name == "in any order" else 0
            return
        draft = self.draft
        if draft is None:
            self.add_problem(span.start, span.end, f"expected a call above `# {name}:`")
            return
        draft.end = self.page.end(self.page.index(span.start))
        if name == "asks":
            self.add_lines(draft, ExpectedPrompt(self.parse_pattern(rest), span))
        elif name in ("typed", "typed hidden"):
            self.add_lines(draft, TypedLine(self.parse_pattern(rest), span, name == "typed hidden"))
        else:
            try:
                text = json.loads(rest)
                if not isinstance(text, str):
                    raise ValueError("expected text")
            except (ValueError, RecursionError):
                hint = 'such as `# prints: "50 %\\r"`'
                self.add_problem(span.start, span.end, f"expected a JSON string after `# {name}:`", hint)
                return
            stream = 2 if name == "prints 2" else 1
            self.add_lines(draft, ExpectedOutput(self.parse_pattern(text), stream, span, newline=False))

    def finish_call(self) -> None:
        """Check the call that was being read, and add it to the calls."""
        draft, self.draft = self.draft, None
        if draft is None:
            return
        before: CallLine | None = None
        for line in (*draft.lines, None):
            if isinstance(before, ExpectedPrompt) and not isinstance(line, TypedLine):
                span = before.span
                hint = "say what the operator answers"
                self.add_problem(span.start, span.end, "expected `# typed: …` below this, found none", hint)
            if isinstance(line, TypedLine) and not isinstance(before, ExpectedPrompt):
                span = line.span
                hint = "say what the program prints before it waits"
                self.add_problem(span.start, span.end, "expected `# asks: …` above this, found none", hint)
            before = line
        self.calls.append(
            ExpectedCall(
                len(self.calls),
                draft.words,
                draft.span,
                tuple(draft.lines),
                draft.status or 0,
                tuple(draft.stdin) if draft.stdin else None,
                draft.group,
                draft.repeats,
                (draft.start, draft.end),
            )
        )


def _offset(cuts: list[tuple[int, int]], position: int) -> int:
    """Return the offset in the file of a position in the text of a call."""
    text_start, origin = max(cut for cut in cuts if cut[0] <= position)
    return origin + position - text_start
