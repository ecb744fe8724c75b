"""Scans that are asked for more than once: by the parser, by syntax checks and by the linter's rules."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar

from ..shells.base import Scan

_MANY = 2048  # the blocks of a hundred pages and more

_LONG = 10_000  # characters; what is longer is rare, and would be kept at a high price


def cache_scans(scan: Callable[[str], Scan]) -> Callable[[str], Scan]:
    """The function, which gives its last results again at once."""
    kept = lru_cache(maxsize=_MANY)(scan)

    def scan_cached(script: str) -> Scan:
        return kept(script) if len(script) < _LONG else scan(script)

    scan_cached.__doc__ = scan.__doc__
    return scan_cached


Asked = TypeVar("Asked")

Result = TypeVar("Result")


def cache_latest(function: Callable[[Asked], Result]) -> Callable[[Asked], Result]:
    """The function, which gives its last result again for the same object."""
    kept: list[Any] = [None, None]

    @wraps(function)
    def call_cached(asked: Asked) -> Result:
        if kept[0] is not asked:
            kept[:] = asked, function(asked)
        result: Result = kept[1]
        return result

    return call_cached
