"""Reads the names of hosts."""

from __future__ import annotations

from .lazy_pattern import LazyPattern

# what ssh takes as a destination; a `-` at the begin would be an option of ssh
_HOST = LazyPattern(r"(?:ssh://)?(?:(?!-)[\w.%+~-]+@)?(?!-)[\w.:%\[\]-]+")


def parse_host(text: str) -> str:
    """Return the name of a host, as `ssh` takes it; raises ValueError for anything else."""
    if len(text) > 255 or not text.isascii() or _HOST.fullmatch(text) is None:
        raise ValueError(f"expected the name of a host as `ssh` takes it, such as `web1`, got `{text}`")
    return text
