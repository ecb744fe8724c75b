"""Finds the pages that a host has itself."""

from __future__ import annotations

from pathlib import Path


def find_page(page: str, pages: Path | None) -> Path | None:
    """Return the path of an ordered page in the folder `pages` of this host; None if it is not there.

    That folder may be a part of the repository that the page is named in.
    """
    parts = Path(page).parts
    if pages is None or Path(page).is_absolute() or ".." in parts:
        return None
    paths = (pages / Path(*parts[start:]) for start in range(len(parts)))
    return next((path for path in paths if path.is_file()), None)
