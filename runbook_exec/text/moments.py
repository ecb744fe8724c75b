"""Parses moments and days from the command line, and formats them for reading."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from time import localtime

from .durations import parse_duration

YEARS = range(1971, 9000)  # those that can be shown in every time zone


def parse_moment(text: str, now: datetime, end: bool = False) -> datetime:
    """Return the moment of `2026-11-24`, `2026-11-24T10:00` or `7d` (ago). Raises ValueError.

    A day means its beginning in the time zone of `now`, or with `end` the beginning of the next day.
    """
    try:
        return now - timedelta(seconds=parse_duration(text))
    except (ValueError, OverflowError):
        pass
    try:
        day = datetime.combine(date.fromisoformat(text), datetime.min.time())
        return (day + timedelta(days=1) if end else day).astimezone(now.tzinfo)
    except (ValueError, OverflowError):
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"expected a day such as `2026-11-24`, or a time ago such as `7d`, got `{text}`"
        ) from None
    return moment if moment.tzinfo else moment.astimezone(now.tzinfo)


def format_utc(moment: datetime, seconds: bool = True) -> str:
    """Format a moment for a report, in UTC, which is the same everywhere."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC" if seconds else "%Y-%m-%d %H:%M UTC")


def format_local(moment: datetime) -> str:
    """Format a moment for a terminal, in the time zone of this machine."""
    at = localtime(moment.timestamp())  # `astimezone` makes a time zone for each moment, and takes longer
    return f"{at.tm_year}-{at.tm_mon:02}-{at.tm_mday:02} {at.tm_hour:02}:{at.tm_min:02}"


def format_elapsed(moment: datetime, now: datetime) -> str:
    """Format how long ago a moment was: `just now`, `3 minutes ago`, `2 days ago`."""
    seconds = int((now - moment).total_seconds())
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if count := seconds // size:
            return f"{count} {unit}{'s' * (count != 1)} ago"
    return "just now"


def format_age(moment: datetime, now: datetime) -> str:
    """Format how long ago a moment was, in whole days."""
    days = (now.date() - moment.astimezone(now.tzinfo).date()).days
    return "today" if days <= 0 else f"{days} day{'s' * (days != 1)} ago"
