"""Parses dates in front matter."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ...text.lazy_pattern import LazyPattern

DEFAULT_CADENCE = 180 * 86400.0  # seconds between two reviews of a page that names no cadence

DATE = LazyPattern(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ][\d:.+TZ -]*)?")


def parse_date(value: Any) -> date | None:
    """Return the day of a YAML value or of text such as `2026/4/30 12:00`.

    Returns None if it is no date.
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not (written := DATE.fullmatch(value.strip())):
        return None
    try:
        return date(int(written[1]), int(written[2]), int(written[3]))
    except ValueError:
        return None
