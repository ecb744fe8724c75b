"""Writes the record as one HTML file: a timeline, each step with its output, a replay.

It fetches nothing.

The template escapes everything in it. The only script is ours; the page's own policy allows no other.
"""

from __future__ import annotations

import base64
import hashlib
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from itertools import chain
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from ...document.front_matter.bounds import find_bounds
from ...document.markdown.html import to_html
from ...document.model import Prose
from ...journal.asciicast import Frame
from ...journal.journal import JournalError
from ...text.ansi import flatten_output
from ...text.durations import format_duration
from ...text.moments import format_utc
from ..record import Attempt, GivenAnswer, Record
from ..replay import read_frames
from ..report_model import (
    DOUBT,
    FAILED,
    MARKS,
    OK,
    PARTLY,
    SKIPPED,
    BlockReport,
    RunReport,
    StatementReport,
    StepReport,
    count_attempts,
    find_failures,
)
from .summary import describe_answer, list_facts

_IN_LEAD = ("run", "by", "began")  # facts that the line below the title has

_CAST_MOST, _SHARE = 1_000_000, 60_000  # characters of a cast in a page; of one statement

_SIZE = (80, 24)  # columns and rows, if the size of the terminal is unknown

_WIDTH = 1000  # of the timeline, in its units

_THIN = 5  # units of a bar at least, to be visible


def html_report(filled: RunReport) -> str:
    """Return the report as one HTML file."""
    here = Path(__file__).parent
    script = (here / "report.js").read_text(encoding="utf-8")
    environment = Environment(
        loader=PackageLoader("runbook_exec", "runs/reports"), autoescape=True, undefined=StrictUndefined
    )
    record = filled.record
    rows = [_row(step, record) for step in filled.steps]
    return environment.get_template("report.html.jinja").render(
        title=flatten_output(filled.title),
        outcome=record.outcome,
        notes=[*_list_notes(filled)],
        lead=" · ".join(_lead(record)),
        facts=[fact for fact in _facts(record) if not fact["exact"] and fact["name"] not in _IN_LEAD],
        marks=[fact for fact in _facts(record) if fact["exact"]],
        timeline=rows,
        timeline_label="; ".join(f"{row['name']}: {row['how']}, {row['took'] or 'no time'}" for row in rows),
        axis=(format_utc(record.began), format_utc(record.last).removeprefix(format_utc(record.began)[:11])),
        steps=[_step(step) for step in filled.steps],
        strays=[_attempt_data(ran) for ran in filled.strays],
        about=_about(record),
        journal=record.journal.name,
        seal=record.seal,
        run=record.started.run,
        version=record.started.version,
        style=Markup((here / "report.css").read_text(encoding="utf-8")),  # noqa: S704 - a file of ours
        script=Markup(script),  # noqa: S704 - a file of ours
        script_hash=f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}",
        cast=_embed_asciicast(record),
    )


def _lead(record: Record) -> Iterator[str]:
    yield f"run {flatten_output(record.started.run)}"
    yield flatten_output(record.started.place)
    yield format_utc(record.began)
    yield f"took {format_duration(record.seconds)}"
    if record.started.shell:
        yield f"in {record.started.shell}"


def _list_notes(filled: RunReport) -> Iterator[dict[str, str]]:
    """Yield what a reader has to know first: each step that ever failed, and the reason of the end."""
    reason = flatten_output(filled.record.ended.reason) if filled.record.ended else ""
    has_reason = False
    for step in filled.steps:
        name = f"step {step.label}, {flatten_output(step.title)}"
        failures = find_failures(step)
        if step.how == DOUBT or (step.how == FAILED and not failures):
            yield {"kind": _kind(step.how)["kind"], "text": f"{name}: {reason or step.how}"}
            has_reason = True
        elif failures:
            problem = flatten_output(failures[-1].problem)
            yield {"kind": "failed", "text": f"{name}: {problem}{_then(step)}"}
            has_reason = has_reason or (step.how == FAILED and problem == reason)
    if reason and not has_reason:
        yield {"kind": filled.record.outcome, "text": reason}


def _then(step: StepReport) -> str:
    """Return what came after the failure of a step; "" for nothing."""
    return {OK: "; later it succeeded", PARTLY: "; later it went on", SKIPPED: "; then skipped"}.get(
        step.how, ""
    )


def _facts(record: Record) -> Iterator[dict[str, Any]]:
    """Yield the facts of a run, and which of them readers compare letter by letter."""
    for name, value in list_facts(record, format_utc):
        yield {
            "name": flatten_output(name),
            "value": flatten_output(value),
            "exact": name in ("digest", "commit", "seal"),
        }


# the timeline --------------------------------------------------------------------------------------------


def _row(step: StepReport, record: Record) -> dict[str, Any]:
    return {
        **_kind(step.how),
        "number": step.number,
        "failures": _count_failures(step),
        "name": flatten_output(f"{step.label} {step.title}"),
        "took": format_duration(step.seconds) if step.seconds is not None else "",
        "bars": [*_bars(step, record)],
    }


def _bars(step: StepReport, record: Record) -> Iterator[dict[str, Any]]:
    """Yield the bars of the timeline: a pale one for the step, and in it one for each attempt."""
    if step.span is None:
        return
    first, last = step.span
    begin, end = (first - record.began).total_seconds(), (last - record.began).total_seconds()
    yield _bar(begin, end, record, "span", 5, 4, "the whole step")
    for ran in step.attempts:
        at = (ran.started - record.began).total_seconds()
        kind = _kind_of(ran)["kind"]
        line = flatten_output(ran.text).splitlines()[0][:60] if ran.text else ""
        label = f"{line}, {format_duration(ran.duration)}"
        yield _bar(at, at + ran.duration, record, kind, 1, 12, label)


def _bar(
    begin: float, end: float, record: Record, kind: str, y: int, height: int, label: str
) -> dict[str, Any]:
    scale = _WIDTH / max(record.seconds, 0.001)
    width = max(_THIN, round((end - begin) * scale))
    x = max(0, min(_WIDTH - width, round(begin * scale)))
    return {"x": x, "y": y, "width": min(width, _WIDTH), "height": height, "kind": kind, "label": label}


# the steps -----------------------------------------------------------------------------------------------


def _step(step: StepReport) -> dict[str, Any]:
    return {
        **_kind(step.how),
        "number": step.number,
        "failures": _count_failures(step),
        "label": f"{step.label}.",
        "title": flatten_output(step.title),
        "took": format_duration(step.seconds) if step.seconds is not None else "",
        "parts": [_part(part) for part in step.parts],
        "typed": [_attempt_data(ran) for ran in step.typed],
        "notes": [*_notes(step.answers)],
    }


def _count_failures(step: StepReport) -> str:
    """Return how often a step failed that is not marked as failed, in words; "" for never."""
    count = 0 if step.how == FAILED else len(find_failures(step))
    return "failed once before" if count == 1 else f"failed {count} times before" if count else ""


def _part(part: Prose | BlockReport) -> dict[str, Any]:
    if isinstance(part, Prose):
        return {"prose": _prose(part.text)}
    if part.block is None:
        return {"pieces": [_statement(each) for each in part.statements]}
    if not part.statements:
        why = f"not run: {part.block.why_not}" if part.block.why_not else "not run"
        return {"pieces": [{"comment": f"{flatten_output(part.block.code).rstrip()}\n({why})"}]}
    return {"pieces": [*_pieces(part)]}


def _pieces(filled: BlockReport) -> Iterator[dict[str, Any]]:
    """Yield the statements of a block, and the text between them."""
    block = filled.block
    script, position = block.script.text if block and block.statements else "", 0
    for each in filled.statements:
        if each.statement is not None:
            yield from _comment(script[position : each.statement.start])
            position = each.statement.end
        yield _statement(each)
    yield from _comment(script[position:])


def _comment(text: str) -> Iterator[dict[str, Any]]:
    if text.strip(" \t\r\n;"):
        yield {"comment": textwrap.dedent(flatten_output(text).strip("\n").lstrip(" ;"))}


def _statement(statement: StatementReport) -> dict[str, Any]:
    return {
        **_kind(statement.how),
        "text": flatten_output(statement.text),
        "ran": [_attempt_data(ran, number) for number, ran in count_attempts(statement)],
        "notes": [*_notes(statement.answers)],
    }


def _attempt_data(ran: Attempt, number: int = 0) -> dict[str, Any]:
    output = ran.printed.text.rstrip("\n")
    count = output.count("\n") + 1
    return {
        **_kind_of(ran),
        "text": flatten_output(ran.text),
        "problem": flatten_output(ran.problem),
        "result": " · ".join(_result(ran, number)),
        "captured": [
            {
                "name": f"<{each.name}>",
                "value": f"a secret of {each.length} characters"
                if each.secret
                else flatten_output(each.value or ""),
            }
            for each in ran.captured
        ],
        "output": output,
        "lines": f"{count} line{'s' * (count != 1)}",
    }


def _result(ran: Attempt, number: int) -> Iterator[str]:
    if number:
        yield f"attempt {number}"
    if ran.finished is None or ran.doubt:
        yield "in doubt: it started, and its end was not recorded"
    else:
        if ran.status and not ran.problem:
            yield f"exit {ran.status}"
        yield f"{'in the background after ' * ran.background}{format_duration(ran.duration)}"
    yield ran.started.astimezone(UTC).strftime("%H:%M:%S")


def _notes(said: Iterable[GivenAnswer]) -> Iterator[dict[str, Any]]:
    for each in said:
        if told := describe_answer(each):
            yield {**_kind(told[0]), "text": flatten_output(told[1]), "time": format_utc(each.time)}


def _kind_of(ran: Attempt) -> dict[str, Any]:
    return _kind(DOUBT if ran.finished is None or ran.doubt else FAILED if ran.problem else OK)


def _kind(how: str) -> dict[str, Any]:
    """Return a result in words, as a sign, and as a class of the style sheet."""
    return {"how": how, "mark": MARKS[how], "kind": how.replace(" ", "-")}


def _about(record: Record) -> Markup | str:
    """Return the prose of the page before its procedure."""
    if record.plan is None:
        return ""
    runbook, procedure = record.plan.runbook, record.plan.procedure
    found = find_bounds(runbook.text)
    title = next((each for each in runbook.sections[:1] if each.title == runbook.title), None)
    start = title.span.end if title else found[2] if found else 0
    begins = [span.start for span in (procedure.span, *(step.span for step in procedure.steps))]
    text = runbook.text[start : runbook.text.rfind("\n", 0, min(begins)) + 1]
    return _prose(text) if text.strip() else ""


def _prose(text: str) -> Markup:
    return Markup(to_html(flatten_output(text), 2))  # noqa: S704 - it escapes all HTML


# the cast ------------------------------------------------------------------------------------------------


def _embed_asciicast(record: Record) -> Markup:
    try:
        size, frames = read_frames(record.journal)
        played = [*_bound_frames(frames)]
    except (OSError, ValueError, JournalError):
        size, played = None, []  # the steps show the output in any case
    columns, rows = size or _SIZE
    return htmlsafe_json_dumps({"width": columns, "height": rows, "frames": played})


def _bound_frames(frames: Iterator[Frame]) -> Iterator[Sequence[float | str]]:
    """Return the frames with limited output of each statement, to limit the page's size."""
    left, share = _CAST_MOST, _SHARE
    for frame in chain(frames, [Frame(0.0, "m", "")]):
        if frame.kind == "m":
            share = min(_SHARE, left // 2)
        elif frame.kind == "o" and share > 0:
            text = frame.text[:share]
            share -= len(frame.text)
            left -= len(text)
            yield (
                round(frame.time, 2),
                text if share >= 0 else f"{text}\r\n[… more is not in this page …]\r\n",
            )
