"""Writes the summary of a run: how it ended, and the result of every step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..document.model import Step
from ..document.outline.titles import names_procedure
from ..engine.events import FINISHED, Asked, RunEnded
from ..engine.state import ItemStatus, State, has_failed, next_item
from ..light_classes import NamedTuple
from ..plan.model import Plan, Value
from ..plan.values import describe_value
from ..text.ansi import escape_unprintable
from ..text.display import clip, count_columns, pad, wrap
from ..text.durations import format_duration
from .step_view import format_place
from .writer import TerminalWriter

_NOTES = 30  # columns for the notes of a summary; longer notes are folded

_MARKS = {"ok": "✓", "failed": "✗", "skipped": "–"}

_MARK_COLOURS = {"✓": "green", "✗": "red"}


class SummaryRow(NamedTuple):
    """A line of the summary."""

    label: str
    title: str
    mark: str
    time: str
    notes: str


def write_summary(
    writer: TerminalWriter,
    plan: Plan,
    state: State,
    ended: RunEnded,
    captured: Mapping[int, Sequence[str]],
    took: float,
) -> None:
    """Write how a run ended, and a row for each step; `captured` are names of values by step.

    `took` is in seconds.
    """
    writer.write_line()
    outcome = describe_outcome(plan, state, ended, took)
    if ended.outcome != "succeeded" and state.acted:
        outcome += f"  Total {format_duration(took)}."
    writer.write_wrapped(outcome, "bold")
    # the reason why a statement failed was shown below the statement
    unseen = ended.outcome == "failed" and "failed" not in state.done.values()
    if ended.reason and (ended.outcome == "waiting" or unseen):
        writer.write_wrapped(ended.reason)
    writer.write_line()
    rows = [summarize_step(plan, step, state, captured) for step in plan.procedure.steps]
    _write_rows(writer, rows)
    if ended.outcome == "succeeded" and (below := _list_below(plan)):
        writer.write_line()
        writer.write_wrapped(f"Not run, below the steps: {', '.join(below)}")
    writer.write_line()


def _list_below(plan: Plan) -> list[str]:
    """Return the procedures below the steps that a reader comes to next, such as "Verify"."""
    procedure = plan.procedure
    if not names_procedure(procedure.title):
        return []
    return [
        escape_unprintable(f"{each.title} (#{each.anchor})")
        for each in plan.runbook.procedures
        if each.span.start > procedure.span.start and not each.dangerous and each.anchor != procedure.anchor
    ]


def write_recap(writer: TerminalWriter, plan: Plan, state: State, values: Mapping[str, Value]) -> None:
    """Write what a resumed run has done already, and the values that it has."""
    done = {where.step for where, status in state.done.items() if status != ItemStatus.NOT_NEEDED}
    rows = [summarize_step(plan, step, state, {}) for step in plan.procedure.steps if step.number in done]
    if not rows:
        return
    writer.write_line()
    writer.write_wrapped("Before this run was resumed:", "bold")
    _write_rows(writer, rows)
    known = [f"<{name}> {describe_value(value.text, value.secret)}" for name, value in values.items()]
    if known:
        writer.write_wrapped(f"Values from before: {', '.join(known)}")


def _write_rows(writer: TerminalWriter, rows: Sequence[SummaryRow]) -> None:
    times = max((count_columns(row.time) for row in rows), default=0)
    noted = min(max((count_columns(row.notes) for row in rows), default=0), _NOTES)
    titles = min(
        max((count_columns(row.title) for row in rows), default=0), writer.width - times - noted - 17
    )
    for row in rows:
        title = pad(clip(row.title, titles), titles)
        mark = writer.paint(row.mark, _MARK_COLOURS.get(row.mark, "dim"))
        line = f"  {row.label:>3}  {title}  {mark}  {row.time:>{times}}"
        first, *more = wrap(row.notes, writer.width - titles - times - 15)
        writer.write_line(f"{line}   {first}".rstrip())
        for note in more:
            writer.write_line(" " * (titles + times + 13) + note)


def describe_answers(asked: Asked, run: str) -> str:
    """Return the command that answers a question without a terminal, and the answers that it takes."""
    needs = {"value": "value:VALUE", "choose": "choose:LABEL"}
    first, *more = (needs.get(choice, choice) for choice in asked.choices)
    return f"runbook-exec resume {run} --answer {asked.id}={first}  (or {', '.join(more)})"


def describe_outcome(plan: Plan, state: State, ended: RunEnded, took: float) -> str:
    """Return a sentence: how the run ended and where."""
    if ended.outcome == "succeeded":
        steps = len({item.where.step for item in plan.items})
        return f"Done.  {steps} step{'s' * (steps != 1)} in {format_duration(took)}."
    if ended.outcome == "partial":
        return f"Ended, but not everything was done: {escape_unprintable(ended.reason)}."
    if ended.outcome == "waiting":
        if not state.done:
            return "Nothing was run, because no person can be asked here."
        return "Waiting for a person.  Nothing after this was run."
    stop = next_item(plan, state)
    at = stop.where.step if stop else max((where.step for where in state.done), default=1)
    of = format_place(plan, at)
    if not state.done and state.doubt is None:
        return "Stopped before anything was run."
    if state.doubt is None and not any(where.step == at for where in state.done):
        return f"Stopped before {of}.  Nothing from there on was run."
    return f"Stopped at {of}.  Nothing after it was run."


def summarize_step(plan: Plan, step: Step, state: State, captured: Mapping[int, Sequence[str]]) -> SummaryRow:
    """Return the row of a step: its result, time and notes."""
    parts = {where: how for where, how in state.done.items() if where.step == step.number}
    hows = [how for how in parts.values() if how != ItemStatus.NOT_NEEDED]
    items = [item for item in plan.items if item.where.step == step.number]
    left = state.outcome not in FINISHED and any(item.where not in parts for item in items)
    failed = [where for where in parts if has_failed(state, where)]
    how = "failed" if failed else next((h for h in ("ok", "skipped") if h in hows), "")
    partly = how == "ok" and ("skipped" in hows or (left and step.number == _last_step(state)))
    took = [seconds for where, seconds in state.durations.items() if where.step == step.number]
    notes = [f"exit {state.statuses[where]}" for where in failed if state.statuses.get(where)]
    notes += [f"captured <{name}>" for name in captured.get(step.number, ())]
    written = [
        escape_unprintable(note) for where, note in state.notes.items() if where.step == step.number and note
    ]
    by_hand = how == "ok" and step.manual and not took
    notes += [f"by hand: {'; '.join(written)}"] if by_hand and written else written
    notes += _describe_rest(hows or ["skipped"] * len(parts), bool(items))
    return SummaryRow(
        escape_unprintable(step.label),
        escape_unprintable(step.title),
        "…" if partly else _MARKS.get(how, "–"),
        format_duration(sum(took)) if took else "by hand" * (by_hand and not written),
        ", ".join(notes),
    )


def _last_step(state: State) -> int:
    return max((where.step for where in state.done), default=0)


def _describe_rest(hows: Sequence[str], asked_for: bool) -> Iterator[str]:
    skipped = hows.count("skipped")
    if skipped:
        yield "skipped" if skipped == len(hows) else f"{skipped} of {len(hows)} skipped"
    if not asked_for:
        yield "not asked for"
