"""Computes the state of a run by a fold over its events."""

from __future__ import annotations

import difflib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from operator import attrgetter
from typing import TypeVar

from ..plan.alternatives import ChoiceKey, find_choice_key, is_left_out, list_choices
from ..plan.model import ItemId, Plan, PlanItem
from .events import Answered, Event, RunEnded, StatementFinished, StatementStarted
from .persistent_map import PersistentMap, with_entry
from .questions import Choice

T = TypeVar("T")


_START = ItemId(0)


class ItemStatus(StrEnum):
    """The result of an item that was begun."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class State:
    """The finished parts of a run.

    `doubt` is a statement that started and is not known to have ended.
    """

    done: Mapping[ItemId, ItemStatus] = field(default_factory=PersistentMap)
    durations: Mapping[ItemId, float] = field(default_factory=PersistentMap)  # seconds
    statuses: Mapping[ItemId, int] = field(default_factory=PersistentMap)
    chosen: Mapping[ChoiceKey, int] = field(default_factory=dict)  # the number of the alternative
    doubt: ItemId | None = None
    outcome: str | None = None
    passed: ItemId = _START  # the last finished item; a failed item is not finished


def apply(state: State, event: Event) -> State:
    """Return the state after the event."""
    match event:
        case StatementStarted(statement=number) if number:
            return replace(state, doubt=ItemId(event.step, event.block, event.statement))
        case StatementFinished(statement=number) if number:
            where = ItemId(event.step, event.block, event.statement)
            spent = state.durations.get(where, 0.0) + event.duration
            state = replace(
                state,
                durations=with_entry(state.durations, where, spent),
                statuses=with_entry(state.statuses, where, event.status),
                doubt=where if event.doubt else None,
            )
            return _mark_item(state, where, ItemStatus.FAILED if event.problem else ItemStatus.OK)
        case Answered():
            return _apply_answer(state, event)
        case RunEnded():
            return replace(state, outcome=event.outcome)
        case _:
            return state


def _apply_answer(state: State, event: Answered) -> State:
    where = ItemId(event.step, event.block, event.statement)
    match event.question, event.answer:
        case "choose", number if number.isdigit():
            key = find_choice_key(event.step, event.block, event.group)
            return replace(state, chosen={**state.chosen, key: int(number)})
        case _, Choice.SKIP:
            return _mark_item(state, where, ItemStatus.SKIPPED)
        case "manual", Choice.DONE:
            return _mark_item(state, where, ItemStatus.OK)
        case "doubt", Choice.DONE:
            return _mark_item(replace(state, doubt=None), where, ItemStatus.OK)
        case "doubt", Choice.AGAIN:
            return replace(state, doubt=None)
    return state


def _mark_item(state: State, where: ItemId, status: ItemStatus) -> State:
    """Return the state with the item's status."""
    done = with_entry(state.done, where, status)
    passed = state.passed
    if status != ItemStatus.FAILED:
        passed = max(passed, where)
    elif where == passed:
        passed = _find_passed(done)
    return replace(state, done=done, passed=passed)


def _find_passed(done: Mapping[ItemId, ItemStatus]) -> ItemId:
    passed = (where for where, status in done.items() if status != ItemStatus.FAILED)
    return max(passed, default=ItemId(0))


def next_item(plan: Plan, state: State) -> PlanItem | None:
    """Return the first item after all finished ones whose alternative is, or may be, chosen.

    A failed item is not finished. An item that an edit has inserted before it since is not finished either.
    """
    for index in range(bisect_right(plan.items, state.passed, key=attrgetter("where")), len(plan.items)):
        item = plan.items[index]
        if not is_left_out(item, state.chosen):
            return item
    return None


def carry_over(state: State, old: Plan, new: Plan) -> State:
    """Return the state after an edit of the document.

    A finished statement stays finished, also if its text has moved.
    """

    def item_texts(plan: Plan) -> list[str]:
        return [item.statement.text if item.statement else item.step.title for item in plan.items]

    moved: dict[ItemId, ItemId] = {}
    matcher = difflib.SequenceMatcher(None, item_texts(old), item_texts(new), autojunk=False)
    for _, first, last, there, end in matcher.get_opcodes():
        for index in range(min(last - first, end - there)):
            moved[old.items[first + index].where] = new.items[there + index].where

    def move(values: Mapping[ItemId, T]) -> dict[ItemId, T]:
        return {moved[where]: value for where, value in values.items() if where in moved}

    after = {item.where: item for item in new.items}
    keys = {
        before.key: now.key
        for item in old.items
        if item.where in moved
        for before, now in zip(list_choices(item), list_choices(after[moved[item.where]]), strict=False)
        if before.labels == now.labels or before.group <= 0
    }
    done = move(state.done)
    return replace(
        state,
        done=done,
        passed=_find_passed(done),
        durations=move(state.durations),
        statuses=move(state.statuses),
        chosen={keys[key]: choice for key, choice in state.chosen.items() if key in keys},
        doubt=moved.get(state.doubt) if state.doubt else None,
    )
