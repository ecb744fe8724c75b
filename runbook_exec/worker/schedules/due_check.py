"""Finds out on a host whether a scheduled page is due: its cadence has passed since its last success."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ...document.model import Runbook
from ...document.parser import parse_runbook
from ...errors import Refused, reason
from ...journal.index import RunSummary, list_runs
from ...journal.journal import JournalError
from ...runs.freshness import BadFreshness, Success, freshness_path, read_freshness
from ...runs.last_success import extract_successes, filter_runs, find_counted_anchors
from ...runs.record import read_record
from ...system.regular_file import read_regular_file
from ..orders import DueFacts, Order
from ..own_pages import find_page

_EARLY = 0.1  # of a cadence: clocks differ, and what comes a moment early is due

_EARLIEST = timedelta(hours=1)

_RUNS = "runs"  # the folder of journals


def find_due_facts(order: Order, state: Path, pages: Path | None, now: datetime) -> DueFacts:
    """Return whether the page of a schedule is due, by the journals in a state folder.

    Every run of the procedure counts that has succeeded with the values of the order, also one that a person
    has started. Raises Refused if this host has no such page, or it has no cadence.
    """
    page = find_page(order.page, pages)
    runbook = _read_runbook(order, page)
    every = order.every or float(runbook.settings.cadence or 0)
    if not every:
        raise Refused(
            f"host {order.host}: {order.page} has no `cadence` in its front matter; give one with `--every`"
        )
    anchors = _find_anchors(order, runbook)
    last = max(_list_successes(order, page, anchors, state / _RUNS), default=None)
    if last is None:
        return DueFacts(True, every)
    cadence = timedelta(seconds=every)
    is_due = last + cadence - min(cadence * _EARLY, _EARLIEST) <= now
    return DueFacts(is_due, every, last.astimezone(UTC).isoformat())


def _read_runbook(order: Order, page: Path | None) -> Runbook:
    """Return the page of an order: with its own text, or as it is on this host."""
    if order.text:
        return parse_runbook(order.text.encode(), order.page, None, None, order.anchor)
    if page is None:
        raise Refused(
            f"host {order.host} has no `{order.page}` in the folder that its worker has as `--pages`; "
            "`--fixed` sends the text of the page with the schedule"
        )
    try:
        return parse_runbook(read_regular_file(page), order.page, None, None, order.anchor)
    except OSError as error:
        raise Refused(f"host {order.host}: cannot read `{page}`: {reason(error)}") from None


def _find_anchors(order: Order, runbook: Runbook) -> tuple[str, ...]:
    if order.anchor is None:
        return find_counted_anchors(runbook)
    return (order.anchor or runbook.anchor,)


def _list_successes(
    order: Order, page: Path | None, anchors: tuple[str, ...], runs: Path
) -> Iterator[datetime]:
    """Yield when the procedure has succeeded: always the last time, and some of those before."""
    if page is not None and not order.values:  # that file knows no values
        with contextlib.suppress(BadFreshness, OSError):
            yield from map(_find_time, _select(read_freshness(freshness_path(page)).procedures, anchors))
    newest: datetime | None = None
    for summary in _list_candidates(order, page, runs):
        if summary.last is None or (newest and datetime.fromisoformat(summary.last.time) <= newest):
            continue
        try:
            record = read_record(summary.path)
        except JournalError:
            continue  # `runs` and `due` report it
        if all(record.values.get(name) == value for name, value in order.values.items()):
            for time in map(_find_time, _select(extract_successes(record).procedures, anchors)):
                newest = max(newest, time) if newest else time
                yield time


def _list_candidates(order: Order, page: Path | None, runs: Path) -> Iterator[RunSummary]:
    """Yield the runs of the page on this host that have succeeded, newest first."""
    known = [each for each in list_runs(runs) if each.outcome == "succeeded"]
    own = {each.path for each in filter_runs(page, known)} if page else set()
    for each in known:
        is_scheduled = each.run.startswith(f"{order.schedule}.")
        if (is_scheduled or each.path in own) and each.started is not None and not each.started.host:
            yield each


def _select(found: Mapping[str, Success], anchors: tuple[str, ...]) -> Iterator[Success]:
    return (found[anchor] for anchor in anchors if anchor in found)


def _find_time(success: Success) -> datetime:
    return datetime.fromisoformat(success.succeeded)
