"""Computes the state of a run by a fold over its events."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from enum import StrEnum
from operator import attrgetter
from types import MappingProxyType
from typing import TypeVar

from ..light_classes import NamedTuple
from ..plan.alternatives import ChoiceKey, find_choice_key, is_left_out
from ..plan.item_marks import ItemMark, find_replacements, mark_items, match_items
from ..plan.model import ItemId, Plan, PlanItem
from .attempts.background_events import BackgroundEnded
from .events import Answered, Asked, Event, Output, RunEnded, StatementFinished, StatementStarted
from .persistent_map import with_entry
from .questions import Choice

T = TypeVar("T")


_START = ItemId(0)


class ItemStatus(StrEnum):
    """The result of an item that was begun."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"  # by the operator
    NOT_NEEDED = "not needed"  # its `when` was false


class State(NamedTuple):
    """The finished parts of a run.

    `doubt` is a statement that started and is not known to have ended.
    """

    done: Mapping[ItemId, ItemStatus] = MappingProxyType({})
    durations: Mapping[ItemId, float] = MappingProxyType({})  # seconds
    statuses: Mapping[ItemId, int] = MappingProxyType({})
    chosen: Mapping[ChoiceKey, int] = MappingProxyType({})  # the number of the alternative
    doubt: ItemId | None = None
    outcome: str | None = None
    passed: ItemId = _START  # the last finished item; a failed item is not finished
    left: frozenset[ItemId] = frozenset()  # items before it that are unfinished, after an edit or a return
    unsure: frozenset[ItemId] = frozenset()  # items after an edit that do not run unless a person agrees
    acted: bool = False  # whether a statement was started, or a person has done a step
    background: frozenset[ItemId] = frozenset()  # items that go on until the run ends
    next_try: tuple[ItemId, int] | None = None  # a statement that is tried again, and which attempt is next
    question: Asked | None = None  # the question that has no answer yet
    notes: Mapping[ItemId, str] = MappingProxyType({})  # what a person wrote about manual steps

    def is_ahead(self, where: ItemId) -> bool:
        """Return whether an item is still to come, or failed."""
        return where > self.passed or where in self.left

    def count_tries(self, where: ItemId) -> int:
        """Return the number of attempts at an item that count when the run goes on."""
        return self.next_try[1] - 1 if self.next_try and self.next_try[0] == where else 0


def apply(state: State, event: Event) -> State:
    """Return the state after the event."""
    match event:
        case StatementStarted(statement=0):
            return state._replace(acted=True)
        case StatementStarted():
            where = ItemId(event.step, event.block, event.statement)
            return state._replace(acted=True, doubt=where, next_try=(where, event.attempt), question=None)
        case StatementFinished(statement=number) if number:
            return _finish_statement(state, event)
        case Output():
            return state
        case Asked():
            return state._replace(question=event)
        case BackgroundEnded(with_run=False):
            return _end_background(state, event)
        case Answered():
            return _apply_answer(state._replace(question=None) if event.id else state, event)
        case RunEnded():
            return state._replace(outcome=event.outcome, question=state.question if event.question else None)
        case _:
            return state


def _finish_statement(state: State, event: StatementFinished) -> State:
    where = ItemId(event.step, event.block, event.statement)
    spent = event.duration
    if where in state.durations:
        spent += state.durations[where]
    state = state._replace(
        durations=with_entry(state.durations, where, spent),
        statuses=with_entry(state.statuses, where, event.status),
        doubt=where if event.doubt else None,
        next_try=(where, state.count_tries(where) + 2) if event.retry_after else None,
        background=state.background | {where} if event.background else state.background,
    )
    return _mark_item(state, where, ItemStatus.FAILED if event.problem else ItemStatus.OK)


def _end_background(state: State, event: BackgroundEnded) -> State:
    """Return the state after the end of a statement that the run has not ended itself."""
    where = ItemId(event.step, event.block, event.statement)
    if event.problem:  # a resumed run starts it again
        return state._replace(done=with_entry(state.done, where, ItemStatus.FAILED))
    return state._replace(background=state.background - {where})


def _apply_answer(state: State, event: Answered) -> State:
    where = ItemId(event.step, event.block, event.statement)
    if event.question == "failed" and event.answer != Choice.QUIT:
        state = state._replace(next_try=None)  # the operator has decided; the attempts begin anew
    match event.question, event.answer:
        case "run", Choice.RUN:
            return state
        case "choose", number if number.isdigit():
            key = find_choice_key(event.step, event.block, event.group)
            return state._replace(chosen={**state.chosen, key: int(number)})
        case "when", Choice.SKIP:
            return _mark_item(state, where, ItemStatus.NOT_NEEDED)
        case _, Choice.SKIP:
            state = state._replace(background=state.background - {where})
            return _mark_item(state, where, ItemStatus.SKIPPED)
        case "failed", Choice.DONE:
            return _mark_item(state, where, ItemStatus.OK)
        case "manual", Choice.DONE:
            state = state._replace(acted=True, notes=with_entry(state.notes, where, event.note))
            return _mark_item(state, where, ItemStatus.OK)
        case "doubt", Choice.DONE:
            return _mark_item(state._replace(doubt=None), where, ItemStatus.OK)
        case "doubt", Choice.AGAIN:
            return state._replace(doubt=None, unsure=state.unsure - {where})
        case "new", Choice.RUN:
            return state._replace(unsure=state.unsure - {where})
        case "new", Choice.DONE:
            return _mark_item(state, where, ItemStatus.OK)
        case "return", _:
            return _go_back(state, where)
    return state


def _go_back(state: State, target: ItemId) -> State:
    """Return the state in which finished items from `target` on are unfinished.

    A statement that has run does not run again unless a person agrees. One in the background goes on.
    """
    finished = {
        where
        for where, status in state.done.items()
        if where >= target and status != ItemStatus.FAILED and where not in state.background
    }
    ran = {where for where in finished if where.statement and state.done[where] == ItemStatus.OK}
    return state._replace(left=state.left | finished, unsure=state.unsure | ran, next_try=None)


def _mark_item(state: State, where: ItemId, status: ItemStatus) -> State:
    """Return the state with the item's status."""
    done = with_entry(state.done, where, status)
    passed = state.passed
    if status != ItemStatus.FAILED:
        passed = max(passed, where)
        if where in state.left or where in state.unsure:
            state = state._replace(left=state.left - {where}, unsure=state.unsure - {where})
    elif where == passed:
        passed = _find_passed(done)
    return state._replace(done=done, passed=passed)


def _find_passed(done: Mapping[ItemId, ItemStatus]) -> ItemId:
    passed = (where for where, status in done.items() if status != ItemStatus.FAILED)
    return max(passed, default=ItemId(0))


def next_item(plan: Plan, state: State) -> PlanItem | None:
    """Return the first unfinished item whose alternative is, or may be, chosen.

    A failed item is not finished. Items that an edit has put before finished ones come first.
    """
    for where in sorted(state.left):
        index = bisect_left(plan.items, where, key=attrgetter("where"))
        for item in plan.items[index : index + 1]:
            if item.where == where and not is_left_out(item, state.chosen):
                return item
    for index in range(bisect_right(plan.items, state.passed, key=attrgetter("where")), len(plan.items)):
        item = plan.items[index]
        if not is_left_out(item, state.chosen):
            return item
    return None


def is_idle(outcome: str, state: State) -> bool:
    """Return whether nothing has happened in a run that ended so, and it does not wait for a person."""
    return not state.acted and outcome not in ("succeeded", "waiting")


def find_undone_items(plan: Plan, state: State) -> list[PlanItem]:
    """Return the items of a finished plan that failed, or that the operator skipped."""
    undone = (ItemStatus.FAILED, ItemStatus.SKIPPED)
    return [item for item in plan.items if state.done.get(item.where) in undone]


def has_failed(state: State, where: ItemId) -> bool:
    """Return whether an item failed, also if it was skipped after that."""
    # only an attempt leaves an exit status, and an item that succeeded is not skipped
    return state.done.get(where) in (ItemStatus.FAILED, ItemStatus.SKIPPED) and where in state.statuses


def describe_undone_steps(plan: Plan, state: State) -> str:
    """Return which steps were not done, such as `step 2 was skipped`; "" if none."""
    undone = find_undone_items(plan, state)
    failed = {item.where.step: item for item in undone if has_failed(state, item.where)}
    skipped = {item.where.step: item for item in undone if item.where.step not in failed}
    done = {where.step for where, status in state.done.items() if status == ItemStatus.OK}
    parts = [
        (failed, "", "failed"),
        ({step: item for step, item in skipped.items() if step not in done}, "", "skipped"),
        ({step: item for step, item in skipped.items() if step in done}, "a part of ", "skipped"),
    ]
    return ", ".join(
        _describe_steps([item.step.label for item in items.values()], lead, how)
        for items, lead, how in parts
        if items
    )


def _describe_steps(labels: list[str], lead: str, how: str) -> str:
    *first, last = labels
    names = f"steps {', '.join(first)} and {last}" if first else f"step {last}"
    verb = "were" if first and not lead else "was"
    return f"{lead}{names} {'failed and ' if how == 'failed' else ''}{verb} skipped"


def carry_over(state: State, old: Plan, new: Plan) -> State:
    """Return the state after an edit of the document, whose plan is now `new`."""
    return carry_marks(state, mark_items(old.items), mark_items(new.items))


def carry_marks(state: State, old: Sequence[ItemMark], new: Sequence[ItemMark]) -> State:
    """Return the state after an edit of the document, from the marks of the items before and after it.

    A finished item stays finished, wherever it is now. An item that is new, or was moved, before a finished
    one is unfinished, and a person decides on it; also on one that stands where a finished one has gone.
    """
    matched = match_items(old, new)
    moved = {old[before].where: new[now].where for before, now in matched.items()}

    def move(values: Mapping[ItemId, T]) -> dict[ItemId, T]:
        return {moved[where]: value for where, value in values.items() if where in moved}

    done = move(state.done)
    passed = _find_passed(done)
    finished = {where for where, status in done.items() if status != ItemStatus.FAILED}
    doubt = moved.get(state.doubt) if state.doubt else None
    # a statement in doubt may turn out to be finished
    end = max(passed, doubt or _START)
    left = frozenset(mark.where for mark in new if mark.where < end and mark.where not in finished)
    begun = {where for where, status in state.done.items() if status != ItemStatus.FAILED}
    if state.doubt is not None:
        begun.add(state.doubt)
    left |= {moved[where] for where in state.left if where in moved}  # a person has gone back before these
    unsure = {moved[where] for where in state.unsure if where in moved}
    return state._replace(
        done=done,
        passed=passed,
        left=left,
        unsure=(left | unsure | set(find_replacements(old, new, matched, begun))) - {doubt},
        durations=move(state.durations),
        statuses=move(state.statuses),
        notes=move(state.notes),
        chosen=_move_choices(state.chosen, [(old[before], new[now]) for before, now in matched.items()]),
        doubt=doubt,
        background=frozenset(moved[where] for where in state.background if where in moved),
        next_try=(moved[state.next_try[0]], state.next_try[1])
        if state.next_try and state.next_try[0] in moved
        else None,
    )


def _move_choices(
    chosen: Mapping[ChoiceKey, int], pairs: Sequence[tuple[ItemMark, ItemMark]]
) -> dict[ChoiceKey, int]:
    """Return the choices with the keys that they have after an edit; one between other blocks is dropped."""
    keys = {
        before: now
        for old, new in pairs
        for (before, was), (now, told) in zip(old.choices, new.choices, strict=False)
        if was == told or before[0]
    }
    return {keys[key]: choice for key, choice in chosen.items() if key in keys}
