"""Parses durations as people write them (`1h30m`), and formats them (`1 h 30 min`)."""

from __future__ import annotations

from .lazy_pattern import LazyPattern

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}

_LONGEST = 36525 * 86400.0  # seconds

# Two neighbouring units in seconds, their names, and the number of smaller units that is too large for them.
_UNITS = (
    (60, 1, ("min", "s"), 3600),
    (3600, 60, ("h", "min"), 1440),
    (86400, 3600, ("d", "h"), float("inf")),
)

_PART = r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s?(ms|[smhdw])"

DURATION_FORM = rf"{_PART}(?:\s?{_PART})*"

_DURATION = LazyPattern(DURATION_FORM)

_PARTS = LazyPattern(_PART)


def parse_duration(text: str) -> float:
    """Return the seconds of `30s`, `5m`, `1h30m`, `500ms` or `75d`.

    Raises ValueError for anything else, and for more than 100 years: a date far from now cannot be written.
    """
    written = text.strip()
    if not _DURATION.fullmatch(written):
        raise ValueError(f"expected a duration such as `30s`, `5m`, `1h30m` or `75d`, got `{written}`")
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in _PARTS.findall(written))
    if seconds > _LONGEST:
        raise ValueError(f"expected a duration of at most 36525d (100 years), got `{written}`")
    return seconds


def format_duration(seconds: float) -> str:
    """Format seconds for reading, to a tenth of a second or in two units: `14.1 s`, `2 min 3 s`."""
    if seconds < 59.95:
        return f"{max(seconds, 0.0):.1f} s"
    large, small, names, _ = next(unit for unit in _UNITS if round(seconds / unit[1]) < unit[3])
    whole, rest = divmod(round(seconds / small), large // small)
    return f"{whole} {names[0]} {rest} {names[1]}" if rest else f"{whole} {names[0]}"


def positive_duration(text: str) -> float:
    """Return the seconds of a duration longer than zero. Raises ValueError for anything else."""
    seconds = parse_duration(text)
    if seconds <= 0:
        raise ValueError(f"expected a duration longer than zero, got `{text}`")
    return seconds
