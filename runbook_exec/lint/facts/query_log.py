"""What the findings on a page rest on beside the page itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

Query = tuple[str, ...]

Guard = tuple[Query, Any] | None  # while this question has this answer, another need not be asked again


class QueryLog:
    """What the findings on a page rest on beside the page itself, and are made anew if it changes."""

    def __init__(self) -> None:
        self._answers: dict[Query, tuple[Any, Guard]] = {}
        self._until: date | None = None

    def get(self, query: Query) -> tuple[Any, Guard] | None:
        """What was noted for this page of a question that was asked before."""
        return self._answers.get(query)

    def record(self, query: Query, answer: Any, guard: Guard = None) -> None:
        """What is around the page was asked for: a question that can be asked again, and its answer."""
        self._answers[query] = answer, guard

    def expire_on(self, day: date) -> None:
        """From this day on, what is found on the page may be otherwise."""
        self._until = day if self._until is None else min(self._until, day)

    def drain(self) -> tuple[Mapping[Query, tuple[Any, Guard]], date | None]:
        """What was noted since the last time, for one page: the answers, and the first such day."""
        taken = self._answers, self._until
        self._answers, self._until = {}, None
        return taken
