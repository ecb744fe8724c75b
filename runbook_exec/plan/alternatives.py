"""Decides which alternative runs: of tabs, of blocks joined by "or", and within a block."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from ..diagnostics.problem import Problem
from ..document.flow.labels import is_system
from ..document.model import ALL_OF_THEM
from ..light_classes import NamedTuple
from ..text.lazy_pattern import LazyPattern
from .model import ItemId, Plan, PlanItem

# a step, its block and the alternatives in it; or twice 0 and the number of a group of blocks
ChoiceKey = tuple[int, int, int]


class ItemChoice(NamedTuple):
    """A choice that decides whether an item runs."""

    key: ChoiceKey
    number: int  # of the item's alternative; 0 if it runs with each
    labels: tuple[str, ...]
    named: bool  # as in `Branch`

    @property
    def group(self) -> int:
        """Return the number of the group of blocks; for alternatives in one block 0, -1, -2 …."""
        return -self.key[2] if self.key[0] else self.key[2]


_START = ItemId(0)

_MOST_LABELS = 20  # of a choice that are named; a page of tabs would fill many screens with each command

_GENERIC = LazyPattern(
    r"(?:(?:option|method|variant|alternative|choice|approach|way|example|step)\b.*|\W*\w?\W*)", re.IGNORECASE
)

_LEAD = LazyPattern(
    r"(?:(?:on|for|in|if you(?:'re| are)? (?:on|using)|using|with|via)\s+)?(.*?)[\s:.]*", re.I
)


def list_choices(item: PlanItem) -> Iterator[ItemChoice]:
    """Yield the choices that decide about an item, outer ones first."""
    block = item.block
    if block is None:
        return
    for branch in block.branches:
        yield ItemChoice((0, 0, branch.group), branch.number, branch.labels, branch.named)
    statement = item.statement
    for fork, labels in enumerate((block.alternatives, *block.forks)):
        if labels:
            number = statement.alternative if statement and statement.fork == fork else 0
            yield ItemChoice((*item.where[:2], fork), number, labels, False)


def find_choice_key(step: int, block: int, group: int) -> ChoiceKey:
    """Return the key of a choice from the place and the group in its event."""
    return (0, 0, group) if group > 0 else (step, block, -group)


def is_left_out(item: PlanItem, chosen: Mapping[ChoiceKey, int]) -> bool:
    """Return whether another alternative than the item's was chosen."""
    return bool(chosen) and any(
        choice.key in chosen and not _includes(choice.labels, chosen[choice.key], choice.number)
        for choice in list_choices(item)
    )


def _includes(labels: Sequence[str], chosen: int, number: int) -> bool:
    return number in (0, chosen) or labels[chosen - 1 : chosen] == (ALL_OF_THEM,)


def describe_choices(item: PlanItem) -> str:
    """Return the alternatives that the item belongs to, and those beside them; "" for none."""
    return "; ".join(
        f"only as “{choice.labels[choice.number - 1]}” of {_join_labels(choice.labels)}"
        for choice in list_choices(item)
        if choice.number
    )


def _join_labels(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - _MOST_LABELS} more" if len(labels) > _MOST_LABELS else ""
    return f"“{'”, “'.join(labels[:_MOST_LABELS])}”{more}"


def find_open_choice(item: PlanItem, chosen: Mapping[ChoiceKey, int]) -> ItemChoice | None:
    """Return the first choice about an item that is not made yet."""
    return next((choice for choice in list_choices(item) if choice.key not in chosen), None)


def decide_choice(
    plan: Plan, item: PlanItem, choice: ItemChoice, chosen: Mapping[ChoiceKey, int]
) -> tuple[int, str]:
    """Return the alternative that was decided before, and where; 0 if nothing decides.

    It is the item's annotation, `--choose` and the front matter, or an earlier choice of the same name.
    """
    beside = plan.items if choice.group > 0 else (item,)
    for other in beside:
        wanted = other.annotation.choose
        about_this = wanted and any(each.key == choice.key for each in list_choices(other))
        if about_this and (number := chosen_alternative(choice.labels, wanted)):
            return number, "annotated"
    for wanted in plan.choose:
        if not wanted.isdigit() and (number := chosen_alternative(choice.labels, wanted)):
            return number, "decided in advance"
    names = _list_names(choice.labels, choice.named) if chosen else ()
    for other in plan.items if any(names) else ():
        for made in list_choices(other):
            number = chosen.get(made.key, 0)
            name = _list_names(made.labels, made.named)[number - 1] if number else ""
            if name and name in names:
                return names.index(name) + 1, "as before"
    return 0, ""


def is_decided_against(plan: Plan, item: PlanItem) -> bool:
    """Return whether it was decided before the run that the item is in an alternative that does not run."""
    made: dict[ChoiceKey, int] = {}
    for choice in list_choices(item):
        number, _ = decide_choice(plan, item, choice, made)
        if number:
            made[choice.key] = number
    return is_left_out(item, made)


@lru_cache(maxsize=64)  # each item of a group has the same labels
def _list_names(labels: tuple[str, ...], named: bool) -> tuple[str, ...]:
    """Return the name in each label, in compared form; "" if it means nothing for other choices."""
    return tuple(_name_of(label, named) for label in labels)


def _name_of(label: str, named: bool) -> str:
    if not is_system(label) and (not named or _GENERIC.fullmatch(label)):
        return ""
    found = _LEAD.fullmatch(label.strip("# "))
    return " ".join((found[1] if found else label).casefold().split())


def chosen_alternative(labels: Sequence[str], wanted: str | None) -> int:
    """Return the number of the alternative that `choose=` names by number or label; 0 for none."""
    if wanted is None:
        return 0
    if wanted.isdigit() and 0 < int(wanted) <= len(labels):
        return int(wanted)
    folded = [label.casefold() for label in labels]
    same = [n for n, label in enumerate(folded, 1) if label == wanted.casefold()]
    matching = same or [n for n, label in enumerate(folded, 1) if wanted.casefold() in label]
    return matching[0] if len(matching) == 1 else 0


def list_texts(plan: Plan, choice: ItemChoice) -> tuple[str, ...]:
    """Return the commands of each alternative of a choice."""
    texts: list[list[str]] = [[] for _ in choice.labels]
    for item in plan.items:
        for each in list_choices(item):
            if each.key == choice.key and item.statement is not None and each.number:
                texts[each.number - 1].append(item.statement.text)
    return tuple("\n".join(lines) for lines in texts)


def find_undecided(plan: Plan, chosen: Mapping[ChoiceKey, int], passed: ItemId = _START) -> Iterator[Problem]:
    """Yield a Problem for each choice that a person has to make after the item `passed`.

    `chosen` are those made before. Statements with a condition are left out, because it may be false.
    """
    made = dict(chosen)
    for item in plan.items:
        if item.annotation.when is not None or item.where <= passed:
            continue
        while not is_left_out(item, made) and (choice := find_open_choice(item, made)) is not None:
            number, _ = decide_choice(plan, item, choice, made)
            made[choice.key] = number or choice.number or 1
            if not number:
                yield _report_undecided(item, choice)


def _report_undecided(item: PlanItem, choice: ItemChoice) -> Problem:
    labels = "\n".join(f"  {number}  {label}" for number, label in enumerate(choice.labels, 1))
    return Problem(
        "which-alternative",
        f"step {item.step.label} has alternatives, and no person is here to choose one",
        item.block.span if item.block else item.step.span,
        "choose with `--choose LABEL`, or with `<!-- runbook: choose=NUMBER -->` above the block:\n" + labels,
    )


def find_unknown_choices(items: Sequence[PlanItem], wanted: Sequence[str]) -> Iterator[Problem]:
    """Yield a Problem for each `--choose` that no alternative answers to."""
    groups = dict.fromkeys(choice.labels for item in items for choice in list_choices(item))
    for label in wanted:
        if label.isdigit() or not any(chosen_alternative(labels, label) for labels in groups):
            known = "\n".join(f"  {' · '.join(labels)}" for labels in groups)
            hint = f"choose by a label:\n{known}" if known else "it has no alternatives"
            yield Problem(
                "unknown-choice", f"`--choose {label}`: the procedure has no such alternative", hint=hint
            )
