"""`runbook-exec runs show`: a run at one glance, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from ...text.ansi import visible
from ...text.display import clip, columns, pad, wrap
from ...text.durations import format_duration
from ...text.moments import here
from ...text.sizes import format_size
from ..record import Ran, Record, Said, path_of
from ..replay import cast_of
from ..report_model import DOUBT, MARKS, OK, PARTLY, SKIPPED, Filled, FilledStatement, FilledStep

_WIDEST = 100  # columns


def shown(filled: Filled, running: bool, not_kept: Sequence[str], width: int) -> Iterator[str]:
    """The facts of a run, and a line for each step; `not_kept` is what its cast does not have."""
    width = max(40, min(width, _WIDEST))
    record = filled.record
    yield f"  {visible(filled.title)}: {'running' if running else record.outcome}"
    if record.ended and record.ended.reason:
        yield from (f"  {line}" for line in wrap(visible(record.ended.reason), width - 4))
    yield ""
    known = [*facts(record, here), *_files(record, not_kept)]
    names = max(columns(name) for name, _ in known)
    for name, value in known:
        yield f"  {pad(visible(name), names)}  {visible(value)}"
    yield ""
    titles = max((columns(step.title) for step in filled.steps), default=0)
    titles = min(titles, width - 36)
    spent = max((len(_took(step)) for step in filled.steps), default=0)
    for step in filled.steps:
        yield from _row(step, titles, spent, width)
    if filled.strays:
        yield ""
        count = len(filled.strays)
        yield f"  {count} statement{'s' * (count != 1)} ran that the document has no longer"


def facts(record: Record, told: Callable[[datetime], str]) -> Iterator[tuple[str, str]]:
    """What there is to know of a run as a whole; `told` writes a moment."""
    started = record.started
    yield "run", started.run
    yield "document", f"{path_of(started)}#{started.anchor}"
    edited = "" if not record.edits else f", edited {times(record.edits)} since the run began"
    yield "digest", record.digest + edited
    if started.commit:
        yield "commit", commit(record)
    yield "by", f"{started.place}, in {started.shell or 'no shell'}"
    yield "began", f"{told(record.began)}, took {format_duration(record.seconds)}"
    for moment in record.resumed:
        yield "resumed", told(moment)
    for name, value in record.values.items():
        yield f"<{name}>", "a secret, not told" if value is None else value
    yield "seal", record.seal or "none"


def _files(record: Record, not_kept: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What is kept of a run, and what its cast does not have."""
    yield "journal", str(record.journal)
    cast = cast_of(record.journal)
    if cast.exists():
        left_out = f"; not kept: {', '.join(not_kept)}" if not_kept else ""
        yield "cast", f"{cast}, {format_size(cast.stat().st_size)}{left_out}"


def commit(record: Record) -> str:
    """The commit that the document was from, and whether the document was as in it."""
    return record.started.commit + (", the document had been changed since" if record.started.dirty else "")


def words(said: Said) -> tuple[str, str] | None:
    """How what was asked about went by an answer, and the answer in words; None for one of no interest."""
    note = f": {said.note}" if said.note else ""
    match said.question, said.answer:
        case "manual", "done":
            return OK, f"done by hand{note}"
        case "doubt", "done":
            return OK, f"it had happened, said the operator{note}"
        case "doubt", "again":
            return DOUBT, f"it was in doubt, and was run again{note}"
        case "when", "skip":
            return SKIPPED, f"passed over{note}"
        case _, "skip":
            return SKIPPED, f"skipped{note}"
        case "confirm", "run":
            return OK, f"confirmed{note}"
        case "choose", number if number.isdecimal():
            return OK, f"alternative {number} was chosen{note}"
    return None


def times(count: int) -> str:
    """How often."""
    return "once" if count == 1 else f"{count} times"


def _took(step: FilledStep) -> str:
    return format_duration(step.seconds) if step.seconds is not None else ""


def _row(step: FilledStep, titles: int, spent: int, width: int) -> Iterator[str]:
    title = pad(clip(visible(step.title), titles), titles)
    lead = f"  {step.label:>3}  {title}  {MARKS[step.how]}  {_took(step):>{spent}}"
    first, *more = wrap(", ".join(notes(step)), max(20, width - columns(lead) - 3))
    yield f"{lead}   {first}".rstrip()
    for line in more:
        yield " " * (columns(lead) + 3) + line


def notes(step: FilledStep) -> Iterator[str]:
    """What else there is to say of a step: how it failed, what was captured, what a person noted."""
    if step.how in (DOUBT, PARTLY):
        yield {DOUBT: "in doubt: it is not known whether it ended", PARTLY: "not all of it was run"}[step.how]
    for statement in step.statements:
        last = statement.ran[-1] if statement.ran else None
        if last and last.problem:
            yield visible(last.problem.split("\n")[0])
        if len(statement.ran) > 1:
            yield f"{len(statement.ran)} attempts"
        if last:
            yield from (f"captured <{captured.name}>" for captured in last.captured)
    yield from (visible(told[1]) for said in step.all_said if (told := words(said)))


def to_json(filled: Filled, running: bool, not_kept: Sequence[str]) -> str:
    """The whole record as JSON; output as plain text, as far as a record shows it."""
    record, started = filled.record, filled.record.started
    data = {
        "run": started.run,
        "outcome": "running" if running else record.outcome,
        "reason": record.ended.reason if record.ended else "",
        "title": filled.title,
        "document": str(path_of(started)),
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
        "elsewhere": [_ran(ran) for ran in filled.strays],
    }
    return json.dumps(data, indent=2, ensure_ascii=False)


def _step(step: FilledStep) -> dict[str, Any]:
    return {
        "number": step.number,
        "label": step.label,
        "title": step.title,
        "line": step.line,
        "how": step.how,
        "statements": [_statement(statement) for statement in step.statements],
        "typed": [_ran(ran) for ran in step.typed],
        "answers": [_said(said) for said in step.said],
    }


def _statement(statement: FilledStatement) -> dict[str, Any]:
    return {
        "line": statement.line,
        "text": statement.text,
        "how": statement.how,
        "attempts": [_ran(ran) for ran in statement.ran],
        "answers": [_said(said) for said in statement.said],
    }


def _ran(ran: Ran) -> dict[str, Any]:
    return {
        "text": ran.text,
        "started": ran.started.isoformat(),
        "finished": ran.finished.isoformat() if ran.finished else None,
        "status": ran.status if ran.finished else None,
        "doubt": ran.doubt or ran.finished is None,
        "seconds": ran.duration,
        "cwd": ran.cwd,
        "problem": ran.problem,
        "captured": [
            {"name": each.name, "secret": each.secret, "value": each.value} for each in ran.captured
        ],
        "output": ran.printed.text,
        "left_out": ran.printed.left_out,
    }


def _said(said: Said) -> dict[str, Any]:
    return {
        "question": said.question,
        "answer": said.answer,
        "note": said.note,
        "time": said.time.isoformat(),
    }
