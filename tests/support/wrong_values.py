"""Replaces each value in JSON by values of every type, as a damaged or hostile file may have them."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1 << 70, 1.5, 1e300, float("inf"), float("nan"), "", "x", "\ud800", "\0", "9" * 40,
    "²", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-11-30T23:46:07.420Z", [], [1],
    ["x"], [[]], {}, {"a": "b"}, {"a": 1}, {"a": {}},
)  # fmt: skip

NESTED = "[" * 100_000  # JSON for which a parser has no room


def replace_each(data: Any) -> Iterator[Any]:
    """Yield copies of JSON, each with another value in one place, and each with one place taken out."""
    for path in list(_list_places(data)):
        for value in VALUES:
            changed = copy.deepcopy(data)
            if not path:
                yield value
                continue
            _find(changed, path[:-1])[path[-1]] = value
            yield changed
        if path:
            changed = copy.deepcopy(data)
            del _find(changed, path[:-1])[path[-1]]
            yield changed


def write_each(data: Any) -> Iterator[str]:
    """Yield the text of each, and text that is nested too deep."""
    yield from map(json.dumps, replace_each(data))
    yield NESTED


def _list_places(data: Any) -> Iterator[tuple[Any, ...]]:
    yield ()
    pairs = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in pairs:
        for rest in _list_places(value):
            yield (key, *rest)


def _find(data: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        data = data[key]
    return data
