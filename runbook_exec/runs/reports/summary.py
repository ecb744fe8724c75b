"""Writes the summary of a run as text and as JSON, for `runbook-exec runs show`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from ...text.ansi import escape_unprintable
from ...text.display import clip, count_columns, pad, wrap
from ...text.durations import format_duration
from ...text.moments import format_local
from ...text.plain_json import to_printable_json
from ...text.sizes import format_size
from ..record import Attempt, GivenAnswer, Record, document_path
from ..replay import asciicast_path
from ..report_model import DOUBT, MARKS, OK, PARTLY, SKIPPED, RunReport, StatementReport, StepReport

_WIDEST = 100  # columns


def format_run(filled: RunReport, running: bool, not_kept: Sequence[str], width: int) -> Iterator[str]:
    """Yield the facts of a run and a line for each step.

    `not_kept` lists the parts its cast lacks.
    """
    width = max(40, min(width, _WIDEST))
    record = filled.record
    yield f"  {escape_unprintable(filled.title)}: {'running' if running else record.outcome}"
    if record.ended and record.ended.reason:
        yield from (f"  {line}" for line in wrap(escape_unprintable(record.ended.reason), width - 4))
    yield ""
    known = [*list_facts(record, format_local), *_files(record, not_kept)]
    names = max(count_columns(name) for name, _ in known)
    for name, value in known:
        yield f"  {pad(escape_unprintable(name), names)}  {escape_unprintable(value)}"
    yield ""
    titles = max((count_columns(escape_unprintable(step.title)) for step in filled.steps), default=0)
    titles = min(titles, width - 36)
    spent = max((len(_format_time(step)) for step in filled.steps), default=0)
    for step in filled.steps:
        yield from _row(step, titles, spent, width)
    if filled.strays:
        yield ""
        count = len(filled.strays)
        yield f"  {count} statement{'s' * (count != 1)} ran that the document has no longer"


def list_facts(record: Record, told: Callable[[datetime], str]) -> Iterator[tuple[str, str]]:
    """Yield the facts of a run as names and values; the function formats each moment."""
    started = record.started
    yield "run", started.run
    yield "document", f"{document_path(started)}#{started.anchor}"
    edited = "" if not record.edits else f", edited {format_count(record.edits)} since the run began"
    yield "digest", record.digest + edited
    if started.commit:
        yield "commit", describe_commit(record)
    yield "by", f"{started.place}, in {started.shell or 'no shell'}"
    if started.agent:
        yield "agent", started.agent
    yield "began", f"{told(record.began)}, took {format_duration(record.seconds)}"
    for moment in record.resumed:
        yield "resumed", told(moment)
    for name, value in record.values.items():
        yield f"<{name}>", "secret (not recorded)" if value is None else value or "(empty)"
    yield "seal", record.seal or "none"


def _files(record: Record, not_kept: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the files of a run, and the parts that its cast lacks."""
    yield "journal", str(record.journal)
    cast = asciicast_path(record.journal)
    if cast.exists():
        left_out = f"; not kept: {', '.join(not_kept)}" if not_kept else ""
        yield "cast", f"{cast}, {format_size(cast.stat().st_size)}{left_out}"


def describe_commit(record: Record) -> str:
    """Return the commit of the document, and whether the document had uncommitted changes."""
    return record.started.commit + (", the document had been changed since" if record.started.dirty else "")


def describe_answer(said: GivenAnswer) -> tuple[str, str] | None:
    """Return the result that an answer means, and the answer in words.

    It is None for an answer of no interest.
    """
    note = f": {said.note}" if said.note else ""
    match said.question, said.answer:
        case "manual", "done":
            return OK, f"done by hand{note}"
        case "doubt", "done":
            return OK, f"it had happened, by the operator{note}"
        case "doubt", "again":
            return DOUBT, f"it was in doubt, and was run again{note}"
        case "new", "done":
            return OK, f"counted as done after an edit of the page{note}"
        case "when", "skip":
            return SKIPPED, f"passed over{note}"
        case _, "skip":
            return SKIPPED, f"skipped{note}"
        case "enter", "run":
            return OK, f"run again, to go into its shell{note}"
        case "confirm", "run":
            return OK, f"confirmed{note}"
        case "choose", number if number.isdecimal():
            return OK, f"alternative {number} was chosen{note}"
    return None


def format_count(count: int) -> str:
    """Format a number of times."""
    return "once" if count == 1 else f"{count} times"


def _format_time(step: StepReport) -> str:
    return format_duration(step.seconds) if step.seconds is not None else ""


def _row(step: StepReport, titles: int, spent: int, width: int) -> Iterator[str]:
    title = pad(clip(escape_unprintable(step.title), titles), titles)
    lead = f"  {step.label:>3}  {title}  {MARKS[step.how]}  {_format_time(step):>{spent}}"
    first, *more = wrap(", ".join(describe_step(step)), max(20, width - count_columns(lead) - 3))
    yield f"{lead}   {first}".rstrip()
    for line in more:
        yield " " * (count_columns(lead) + 3) + line


def describe_step(step: StepReport) -> Iterator[str]:
    """Yield notes about a step: failures, attempts, captured values, and notes of a person."""
    if step.how in (DOUBT, PARTLY):
        yield {DOUBT: "in doubt: it is not known whether it ended", PARTLY: "not all of it was run"}[step.how]
    for statement in step.statements:
        last = statement.attempts[-1] if statement.attempts else None
        if last and last.problem:
            yield escape_unprintable(last.problem.split("\n")[0])
        if len(statement.attempts) > 1:
            yield f"{len(statement.attempts)} attempts"
        if last and last.background:
            yield "in the background"
        if last:
            yield from (f"captured <{captured.name}>" for captured in last.captured)
    yield from (escape_unprintable(told[1]) for said in step.all_answers if (told := describe_answer(said)))


def run_to_json(filled: RunReport, running: bool, not_kept: Sequence[str]) -> str:
    """Return the record as JSON; output is plain text, with the same limits as in a record."""
    record, started = filled.record, filled.record.started
    data = {
        "run": started.run,
        "outcome": "running" if running else record.outcome,
        "reason": record.ended.reason if record.ended else "",
        "title": filled.title,
        "document": str(document_path(started)),
        "anchor": started.anchor,
        "digest": record.digest,
        "edits": record.edits,
        "commit": started.commit,
        "dirty": started.dirty,
        "shell": started.shell,
        "place": started.place,
        "values": dict(record.values),
        "began": record.began.isoformat(),
        "ended": record.last.isoformat() if record.ended else None,
        "resumed": [moment.isoformat() for moment in record.resumed],
        "seconds": round(record.seconds, 3),
        "version": started.version,
        "journal": str(record.journal),
        "seal": record.seal,
        "not_kept": list(not_kept),
        "steps": [_step(step) for step in filled.steps],
        "elsewhere": [_attempt_data(ran) for ran in filled.strays],
    }
    return to_printable_json(data)


def _step(step: StepReport) -> dict[str, Any]:
    return {
        "number": step.number,
        "label": step.label,
        "title": step.title,
        "line": step.line,
        "how": step.how,
        "statements": [_statement(statement) for statement in step.statements],
        "typed": [_attempt_data(ran) for ran in step.typed],
        "answers": [_answer_data(said) for said in step.answers],
    }


def _statement(statement: StatementReport) -> dict[str, Any]:
    return {
        "line": statement.line,
        "text": statement.text,
        "how": statement.how,
        "attempts": [_attempt_data(ran) for ran in statement.attempts],
        "answers": [_answer_data(said) for said in statement.answers],
    }


def _attempt_data(ran: Attempt) -> dict[str, Any]:
    return {
        "text": ran.text,
        "started": ran.started.isoformat(),
        "finished": ran.finished.isoformat() if ran.finished else None,
        "status": ran.status if ran.finished else None,
        "doubt": ran.doubt or ran.finished is None,
        "seconds": ran.duration,
        "cwd": ran.cwd,
        "inside": ran.inside,
        "problem": ran.problem,
        "captured": [
            {"name": each.name, "secret": each.secret, "value": each.value} for each in ran.captured
        ],
        "output": ran.printed.text,
        "left_out": ran.printed.left_out,
    }


def _answer_data(said: GivenAnswer) -> dict[str, Any]:
    return {
        "question": said.question,
        "answer": said.answer,
        "note": said.note,
        "by": said.by,
        "time": said.time.isoformat(),
    }
