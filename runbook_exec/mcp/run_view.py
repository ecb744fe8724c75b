"""Describes a run for an agent: where it is, what it asks and of whom, and what has happened since."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ..engine.attempts.background_events import BackgroundEnded, BackgroundOutput
from ..engine.events import (
    Answered,
    Asked,
    Captured,
    Edited,
    Event,
    Output,
    RunEnded,
    RunStarted,
    StatementFinished,
    StatementStarted,
    ValueGiven,
)
from ..text.ansi import flatten_output
from .agent_values import find_person_reason
from .run_journal import RunJournal
from .slices import BUDGET, clip_text, take_slice

_LONG = 5  # seconds after which a statement may be one that waits for a person

_LONGEST_OUTPUT = 4_000  # characters of one piece of output


def describe_run(journal: RunJournal, page: str, after: int) -> dict[str, object]:
    """Return where a run is, and its events after a number as far as they fit into one result."""
    started, run = journal.started, journal.started.run if journal.started else ""
    result: dict[str, object] = {
        "run": run,
        "page": page,
        "anchor": started.anchor if started else "",
        "status": find_status(journal),
    }
    if journal.ended and journal.ended.reason:
        result["reason"] = clip_text(journal.ended.reason)
    if (question := journal.question) is not None:
        result["question"] = describe_question(journal, question)
    elif journal.is_running and journal.current:
        result["runs_now"] = _describe_running(journal.current)
    if how := _describe_continuation(journal, run):
        result["continue"] = how
    end = journal.last
    source = journal.read_events(after, end)
    numbered = list(_describe_events(source))
    events, following = take_slice(event for _, event in numbered)
    more = following is not None or next(source, None) is not None
    last = numbered[len(events) - 1][0] if more and events else end
    return {**result, "events": events, "next": last, "more": more}


def _describe_running(started: StatementStarted) -> dict[str, object]:
    """Return the statement that runs; after some time with the command for a person whom it may wait for."""
    seconds = round((datetime.now().astimezone() - datetime.fromisoformat(started.time)).total_seconds())
    result = {"line": started.line, "text": clip_text(started.text), "seconds": seconds}
    if seconds >= _LONG:
        result["if_it_waits_for_input"] = f"runbook-exec attach {started.run}"
    return result


def find_status(journal: RunJournal) -> str:
    """Return the outcome of a run that has ended, else `asks`, `running` or `killed`."""
    if journal.ended is not None:
        return str(journal.ended.outcome)
    if not journal.is_running:
        return "killed"
    return "asks" if journal.question else "running"


def _describe_continuation(journal: RunJournal, run: str) -> str:
    """Return what a person does with a run that has stopped before its end, or ""."""
    status = find_status(journal)
    if status == "killed" and journal.state.doubt is not None:
        return (
            "the run was killed while a statement ran, and it is not known whether that happened; a person "
            f"decides with `runbook-exec resume {run}`"
        )
    if status in ("killed", "waiting", "failed", "stopped"):
        return f"a person continues the run with `runbook-exec resume {run}`"
    return ""


def describe_question(journal: RunJournal, asked: Asked) -> dict[str, object]:
    """Return a question, and who may answer it."""
    result: dict[str, object] = {"id": asked.id, "kind": asked.question, "line": asked.line}
    for name, text in (("text", asked.text), ("asks", asked.asks), ("value", asked.name)):
        if text:
            result[name] = clip_text(text)
    if asked.labels:
        result["labels"] = list(asked.labels)
    why = find_reason_for_person(journal, asked)
    result["answered_by"] = "person" if why else "agent"
    if why:
        result["because"] = why
        result["person"] = f"runbook-exec attach {asked.run}"
    return result


def find_reason_for_person(journal: RunJournal, asked: Asked) -> str:
    """Return why only a person may answer a question, or ""."""
    if journal.started is None or not journal.started.agent:
        return "no agent has started this run"
    if asked.question == "choose":
        return ""
    if asked.question != "value":
        return _REASONS.get(asked.question, "only a person decides this")
    if asked.secret:
        return "the value is a secret"
    plan = journal.make_plan()
    return find_person_reason(plan, asked.name) if plan else "the text of the page is lost"


_REASONS = {
    "run": "a person confirms each command that is not trusted",
    "confirm": "the page wants a person to confirm this",
    "manual": "a person does this step",
    "failed": "a person decides what follows a failure",
    "doubt": "a person knows whether the statement happened",
}


def _describe_events(events: Iterator[tuple[int, Event]]) -> Iterator[tuple[int, dict[str, object]]]:
    """Yield events, each with the number of the last journal line in it; output is put together.

    It leaves the rest in `events` once there is enough for one result.
    """
    printed, last, budget = "", 0, 4 * BUDGET
    for number, event in events:
        if isinstance(event, Output) and len(printed) < BUDGET:
            printed, last = printed + event.text, number
            continue
        if printed:
            yield last, _describe_output(printed)
            printed = ""
        if isinstance(event, Output):
            printed, last = event.text, number
            budget -= BUDGET
        elif (described := _describe_event(event)) is not None:
            yield number, described
            budget -= 200
        if budget < 0:
            break
    if printed:
        yield last, _describe_output(printed)


def _describe_output(printed: str) -> dict[str, object]:
    return {"event": "output", "text": clip_text(flatten_output(printed), _LONGEST_OUTPUT)}


def _describe_event(event: Event) -> dict[str, object] | None:
    """Return what an agent needs of an event; None for one that it does not need."""
    fields: dict[str, object]
    match event:
        case RunStarted():
            fields = {"procedure": event.procedure, "agent": event.agent}
        case StatementStarted():
            fields = {"line": event.line, "text": clip_text(event.text), "inside": event.inside}
            fields |= {"attempt": event.attempt} if event.attempt > 1 else {}
            fields |= {"host": event.host or ""}
        case StatementFinished():
            fields = {
                "exit_status": event.status,
                "seconds": round(event.duration, 1),
                "problem": clip_text(event.problem),
                "in_doubt": event.doubt,
                "in_background": event.background,
            }
        case Captured() | ValueGiven():
            fields = {"name": event.name, "value": clip_text(event.value or ""), "secret": event.secret}
        case Asked():
            fields = {"id": event.id, "kind": event.question}
        case Answered(id=asked) if asked:  # others were answered by an option
            fields = {"question": asked, "answer": event.answer, "by": event.by}
            fields |= {"note": clip_text(event.note)}
        case BackgroundOutput():
            fields = {"text": clip_text(flatten_output(event.text), _LONGEST_OUTPUT)}
        case BackgroundEnded():
            fields = {"exit_status": event.status, "problem": clip_text(event.problem)}
        case RunEnded():
            fields = {"outcome": str(event.outcome), "reason": clip_text(event.reason)}
        case Edited():
            fields = {}
        case _:
            return None
    return {
        "event": event.event,
        **{name: value for name, value in fields.items() if value != "" and value is not False},
    }
