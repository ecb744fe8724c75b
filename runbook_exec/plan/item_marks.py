"""Marks the items of a plan, so that each can be found again after an edit of the page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from ..light_classes import NamedTuple
from .alternatives import ChoiceKey, list_choices
from .model import ItemId, PlanItem


class ItemMark(NamedTuple):
    """The place of an item, a digest of its text, and of each choice about it the key and a digest.

    The text can stand for its own digest where the mark is not written down.
    """

    where: ItemId
    digest: str
    choices: tuple[tuple[ChoiceKey, str], ...] = ()


def mark_items(items: Sequence[PlanItem], sign: Callable[[str], str] = str) -> tuple[ItemMark, ...]:
    """Return the marks of items; `sign` makes the digest of a text."""
    return tuple(
        ItemMark(
            item.where,
            sign(_identify(item)),
            tuple((each.key, sign("\n".join(each.labels))) for each in list_choices(item)),
        )
        for item in items
    )


def _identify(item: PlanItem) -> str:
    """Return the text by which an item is the same as another; statements and manual steps never are."""
    if item.statement is not None:
        return f"run {item.statement.text}"
    return f"do {item.block.code if item.block else item.step.title}"


def format_mark(mark: ItemMark) -> str:
    """Return a mark as a text for the journal."""
    choices = (f" {'.'.join(map(str, key))}:{digest}" for key, digest in mark.choices)
    return f"{'.'.join(map(str, mark.where))} {mark.digest}{''.join(choices)}"


def parse_mark(text: str) -> ItemMark:
    """Return the mark in such a text; raises ValueError for any other."""
    where, digest, *choices = text.split(" ")
    pairs = (each.partition(":") for each in choices)
    return ItemMark(
        ItemId(*_parse_numbers(where)), digest, tuple((_parse_numbers(key), told) for key, _, told in pairs)
    )


def _parse_numbers(text: str) -> tuple[int, int, int]:
    first, second, third = map(int, text.split("."))
    return first, second, third


def match_items(old: Sequence[ItemMark], new: Sequence[ItemMark]) -> dict[int, int]:
    """Return the index in `new` of each item of `old` that is still there, by its index.

    An item whose text occurs once in both is the same, wherever it is. One of several with the same text is
    found by the item before it, then by the one after it, else by its order among them.
    """
    matched = _match_single(old, new)
    taken = set(matched.values())

    def extend(step: int, start: tuple[int, int]) -> None:
        for before, now in [start, *matched.items()]:
            before, now = before + step, now + step
            while (
                0 <= before < len(old)
                and 0 <= now < len(new)
                and before not in matched
                and now not in taken
                and old[before].digest == new[now].digest
            ):
                matched[before] = now
                taken.add(now)
                before, now = before + step, now + step

    extend(1, (-1, -1))
    extend(-1, (len(old), len(new)))
    left: dict[str, list[int]] = defaultdict(list)
    for index in range(len(new) - 1, -1, -1):
        if index not in taken:
            left[new[index].digest].append(index)
    for index, mark in enumerate(old):
        if index not in matched and left.get(mark.digest):
            matched[index] = left[mark.digest].pop()
    return matched


def _match_single(old: Sequence[ItemMark], new: Sequence[ItemMark]) -> dict[int, int]:
    """Return the matches of the items whose text occurs once in both."""
    now = _find_single(new)
    return {index: now[digest] for digest, index in _find_single(old).items() if digest in now}


def _find_single(marks: Sequence[ItemMark]) -> Mapping[str, int]:
    """Return the index of each item whose text no other item has."""
    found: dict[str, int] = {}
    for index, mark in enumerate(marks):
        found[mark.digest] = -1 if mark.digest in found else index
    return {digest: index for digest, index in found.items() if index >= 0}


def find_replacements(
    old: Sequence[ItemMark], new: Sequence[ItemMark], matched: Mapping[int, int], begun: set[ItemId]
) -> Iterator[ItemId]:
    """Yield the new items that stand where items of `begun` were, and so may be these with another text."""
    taken = set(matched.values())
    for before, gone, after in _find_gaps(old, matched):
        if not any(old[index].where in begun for index in gone):
            continue
        index = matched[before] + 1 if before >= 0 else 0
        while index < len(new) and index not in taken:
            yield new[index].where
            index += 1
        index = matched[after] - 1 if after < len(old) else len(new) - 1
        while index >= 0 and index not in taken:
            yield new[index].where
            index -= 1


def _find_gaps(old: Sequence[ItemMark], matched: Mapping[int, int]) -> Iterator[tuple[int, range, int]]:
    """Yield each run of old items that are gone, with the indices of the items around it."""
    before = -1
    for index in [*sorted(matched), len(old)]:
        if index > before + 1:
            yield before, range(before + 1, index), index
        before = index
