"""Finds due runbooks: their cadence has passed since they last succeeded."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from math import floor
from pathlib import Path

from ..document.front_matter import reader as front_matter
from ..document.front_matter.dates import DEFAULT_CADENCE
from ..document.model import Runbook
from ..document.parser import parse_runbook
from ..errors import reason
from ..journal.index import RunSummary, list_damaged, list_runs
from ..light_classes import dataclass
from ..system.regular_file import read_regular_file
from ..text.moments import format_age
from ..text.plain_json import to_printable_json
from .freshness import BadFreshness, Freshness, freshness_path, read_freshness
from .last_success import filter_runs, find_counted_anchors, read_successes


@dataclass(frozen=True, slots=True)
class Cadence:
    """A runbook with a cadence, and when it last succeeded as a whole, if ever."""

    path: Path
    title: str
    cadence: timedelta
    last: datetime | None
    due: bool

    @property
    def until(self) -> datetime | None:
        """Return when it is due; None if it never succeeded: then it is due now."""
        return self.last + self.cadence if self.last else None


def find_cadences(
    pages: Sequence[Path], folder: Path, now: datetime
) -> tuple[list[Cadence], list[str], list[str]]:
    """Return every page with a cadence, by due date, and messages about unreadable pages and journals."""
    known = list_runs(folder)
    damaged = list_damaged(known)
    found: list[Cadence] = []
    unread: list[str] = []
    # a page and the symbolic links to it are one
    for page in {os.path.realpath(page): page for page in reversed(pages)}.values():
        try:
            each = _cadence(page, known, now, damaged)
        except BadFreshness as error:
            unread.append(str(error))
        except OSError as error:
            unread.append(f"cannot read `{page}`: {reason(error)}")
        except ValueError as error:
            unread.append(f"{page}:{error}")
        else:
            found += [each] if each else []
    return (
        sorted(found, key=lambda one: (one.until or datetime.min.replace(tzinfo=now.tzinfo), str(one.path))),
        unread,
        list(dict.fromkeys(damaged)),
    )


def _cadence(page: Path, known: Sequence[RunSummary], now: datetime, damaged: list[str]) -> Cadence | None:
    data = read_regular_file(page)
    matter = front_matter.read_front_matter(data.decode("utf-8", "replace"))
    if matter.settings.cadence is None:
        for problem in matter.problems:  # front matter with problems may hold a cadence
            raise ValueError(f"{problem.span.line if problem.span else 1}: {problem.message}")
        return None
    runbook = parse_runbook(data, str(page))
    cadence = timedelta(seconds=matter.settings.cadence)
    successes = read_successes(runbook, filter_runs(page, known), damaged)
    freshness = read_freshness(freshness_path(page)).merge(successes)
    last = _last(runbook, freshness)
    return Cadence(page, runbook.title, cadence, last, last is None or last + cadence <= now)


def _last(runbook: Runbook, freshness: Freshness) -> datetime | None:
    counted = [freshness.procedures.get(anchor) for anchor in find_counted_anchors(runbook)]
    times = [datetime.fromisoformat(success.succeeded) for success in counted if success]
    return max(times, default=None)


def format_due(found: Sequence[Cadence], now: datetime) -> Iterator[str]:
    """Yield a line for each due runbook; if none is due, a line about the next."""
    due = [each for each in found if each.due]
    width = max((len(str(each.path)) for each in due), default=0)
    for each in due:
        every = f"every {_days(each.cadence)}"
        if each.last is None:
            yield f"{each.path!s:<{width}}  {every}, has never completed"
        else:
            yield f"{each.path!s:<{width}}  {every}, last succeeded {format_age(each.last, now)}"
    if not due and found and found[0].until:
        yield f"nothing is due; next is {found[0].path}, on {found[0].until.astimezone(now.tzinfo).date()}"
    elif not due:
        yield "nothing is due: no page has a cadence"


def cadences_to_json(found: Sequence[Cadence]) -> str:
    """Return every runbook with a cadence, as a JSON list."""
    return to_printable_json(
        [
            {
                "runbook": str(each.path),
                "title": each.title,
                "cadence": each.cadence.total_seconds(),
                "succeeded": each.last.isoformat() if each.last else None,
                "until": each.until.isoformat() if each.until else None,
                "due": each.due,
            }
            for each in found
        ]
    )


def _days(length: timedelta) -> str:
    days = length.total_seconds() / 86400
    return f"{days:g} day{'s' * (days != 1)}"


@dataclass(frozen=True, slots=True)
class DueDates:
    """When a runbook last succeeded as a whole and was reviewed, and when both are due again."""

    cadence: timedelta | None = None
    succeeded: datetime | None = None
    reviewed: date | None = None

    @property
    def run_due(self) -> datetime | None:
        """Return when its next success is due; None if it has no cadence or never succeeded."""
        return self.succeeded + self.cadence if self.cadence and self.succeeded else None

    @property
    def review_due(self) -> datetime | None:
        """Return when its next review is due; None if it was never reviewed."""
        if self.reviewed is None:
            return None
        days = floor((self.cadence or timedelta(seconds=DEFAULT_CADENCE)) / timedelta(days=1)) + 1
        try:
            return datetime.combine(self.reviewed + timedelta(days=days), datetime.min.time(), UTC)
        except OverflowError:  # beyond the year 9999
            return None

    @property
    def due(self) -> datetime | None:
        """Return the earlier of the two."""
        return min((when for when in (self.run_due, self.review_due) if when), default=None)

    @property
    def never_succeeded(self) -> bool:
        """Return whether it has a cadence and never succeeded."""
        return self.cadence is not None and self.succeeded is None
