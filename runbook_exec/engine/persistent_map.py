"""Provides an immutable mapping; adding an entry returns another mapping.

The cost of adding an entry does not grow with the mapping.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TypeVar

K = TypeVar("K")

V = TypeVar("V")


class PersistentMap(Mapping[K, V]):
    """An immutable mapping in the order of its entries.

    Maps made from one another share a dictionary; each map sees only its own entries. A fold over ten
    thousand events therefore does not copy ten thousand mappings.
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

    def __contains__(self, key: object) -> bool:
        """Return whether the key is there; that of `Mapping` would raise and catch an error."""
        found = self._entries.get(key)  # type: ignore[arg-type]
        return found is not None and found[0] < self._size

    def __iter__(self) -> Iterator[K]:
        return iter(tuple(islice(self._entries, self._size)))

    def __len__(self) -> int:
        return self._size

    def __repr__(self) -> str:
        return f"PersistentMap({dict(self)})"

    def with_entry(self, key: K, value: V) -> PersistentMap[K, V]:
        """Return the mapping with this entry, added or replaced."""
        entries, size = self._entries, self._size
        if key in entries or len(entries) > size:
            return PersistentMap({**self, key: value})
        entries[key] = (size, value)
        longer: PersistentMap[K, V] = object.__new__(PersistentMap)
        longer._entries, longer._size = entries, size + 1
        return longer


def with_entry(mapping: Mapping[K, V], key: K, value: V) -> Mapping[K, V]:
    """Return a copy of any mapping with this entry, added or replaced."""
    return (mapping if isinstance(mapping, PersistentMap) else PersistentMap(mapping)).with_entry(key, value)
