"""Finds mistakes after a rehearsal: a failed statement, and calls that are missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..engine.events import Event, Output, RunEnded, StatementFinished
from ..plan.model import ItemId, Plan, PlanItem
from ..text.span import Span
from .findings import NEVER_CAME, STATEMENT_FAILED, RehearsalFinding
from .matcher import find_missing_calls
from .responder import Responder
from .scripted_answers import ScriptedAnswers
from .transcript.model import ExpectedCall

_MAX_OUTPUT_LINES = 12  # lines of a failed statement's output that are shown


def find_final_findings(
    plan: Plan, responder: Responder, answers: ScriptedAnswers, events: Sequence[Event]
) -> Iterator[RehearsalFinding]:
    """Yield the findings after the end of the run: a failed statement, and calls not received."""
    ended = events[-1] if events and isinstance(events[-1], RunEnded) else None
    over = ended is not None and ended.outcome == "succeeded"
    if not over and not answers.findings:
        yield from _find_failure(plan, responder, events, ended.reason if ended else "")
    if responder.operator is not None:
        for call in responder.operator.pop_unasked_calls():
            yield RehearsalFinding(
                NEVER_CAME, "this call does not ask what it is to ask", "", None, call.span
            )
    for call in find_missing_calls(responder.transcript.calls, responder.progress, over):
        yield RehearsalFinding(
            NEVER_CAME, "this call never came", _describe_position(responder, call), None, call.span
        )


def _find_failure(
    plan: Plan, responder: Responder, events: Sequence[Event], reason: str
) -> Iterator[RehearsalFinding]:
    failed = [event for event in events if isinstance(event, StatementFinished) and event.problem]
    last = failed[-1] if failed else None
    where = ItemId(last.step, last.block, last.statement) if last else None
    item = next((item for item in plan.items if item.where == where), None)
    span = item.statement.span if item and item.statement else None
    if any(finding.runbook == span for finding in responder.findings if span):
        return  # a finding at this statement explains the failure
    printed = "".join(
        event.text
        for event in events
        if isinstance(event, Output) and where == ItemId(event.step, event.block, event.statement)
    )
    lines = [line for line in printed.replace("\r", "").split("\n") if line.strip()][-_MAX_OUTPUT_LINES:]
    hint = "\n".join(["it printed:", *(f"  {line}" for line in lines)]) if lines else "it printed nothing"
    if last is not None and last.status == 127:
        hint += (
            "\nwhat no `$` line of the transcript names has to be a harmless program, or below `programs:`"
        )
    if "no such file or directory" in printed.casefold():
        hint += "\na rehearsal runs in an empty folder; `files: DIR` in the transcript copies files into it"
    message = f"the statement fails: {last.problem}" if last else f"the run stops: {reason}"
    yield RehearsalFinding(STATEMENT_FAILED, message, hint, span, _last_call_span(responder, item))


def _last_call_span(responder: Responder, item: PlanItem | None) -> Span | None:
    """Return the span in the transcript of the last call of this statement."""
    calls = [each.call for each in responder.received_calls if each.item is item and each.call]
    return calls[-1].span if calls else None


def _describe_position(responder: Responder, call: ExpectedCall) -> str:
    """Return a hint that names the statement of the runbook after which a call was expected."""
    before = {
        each.call.number: each
        for each in responder.received_calls
        if each.call and each.call.number < call.number
    }
    previous = before[max(before)] if before else None
    if previous is None:
        first = call is responder.transcript.calls[0]
        return "it was to be the first" if first else "no call that is to come before it has come either"
    statement = previous.item.statement if previous.item else None
    if statement is None:
        return ""
    line, _, _ = statement.text.partition("\n")
    return f"it was to come after `{line}` on line {statement.span.line} of the runbook"
