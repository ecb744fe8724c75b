"""D520–D522: the dates in a page's front matter, its last change, and its next review."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import timedelta

from ...diagnostics.finding import Finding
from ...diagnostics.problem import Severity
from ...diagnostics.rule import RuleInfo
from ...document.front_matter.bounds import find_bounds
from ...document.front_matter.dates import DATE, DEFAULT_CADENCE, parse_date
from ...document.front_matter.keys import find_review_date, find_value_span, normalise_key
from ...text.lazy_pattern import LazyPattern
from ...text.source import make_span
from ...text.span import Span
from ..facts.git_history import last_change
from ..rule import Example, Page, Rule

_DATE_LINE = LazyPattern(
    rf"^(?P<quote>['\"]?)(?P<key>[\w -]{{1,60}}?)(?P=quote)[ \t]*:[ \t]+"
    rf"['\"]?(?P<date>{DATE.pattern})['\"]?[ \t]*(?:\#.*)?\r?$",
    re.MULTILINE,
)

_OF_DATES = LazyPattern(
    r"(?:.*[-_ ])?(?:date|review|reviewed|modified|created|updated|changed|published|expires|expiry|due)"
    r"(?:[-_ ](?:on|at|date))?|lastmod|(?:last|pub|publish|due|next)(?:reviewed|modified|review|date)",
    re.IGNORECASE,
)

_IN_THE_PAST = LazyPattern(
    r"(?:last)?(?:reviewed|modified|created|updated|changed)(?:on|at)?|lastmod|lastreview"
)


_IS_DATE = LazyPattern(
    r"date|(?:date|last|page)?(?:reviewed|modified|updated)(?:on|at|date)?|lastmod|lastreview|created(?:on|at)|reviewdate"
    r"|(?:date|last)(?:created|changed|published|review|update|verified)|(?:next|due)(?:review|date)(?:on|date)?"
)

# a year, numbers that may be a day, or the value of a variable
_MAY_BE_DATE = LazyPattern(r"(?<!\d)(?:19|20)\d\d(?!\d{3})|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{8}|[$%<]")


def not_real(page: Page) -> Iterator[Finding]:
    """Report dates that do not exist, and dates in the future for events in the past."""
    text = page.runbook.text
    if (found := find_bounds(text)) is None:
        return
    yield from _no_dates(page)
    refused = {each.span.start for each in page.runbook.problems if each.span is not None}  # refused by YAML
    for line in _DATE_LINE.finditer(text, found[0], found[1]):
        if not _OF_DATES.fullmatch(line["key"]):
            continue
        start, end = line.span("date")
        day = parse_date(line["date"])
        if day is None and start not in refused:
            span = make_span(text, start, end)
            yield Finding(f"`{line['date']}` is no day of the calendar", span, "write it as year-month-day")
        # one day more is allowed: the author and this machine may be in different time zones
        elif (
            day is not None
            and day > page.context.today + timedelta(days=1)
            and _IN_THE_PAST.fullmatch(normalise_key(line["key"]))
        ):
            page.context.query_log.expire_on(day - timedelta(days=1))
            yield Finding(
                f"expected a day that has been, got `{line['date']}`",
                make_span(text, start, end),
                "write the day on which it happened",
            )


def _no_dates(page: Page) -> Iterator[Finding]:
    """Yield the keys of dates whose value is a text without a date."""
    for key, value in page.runbook.front_matter.items():
        if not isinstance(value, str) or not _IS_DATE.fullmatch(normalise_key(key)):
            continue
        if value.strip() and not _MAY_BE_DATE.search(value) and "{" not in value:
            span = find_value_span(page.runbook.text, key)
            if span is not None:
                yield Finding(f"expected a day, got `{value.strip()}`", span, "write it as year-month-day")


def reviewed_before_change(page: Page) -> Iterator[Finding]:
    """Report pages that were changed after their last review."""
    reviewed = find_review_date(page.runbook.front_matter)
    if reviewed is None:
        return
    changed = last_change(page)
    if changed is not None and changed.day > reviewed[1]:
        when = f"on {changed.day}" if changed.committed else "today, not yet committed"
        yield Finding(
            f"reviewed on {reviewed[1]}, and changed after that: {when}",
            _place(page, reviewed[0]),
            "read the page again, and set the date to the day on which you did",
        )


def review_due(page: Page) -> Iterator[Finding]:
    """Report pages whose last review is older than their cadence."""
    reviewed = find_review_date(page.runbook.front_matter)
    if reviewed is None:
        return
    cadence = page.runbook.settings.cadence or page.options.get("cadence") or DEFAULT_CADENCE
    days = cadence / 86400
    try:
        due = reviewed[1] + timedelta(days=math.floor(days) + 1)
    except OverflowError:  # later than the last date that Python has
        return
    if page.context.today < due:
        page.context.query_log.expire_on(due)
    else:
        default = ", the default" if cadence == DEFAULT_CADENCE else ""
        yield Finding(
            f"last reviewed {reviewed[1]}; overdue since {due} (every {days:g} days{default})",
            _place(page, reviewed[0]),
            "follow the page once, correct it, and set the date to today",
        )


def _place(page: Page, key: str) -> Span:
    return find_value_span(page.runbook.text, key) or make_span(page.runbook.text, 0, 3)


def _reviewed_page(day: str, more: str = "") -> str:
    return f"---\nlast-reviewed: {day}\n{more}---\n\n# A\n"


RULES = (
    Rule(
        RuleInfo(
            "D520",
            "date-not-real",
            does="Reports a date that does not exist, and a review in the future.",
            why="It is a typing error, and it keeps the page from ever being due.",
            severity=Severity.ERROR,
        ),
        not_real,
        bad=(
            Example(_reviewed_page("'2026-02-30'"), at=(2, 17)),
            Example(_reviewed_page("2027-04-30"), at=(2, 16)),
            Example('---\ntitle: A\ncreated: "2026-13-01"\n---\n', at=(3, 11)),
        ),
        good=(
            Example("---\nlast-reviewed: 2026-02-28\n---\n\n# A\n"),
            Example(_reviewed_page("2026-11-24", "version: 2026-99-01\n")),
            Example("---\npublish-date: 2027-01-01\nnext-review: 2027-04-30\n---\n"),
            Example("# A\n\n---\nlast-reviewed: '2026-02-30'\n---\n"),
        ),
    ),
    Rule(
        RuleInfo(
            "D521",
            "reviewed-before-change",
            does="Reports a page that was changed after its last review. The days are those of the "
            "commits' authors. A commit that sets the date counts as the review. A commit that "
            "changes only the front matter, blanks or the file's name does not count as a change.",
            why="A review states that the page was right on that day. After a change, the date promises "
            "more than anybody has checked. Review the page again, and set the date.",
        ),
        reviewed_before_change,
        asks_history=True,
    ),
    Rule(
        RuleInfo(
            "D522",
            "review-due",
            does="Reports a page whose review is due. `runbook: {cadence: 75d}` in the front matter sets "
            "how often, `cadence` in the settings sets it for all pages; the default is every 180 "
            "days. A page without a date of review is not checked.",
            why="A procedure that is not reviewed drifts away from the system that it describes.",
        ),
        review_due,
        bad=(
            Example(_reviewed_page("2026-04-30"), at=(2, 16)),
            Example(_reviewed_page("2026-09-01", "runbook:\n  cadence: 75d\n"), at=(2, 16)),
            Example('---\nlast_reviewed: "2026-11-01"\n---\n', at=(2, 17), options={"cadence": 604800.0}),
        ),
        good=(
            Example(_reviewed_page("2026-05-28")),
            Example(_reviewed_page("2025-11-25", "runbook:\n  cadence: 52w\n")),
            Example("---\nmodified: 2020-01-01\n---\n"),
        ),
    ),
)
