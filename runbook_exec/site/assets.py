"""Provides the files that a site needs: styles, scripts, and a player of recordings.

They are files of the site, because a Markdown extension cannot add files to a build. `runbook-exec docs init`
installs them, and a build warns if they differ from the files of this program.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from .builders import PageLocation, warn_about_page

STATIC = Path(__file__).parent / "static"

BELOW = "assets/runbook-exec"  # their folder in a site

STYLES = (f"{BELOW}/runbook.css",)

SCRIPTS = (f"{BELOW}/fill.js", f"{BELOW}/runbook.js")


def check_assets(location: PageLocation) -> None:
    """Warn, once in a build, if files of the site are missing or of another version."""
    if wrong := _find_mismatch(location.docs / BELOW):
        _find_mismatch.cache_clear()
        if location.docs not in _warned_docs:
            _warned_docs.add(location.docs)
            warn_about_page(location, None, wrong)


_warned_docs: set[Path] = set()


@lru_cache(maxsize=4)
def _find_mismatch(folder: Path) -> str:
    for own in sorted(path for path in STATIC.iterdir() if path.is_file()):
        theirs = folder / own.name
        if not theirs.exists():
            return f"`{theirs.name}` is missing in `{folder}`: run `runbook-exec docs init`"
        if theirs.read_bytes() != own.read_bytes():
            return f"`{theirs.name}` in `{folder}` is of another version: run `runbook-exec docs init`"
    return ""
