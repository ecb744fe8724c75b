"""Remembers the results of functions for the next call with the same argument."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar

_MANY = 2048  # the blocks of a hundred pages and more

_LONG = 10_000  # characters; longer scripts are rare, and their results are large

Asked = TypeVar("Asked")

Result = TypeVar("Result")


def cache_scans(scan: Callable[[str], Result]) -> Callable[[str], Result]:
    """Return the function with its last results for scripts remembered."""
    kept = lru_cache(maxsize=_MANY)(scan)

    def scan_cached(script: str) -> Result:
        return kept(script) if len(script) < _LONG else scan(script)

    scan_cached.__doc__ = scan.__doc__
    return scan_cached


def cache_latest(function: Callable[[Asked], Result]) -> Callable[[Asked], Result]:
    """Return the function with its last result remembered, for a call with the same object."""
    kept: list[Any] = [None, None]

    @wraps(function)
    def call_cached(asked: Asked) -> Result:
        if kept[0] is not asked:
            kept[:] = asked, function(asked)
        result: Result = kept[1]
        return result

    return call_cached
