"""Finds the runbooks that a command line names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..document.discovery import collect_pages
from ..document.model import TRANSCRIPT


def find_runbooks(paths: Sequence[str]) -> list[Path]:
    """Return the pages below the paths, without transcripts.

    Without paths, these are the pages below runbooks/ and docs/. Raises NoSuchPath.
    """
    return [page for page in collect_pages(paths) if not page.name.endswith(TRANSCRIPT)]
