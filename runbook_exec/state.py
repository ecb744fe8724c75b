"""Where a run has got to: a fold over its events."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from .events import Answered, Event, RunEnded, StatementFinished, StatementStarted
from .plan import Item, Plan, Where

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class State:
    """What has been done, and how; `doubt` is a statement that started and is not known to have ended."""

    done: Mapping[Where, str] = field(default_factory=dict)  # "ok", "failed" or "skipped"
    durations: Mapping[Where, float] = field(default_factory=dict)  # seconds
    statuses: Mapping[Where, int] = field(default_factory=dict)
    chosen: Mapping[tuple[int, int], int] = field(default_factory=dict)  # block -> alternative
    doubt: Where | None = None
    outcome: str | None = None


def after(state: State, event: Event) -> State:
    """The state once the event has happened."""
    match event:
        case StatementStarted(statement=number) if number:
            return replace(state, doubt=Where(event.step, event.block, event.statement))
        case StatementFinished(statement=number) if number:
            where = Where(event.step, event.block, event.statement)
            spent = state.durations.get(where, 0.0) + event.duration
            return replace(
                state,
                done={**state.done, where: "failed" if event.problem else "ok"},
                durations={**state.durations, where: spent},
                statuses={**state.statuses, where: event.status},
                doubt=None,
            )
        case Answered():
            return _answered(state, event)
        case RunEnded():
            return replace(state, outcome=event.outcome)
        case _:
            return state


def _answered(state: State, event: Answered) -> State:
    where = Where(event.step, event.block, event.statement)
    if event.question == "choose":
        return replace(state, chosen={**state.chosen, (event.step, event.block): int(event.answer)})
    if event.answer == "skip":
        return replace(state, done={**state.done, where: "skipped"})
    if event.question == "manual" and event.answer == "done":
        return replace(state, done={**state.done, where: "ok"})
    return state


def next_item(plan: Plan, state: State) -> Item | None:
    """What comes next: the first item after all that is done with whose alternative is, or may be, chosen.

    What failed is not done with, nor is what was written in front of it since.
    """
    passed = max((where for where, how in state.done.items() if how != "failed"), default=Where(0))
    for item in plan.items:
        if item.where <= passed:
            continue
        if item.statement is not None and item.statement.alternative:
            chosen = state.chosen.get((item.where.step, item.where.block))
            if chosen not in (None, item.statement.alternative):
                continue
        return item
    return None


def carried(state: State, old: Plan, new: Plan) -> State:
    """The state after the document was edited: what was done stays done, wherever its text stands now."""

    def texts(plan: Plan) -> list[str]:
        return [item.statement.text if item.statement else item.step.title for item in plan.items]

    moved: dict[Where, Where] = {}
    matcher = difflib.SequenceMatcher(None, texts(old), texts(new), autojunk=False)
    for _, first, last, there, end in matcher.get_opcodes():
        for index in range(min(last - first, end - there)):
            moved[old.items[first + index].where] = new.items[there + index].where

    def move(values: Mapping[Where, T]) -> dict[Where, T]:
        return {moved[where]: value for where, value in values.items() if where in moved}

    blocks = {(a.step, a.block): (b.step, b.block) for a, b in moved.items()}
    return replace(
        state,
        done=move(state.done),
        durations=move(state.durations),
        statuses=move(state.statuses),
        chosen={blocks[block]: choice for block, choice in state.chosen.items() if block in blocks},
        doubt=moved.get(state.doubt) if state.doubt else None,
    )
