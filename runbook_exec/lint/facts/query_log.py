"""Logs the answers that the findings on a page depend on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

Query = tuple[str, ...]

Guard = tuple[Query, Any] | None  # while this query has this answer, another need not be asked again


class QueryLog:
    """The answers that the findings on a page depend on.

    If an answer changes, the page is checked again.
    """

    def __init__(self) -> None:
        self._answers: dict[Query, tuple[Any, Guard]] = {}
        self._until: date | None = None

    def get(self, query: Query) -> tuple[Any, Guard] | None:
        """Return the logged answer to a query for this page; None if it was not asked yet."""
        return self._answers.get(query)

    def record(self, query: Query, answer: Any, guard: Guard = None) -> None:
        """Log a query, which can be asked again, with its answer."""
        self._answers[query] = answer, guard

    def expire_on(self, day: date) -> None:
        """Log that the findings on the page may be different from this day on."""
        self._until = day if self._until is None else min(self._until, day)

    def drain(self) -> tuple[Mapping[Query, tuple[Any, Guard]], date | None]:
        """Return the answers logged since the last call, and the day on which they expire.

        The answers belong to one page.
        """
        taken = self._answers, self._until
        self._answers, self._until = {}, None
        return taken
