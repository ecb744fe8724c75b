"""A mapping that never changes, and of which one with another entry costs the same however long it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TypeVar

K = TypeVar("K")

V = TypeVar("V")


class Ledger(Mapping[K, V]):
    """An immutable mapping in the order of its entries.

    Ledgers made from one another share a dictionary, of which each sees as many entries as it has itself: so
    a fold over ten thousand events does not copy ten thousand mappings.
    """

    __slots__ = ("_entries", "_size")

    def __init__(self, entries: Mapping[K, V] | None = None) -> None:
        self._entries = {key: (at, value) for at, (key, value) in enumerate((entries or {}).items())}
        self._size = len(self._entries)

    def __getitem__(self, key: K) -> V:
        at, value = self._entries[key]
        if at >= self._size:
            raise KeyError(key)
        return value

    def __iter__(self) -> Iterator[K]:
        return iter(tuple(islice(self._entries, self._size)))

    def __len__(self) -> int:
        return self._size

    def __repr__(self) -> str:
        return f"Ledger({dict(self)})"

    def having(self, key: K, value: V) -> Ledger[K, V]:
        """The mapping with this entry, new or in the place of the one before."""
        if key in self._entries or len(self._entries) > self._size:
            return Ledger({**self, key: value})
        self._entries[key] = (self._size, value)
        longer: Ledger[K, V] = Ledger.__new__(Ledger)
        longer._entries, longer._size = self._entries, self._size + 1
        return longer


def having(mapping: Mapping[K, V], key: K, value: V) -> Mapping[K, V]:
    """Any mapping with this entry, new or in the place of the one before."""
    return (mapping if isinstance(mapping, Ledger) else Ledger(mapping)).having(key, value)
