"""Joins the blocks of a procedure of which one runs: tabs, and blocks with an "or" between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ...light_classes import NamedTuple
from ..model import ALL_OF_THEM, Block, Branch, Step
from .prose_choices import find_prose_choices
from .regions import TabPlace


class _Member(NamedTuple):
    """A block in a group of alternatives."""

    block: int  # the offset of the block
    group: int  # the offset that identifies the group
    number: int
    label: str
    named: bool
    together: bool = False  # whether all may run


def join_branches(steps: Sequence[Step], tabs: Mapping[int, tuple[TabPlace, ...]]) -> tuple[Step, ...]:
    """Return the steps, with each block that runs knowing its alternatives.

    `tabs` has the tabs that a block is in by the offset of the block, outer ones first.
    """
    members = [*_list_tabs(steps, tabs), *_list_prose_choices(steps, tabs)]
    if not members:
        return tuple(steps)
    branches = _make_branches(members)
    return tuple(
        step._replace(
            parts=tuple(
                part._replace(branches=branches[part.span.start])
                if isinstance(part, Block) and part.runs and part.span.start in branches
                else part
                for part in step.parts
            )
        )
        for step in steps
    )


def _list_running(steps: Sequence[Step]) -> Iterator[Block]:
    for step in steps:
        yield from (block for block in step.blocks if block.runs)


def _list_tabs(steps: Sequence[Step], tabs: Mapping[int, tuple[TabPlace, ...]]) -> Iterator[_Member]:
    for block in _list_running(steps) if tabs else ():
        for place in tabs.get(block.span.start, ()):
            yield _Member(block.span.start, place.group, place.number, place.label, True)


def _list_prose_choices(steps: Sequence[Step], tabs: Mapping[int, tuple[TabPlace, ...]]) -> Iterator[_Member]:
    for step in steps:
        for choice in find_prose_choices(step.parts, tabs):
            group = choice.blocks[0].span.start
            for number, (block, label) in enumerate(zip(choice.blocks, choice.labels, strict=True), 1):
                yield _Member(block.span.start, -group - 1, number, label, False, choice.together)


def _make_branches(members: Sequence[_Member]) -> dict[int, tuple[Branch, ...]]:
    """Return the branches of each block by its offset. A group with one alternative left is none."""
    groups: dict[int, dict[int, str]] = {}  # the label of each alternative by its number
    first: dict[int, int] = {}
    for member in members:
        groups.setdefault(member.group, {}).setdefault(member.number, member.label)
        first[member.group] = min(member.block, first.get(member.group, member.block))
    together = {member.group for member in members if member.together}
    several = sorted((group for group, found in groups.items() if len(found) > 1), key=first.__getitem__)
    order = {group: number for number, group in enumerate(several, 1)}
    names: dict[int, tuple[str, ...]] = {}
    places: dict[int, dict[int, int]] = {}
    for group in several:
        numbers = sorted(groups[group])
        labels = _distinguish([groups[group][number] for number in numbers])
        names[group] = (*labels, ALL_OF_THEM) if group in together else labels
        places[group] = {number: place for place, number in enumerate(numbers, 1)}
    branches: dict[int, list[Branch]] = {}
    for member in members:
        if (group := member.group) in order:
            branch = Branch(order[group], places[group][member.number], names[group], member.named)
            branches.setdefault(member.block, []).append(branch)
    return {block: tuple(found) for block, found in branches.items()}


def _distinguish(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the labels, numbered where two are the same."""
    counts = Counter(labels)
    return tuple(
        f"{label} ({number})" if counts[label] > 1 else label for number, label in enumerate(labels, 1)
    )
