"""Writes the record as Markdown: the runbook itself, filled in, ready for a ticket."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...document.front_matter.bounds import find_bounds
from ...document.model import Runbook, Step
from ...text.ansi import flatten_output
from ...text.durations import format_duration
from ...text.moments import format_utc
from ..record import Attempt, GivenAnswer
from ..report_model import (
    DOUBT,
    FAILED,
    MARKS,
    OK,
    BlockReport,
    RunReport,
    StatementReport,
    StepReport,
    count_attempts,
)
from .summary import describe_answer, describe_step, list_facts

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~&!$])")

_TICKS = re.compile(r"`+")

_FENCES = re.compile(r"^\s*(`{3,})", re.MULTILINE)

_MARKER = re.compile(r"[ \t]*(?:\d{1,9}[.)]|[-+*])[ \t]+")


def markdown_report(filled: RunReport) -> str:
    """Return the report as Markdown."""
    parts = [*_head(filled)]
    runbook = filled.record.plan.runbook if filled.record.plan else None
    if runbook is None:
        parts += ["The page of this run is gone or has changed, so its text is missing here.", ""]
        for step in filled.steps:
            parts += [f"## {escape_inline(step.title)}", "", *_step_without_document(step)]
    else:
        parts.append(_page(filled, runbook))
    if filled.strays:
        parts += ["", "## Commands that ran but were later edited out of the page", ""]
        parts += [line for ran in filled.strays for line in _format_attempt(ran, True)]
    return "\n".join(parts).rstrip() + "\n"


def escape_inline(text: str) -> str:
    """Return the text on one line, with the characters that mean something to Markdown escaped."""
    return _SPECIAL.sub(r"\\\1", " ".join(flatten_output(text).split()))


def code_span(text: str) -> str:
    """Return the first line of some code as a code span, with an ellipsis if it has more."""
    first, _, more = flatten_output(text).strip().partition("\n")
    first = first.removesuffix("\\").rstrip() + (" …" if more else "")
    if not first:
        return ""
    ticks = "`" * (max(map(len, _TICKS.findall(first)), default=0) + 1)
    space = " " if first[0] == "`" or first[-1] == "`" else ""
    return f"{ticks}{space}{first}{space}{ticks}"


def fence_lines(text: str, language: str = "text") -> Iterator[str]:
    """Yield the lines of a fenced block; its fence is longer than any in the text."""
    ticks = "`" * max(3, 1 + max(map(len, _FENCES.findall(text)), default=0))
    yield ticks + language
    yield from text.rstrip("\n").split("\n")
    yield ticks


def _head(filled: RunReport) -> Iterator[str]:
    record = filled.record
    yield f"# {escape_inline(filled.title)}: {record.outcome}"
    yield ""
    if record.ended and record.ended.reason:
        yield from (escape_inline(record.ended.reason), "")
    for number, (name, value) in enumerate(list_facts(record, format_utc)):
        yield f"| {escape_inline(name)} | {escape_inline(value)} |"
        if not number:
            yield "|---|---|"
    yield ""
    yield "| step | result | took | note |"
    yield "|---|---|---|---|"
    for step in filled.steps:
        took = format_duration(step.seconds) if step.seconds is not None else ""
        said = escape_inline(", ".join(describe_step(step)))
        yield f"| {step.label} {escape_inline(step.title)} | {MARKS[step.how]} | {took} | {said} |"
    yield ""


# the page ------------------------------------------------------------------------------------------------


def _page(filled: RunReport, runbook: Runbook) -> str:
    """Return the document's text with the results of blocks in place, and the rest folded."""
    text = runbook.text
    begin, end = _body(runbook), _end(filled, runbook)
    pieces: list[str] = []
    position = begin
    for start, stop, new in sorted(_changes(filled, runbook)):
        pieces += (text[position:start], new)
        position = stop
    pieces.append(text[position:end])
    page = "".join(pieces).strip("\n").replace("\r\n", "\n")
    rest = text[end:].strip().replace("\r\n", "\n")
    if not rest:
        return page
    return f"{page}\n\n<details><summary>The rest of the page</summary>\n\n{rest}\n\n</details>"


def _body(runbook: Runbook) -> int:
    """Return the offset after the front matter and the title of the page."""
    found = find_bounds(runbook.text)
    begin = found[2] if found else 0
    first = runbook.sections[0] if runbook.sections else None
    if (
        first
        and first.level == 1
        and first.title == runbook.title
        and not runbook.text[begin : first.span.start].strip()
    ):
        return first.span.end
    return begin


def _end(filled: RunReport, runbook: Runbook) -> int:
    """Return the offset of the procedure's end: the first heading after its last step."""
    last = filled.steps[-1].step if filled.steps else None
    after = _after(last, runbook) if last else len(runbook.text)
    headings = (section.span.start for section in runbook.sections)
    return min((start for start in headings if start >= after), default=len(runbook.text))


def _changes(filled: RunReport, runbook: Runbook) -> Iterator[tuple[int, int, str]]:
    for step in filled.steps:
        if step.step is None:
            continue
        for part in step.parts:
            if isinstance(part, BlockReport) and part.block and part.statements:
                span = part.block.span
                yield span.start, span.end, _indent_lines(runbook.text, span.start, _block(part))
        more = [*_answers(step.answers), *(line for ran in step.typed for line in _format_attempt(ran, True))]
        if more:
            at = _after(step.step, runbook)
            indent = _content_indent(runbook.text, step.step)
            yield at, at, "".join(f"\n{indent}{line}".rstrip(" ") for line in ["", *more]).rstrip("\n")


def _after(step: Step, runbook: Runbook) -> int:
    """Return the offset at which the text of a step ends."""
    if step.parts:
        return step.parts[-1].span.end
    end = next((section.end for section in runbook.sections if section.anchor == step.anchor), step.span.end)
    return len(runbook.text[:end].rstrip())


def _content_indent(text: str, step: Step) -> str:
    """Return the indent of the text of a step that is a list item."""
    start = text.rfind("\n", 0, step.span.start) + 1
    marker = _MARKER.match(text, start)
    return " " * (marker.end() - start) if marker else ""


def _indent_lines(text: str, start: int, lines: Iterator[str]) -> str:
    """Return the lines that replace the text at `start`, with its indent."""
    before = text[text.rfind("\n", 0, start) + 1 : start]
    indent = "".join(letter if letter in " \t>" else " " for letter in before)
    first, *more = lines
    while more and not more[-1]:
        more.pop()
    return "\n".join([first, *(f"{indent}{line}".rstrip(" ") for line in more)])


def _block(filled: BlockReport) -> Iterator[str]:
    block = filled.block
    if block is not None:
        yield from fence_lines(_script(filled), block.language)
        yield ""
    for statement in filled.statements:
        yield from _statement(statement, alone=len(filled.statements) == 1 and block is not None)


def _script(filled: BlockReport) -> str:
    """Return the block's code, with the statements as they ran."""
    block = filled.block
    if block is None:
        return ""
    text = block.script.text
    for each in reversed(filled.statements):
        if each.statement is not None and each.attempts:
            text = text[: each.statement.start] + flatten_output(each.text) + text[each.statement.end :]
    return text


def _statement(statement: StatementReport, alone: bool) -> Iterator[str]:
    for number, ran in count_attempts(statement):
        yield from _format_attempt(ran, not alone, number)
    yield from _answers(statement.answers)
    if not statement.attempts and not statement.answers:
        name = "" if alone else f" {code_span(statement.text)}"
        yield from (f"{MARKS[statement.how]}{name} {statement.how}", "")


def _format_attempt(ran: Attempt, named: bool, number: int = 0) -> Iterator[str]:
    told = [code_span(ran.text)] if named else []
    told += [f"attempt {number}"] if number else []
    told += [escape_inline(ran.inside)] if ran.inside else []
    if ran.finished is None or ran.doubt:
        mark = MARKS[DOUBT]
        told.append("in doubt: it started, and its end was not recorded")
    else:
        mark = MARKS[FAILED if ran.problem else OK]
        told += [escape_inline(ran.problem)] if ran.problem else [f"exit {ran.status}"] if ran.status else []
        told.append(f"{'in the background after ' * ran.background}{format_duration(ran.duration)}")
    told.append(format_utc(ran.started))
    yield from (f"{mark} {' · '.join(told)}", "")
    for captured in ran.captured:
        value = (
            f"a secret of {captured.length} characters"
            if captured.secret
            else code_span(captured.value or "")
        )
        yield from (f"captured {code_span(f'<{captured.name}>')}: {value}", "")
    if ran.printed:
        text = ran.printed.text
        count = text.rstrip("\n").count("\n") + 1
        opened = " open" if ran.problem else ""
        yield f"<details{opened}><summary>output, {count} line{'s' * (count != 1)}</summary>"
        yield from ("", *fence_lines(text), "", "</details>", "")


def _answers(said: tuple[GivenAnswer, ...]) -> Iterator[str]:
    for each in said:
        if told := describe_answer(each):
            yield from (f"{MARKS[told[0]]} {escape_inline(told[1])} · {format_utc(each.time)}", "")


def _step_without_document(step: StepReport) -> Iterator[str]:
    for part in step.parts:
        if isinstance(part, BlockReport):
            yield from _block(part)
    yield from _answers(step.answers)
    for ran in step.typed:
        yield from _format_attempt(ran, True)
