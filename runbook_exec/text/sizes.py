"""Parses sizes as people write them (`10MB`), and formats them (`3.2 MB`)."""

from __future__ import annotations

import re

from .lazy_pattern import LazyPattern

KEEP = 10 * 10**6  # bytes of a run's output that are kept by default; `--keep-output` changes that


_BYTES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30}

_SIZE = LazyPattern(r"([0-9]{1,12}(?:\.[0-9]{1,3})?)\s?([kmg]i?)?b?", re.IGNORECASE)


def parse_size(text: str) -> int:
    """Return the bytes of `10MB`, `64k`, `1GiB` or `0`. Raises ValueError for anything else."""
    found = _SIZE.fullmatch(text.strip())
    if not found:
        raise ValueError(f"expected a size such as `10MB`, `64k` or `0`, got `{text}`")
    return int(float(found[1]) * _BYTES[(found[2] or "").lower()])


def format_size(size: int) -> str:
    """Format a number of bytes for reading: `812 bytes`, `3.2 MB`."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{size} byte{'s' * (size != 1)}"
