"""Assigns the labels of a procedure's steps, which are unique, and the numbers of list items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count, groupby
from string import ascii_lowercase, ascii_uppercase

from ..markdown.elements import ListItem


def number_items(items: Sequence[ListItem]) -> list[str]:
    """Return the numbers of ordered list items as a page shows them: `1. 1. 1.` is 1, 2, 3.

    A list that is cut in pieces, all of them written with `1.` as a page numbers itself, is counted on.
    """
    lists = [list(group) for _, group in groupby(items, key=lambda item: item.list_id)]
    if len(lists) > 1 and min(map(len, lists)) == 1 and all(item.number == "1" for item in items):
        return [str(number) for number in range(1, len(items) + 1)]
    return [str(int(group[0].number) + place) for group in lists for place in range(len(group))]


def make_labels(numbers: Sequence[str]) -> list[str]:
    """Return a unique label for each step, given the numbers that the page shows ("" for none).

    A number that several steps have gets a small letter: `1a`, `1b`. Steps without a number have their
    positions, or capital letters if the position of one is the number of another.
    """
    positions = [str(place) for place in range(1, len(numbers) + 1)]
    if not any(place in numbers for place, number in zip(positions, numbers, strict=True) if not number):
        numbers = [number or place for place, number in zip(positions, numbers, strict=True)]
    counts = Counter(numbers)
    used = {number for number, times in counts.items() if number and times == 1}
    letters = _make_names("", ascii_uppercase)
    endings = {number: _make_names(number, ascii_lowercase) for number in counts}
    labels = []
    for number in numbers:
        if number and counts[number] == 1:
            labels.append(number)
            continue
        names = endings[number] if number else letters
        label = next(name for name in names if name not in used and name not in counts)
        used.add(label)
        labels.append(label)
    return labels


def _make_names(start: str, letters: str) -> Iterator[str]:
    """Yield `1a`, `1b`, …, `1z`, `1aa`, `1ab`, …: `start` with every ending of letters."""
    for length in count(1):
        for number in range(len(letters) ** length):
            ending = ""
            for _ in range(length):
                number, place = divmod(number, len(letters))
                ending = letters[place] + ending
            yield start + ending
