"""The record as Markdown: the runbook itself, filled in, ready for a ticket."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...document.front_matter.bounds import bounds
from ...document.model import Runbook, Step
from ...text.ansi import plain
from ...text.durations import format_duration
from ...text.moments import in_utc
from ..record import Ran, Said
from ..report_model import DOUBT, FAILED, MARKS, OK, Filled, FilledBlock, FilledStatement, FilledStep
from .summary import facts, notes, words

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~&!$])")

_TICKS = re.compile(r"`+")

_FENCES = re.compile(r"^\s*(`{3,})", re.MULTILINE)

_MARKER = re.compile(r"[ \t]*(?:\d{1,9}[.)]|[-+*])[ \t]+")


def markdown_report(filled: Filled) -> str:
    """The whole report."""
    parts = [*_head(filled)]
    runbook = filled.record.plan.runbook if filled.record.plan else None
    if runbook is None:
        parts += ["The document is not there any more as it was, so its told are missing here.", ""]
        for step in filled.steps:
            parts += [f"## {inline(step.title)}", "", *_step_without_document(step)]
    else:
        parts.append(_page(filled, runbook))
    if filled.strays:
        parts += ["", "## Ran, and is no longer on the page", ""]
        parts += [line for ran in filled.strays for line in _ran(ran, True)]
    return "\n".join(parts).rstrip() + "\n"


def inline(text: str) -> str:
    """Text that means nothing to Markdown, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(plain(text).split()))


def code(text: str) -> str:
    """The first line of some code as a code span, and a sign that there are more."""
    first, _, more = plain(text).strip().partition("\n")
    first = first.removesuffix("\\").rstrip() + (" …" if more else "")
    if not first:
        return ""
    ticks = "`" * (max(map(len, _TICKS.findall(first)), default=0) + 1)
    space = " " if first[0] == "`" or first[-1] == "`" else ""
    return f"{ticks}{space}{first}{space}{ticks}"


def fence(text: str, language: str = "text") -> Iterator[str]:
    """The lines of a fenced block that nothing in the text can end."""
    ticks = "`" * max(3, 1 + max(map(len, _FENCES.findall(text)), default=0))
    yield ticks + language
    yield from text.rstrip("\n").split("\n")
    yield ticks


def _head(filled: Filled) -> Iterator[str]:
    record = filled.record
    yield f"# {inline(filled.title)}: {record.outcome}"
    yield ""
    if record.ended and record.ended.reason:
        yield from (inline(record.ended.reason), "")
    yield "| | |"
    yield "|---|---|"
    for name, value in facts(record, in_utc):
        yield f"| {inline(name)} | {inline(value)} |"
    yield ""
    yield "| step | | took | |"
    yield "|---|---|---|---|"
    for step in filled.steps:
        took = format_duration(step.seconds) if step.seconds is not None else ""
        said = inline(", ".join(notes(step)))
        yield f"| {step.label} {inline(step.title)} | {MARKS[step.how]} | {took} | {said} |"
    yield ""


# the page ------------------------------------------------------------------------------------------------


def _page(filled: Filled, runbook: Runbook) -> str:
    """The document's own text with what became of each block in its place; what follows is folded."""
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
    """Where the page begins, after its front matter and its own title."""
    found = bounds(runbook.text)
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


def _end(filled: Filled, runbook: Runbook) -> int:
    """Where the procedure ends: at the first heading after its last step."""
    last = filled.steps[-1].step if filled.steps else None
    after = _after(last, runbook) if last else len(runbook.text)
    headings = (section.span.start for section in runbook.sections)
    return min((start for start in headings if start >= after), default=len(runbook.text))


def _changes(filled: Filled, runbook: Runbook) -> Iterator[tuple[int, int, str]]:
    for step in filled.steps:
        if step.step is None:
            continue
        for part in step.parts:
            if isinstance(part, FilledBlock) and part.block and part.statements:
                span = part.block.span
                yield span.start, span.end, _indented(runbook.text, span.start, _block(part))
        more = [*_answers(step.said), *(line for ran in step.typed for line in _ran(ran, True))]
        if more:
            at = _after(step.step, runbook)
            indent = _content_indent(runbook.text, step.step)
            yield at, at, "".join(f"\n{indent}{line}".rstrip(" ") for line in ["", *more]).rstrip("\n")


def _after(step: Step, runbook: Runbook) -> int:
    """Where the text of a step ends."""
    if step.parts:
        return step.parts[-1].span.end
    end = next((section.end for section in runbook.sections if section.anchor == step.anchor), step.span.end)
    return len(runbook.text[:end].rstrip())


def _content_indent(text: str, step: Step) -> str:
    """What stands before the text of a step that is an item of a list."""
    start = text.rfind("\n", 0, step.span.start) + 1
    marker = _MARKER.match(text, start)
    return " " * (marker.end() - start) if marker else ""


def _indented(text: str, start: int, lines: Iterator[str]) -> str:
    """Lines in place of what begins at `start`, each as far in as that."""
    before = text[text.rfind("\n", 0, start) + 1 : start]
    indent = "".join(letter if letter in " \t>" else " " for letter in before)
    first, *more = lines
    while more and not more[-1]:
        more.pop()
    return "\n".join([first, *(f"{indent}{line}".rstrip(" ") for line in more)])


def _block(filled: FilledBlock) -> Iterator[str]:
    block = filled.block
    if block is not None:
        yield from fence(_script(filled), block.language)
        yield ""
    for statement in filled.statements:
        yield from _statement(statement, alone=len(filled.statements) == 1 and block is not None)


def _script(filled: FilledBlock) -> str:
    """The block's code with what ran in place of what is written."""
    block = filled.block
    if block is None:
        return ""
    text = block.script.text
    for each in reversed(filled.statements):
        if each.statement is not None and each.ran:
            text = text[: each.statement.start] + plain(each.text) + text[each.statement.end :]
    return text


def _statement(statement: FilledStatement, alone: bool) -> Iterator[str]:
    for ran in statement.ran:
        yield from _ran(ran, not alone, len(statement.ran) > 1)
    yield from _answers(statement.said)
    if not statement.ran and not statement.said:
        name = "" if alone else f" {code(statement.text)}"
        yield from (f"{MARKS[statement.how]}{name} {statement.how}", "")


def _ran(ran: Ran, named: bool, counted: bool = False) -> Iterator[str]:
    told = [code(ran.text)] if named else []
    told += [f"attempt {ran.attempt}"] if counted else []
    if ran.finished is None or ran.doubt:
        mark = MARKS[DOUBT]
        told.append("in doubt: it started, and nobody saw it end")
    else:
        mark = MARKS[FAILED if ran.problem else OK]
        told += [inline(ran.problem)] if ran.problem else [f"exit {ran.status}"] if ran.status else []
        told.append(format_duration(ran.duration))
    told.append(in_utc(ran.started))
    yield from (f"{mark} {' · '.join(told)}", "")
    for captured in ran.captured:
        value = f"a secret of {captured.length} characters" if captured.secret else code(captured.value or "")
        yield from (f"captured {code(f'<{captured.name}>')}: {value}", "")
    if ran.printed:
        text = ran.printed.text
        count = text.rstrip("\n").count("\n") + 1
        opened = " open" if ran.problem else ""
        yield f"<details{opened}><summary>output, {count} line{'s' * (count != 1)}</summary>"
        yield from ("", *fence(text), "", "</details>", "")


def _answers(said: tuple[Said, ...]) -> Iterator[str]:
    for each in said:
        if told := words(each):
            yield from (f"{MARKS[told[0]]} {inline(told[1])} · {in_utc(each.time)}", "")


def _step_without_document(step: FilledStep) -> Iterator[str]:
    for part in step.parts:
        if isinstance(part, FilledBlock):
            yield from _block(part)
    yield from _answers(step.said)
    for ran in step.typed:
        yield from _ran(ran, True)
