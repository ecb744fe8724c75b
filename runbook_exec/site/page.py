"""Reads a page of the site: its runbook, its freshness, its dates and its recording."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from ..document.front_matter.bounds import find_bounds
from ..document.front_matter.keys import find_review_date
from ..document.model import Procedure, Runbook
from ..document.parser import parse_runbook
from ..light_classes import dataclass
from ..plan.builder import items_of
from ..plan.model import PlanItem
from ..plan.values import is_secret
from ..runs.due import DueDates
from ..runs.freshness import BadFreshness, Freshness, freshness_path, read_freshness
from ..runs.last_success import find_counted_anchors
from ..shells.registry import LANGUAGES
from .asciicast_file import AsciicastFile, read_asciicast
from .builders import PageLocation

_SHELL_BLOCK = re.compile(rf"(?:```|~~~)[^\n]*\b(?:{'|'.join(map(re.escape, LANGUAGES))})\b", re.IGNORECASE)

_LINE_END = re.compile(r"\r\n?")


@dataclass(frozen=True, slots=True)
class SitePage:
    """A page of the site; offsets of `runbook` are offsets in `before` + its Markdown."""

    location: PageLocation
    runbook: Runbook
    digest: str  # of the file's bytes
    before: str  # the front matter, which the builder has removed
    freshness: Freshness
    dates: DueDates
    items: tuple[PlanItem, ...]  # of all its procedures
    secrets: frozenset[str]  # the placeholders whose values are secrets
    asciicast: AsciicastFile | None  # beside the page
    changed: bool  # whether the displayed commands differ from those of the file
    has_export: bool = True  # whether `runs export` has written successes of this page

    @property
    def runs(self) -> bool:
        """Return whether any block of the page runs."""
        return any(block.runs for block in self.runbook.blocks)

    @property
    def main_procedure(self) -> Procedure | None:
        """Return the procedure that runs if none is named; None without one."""
        chosen = self.runbook.chosen
        return next((each for each in self.runbook.procedures if each.anchor == chosen), None)


def may_run(markdown: str) -> bool:
    """Return whether a page may have a block that runs.

    This quick test saves parsing most pages.
    """
    return _SHELL_BLOCK.search(markdown) is not None or "shell=" in markdown


def read_page(location: PageLocation, markdown: str) -> SitePage:
    """Read a page; `markdown` is its text without front matter. Raises OSError and BadFreshness."""
    data = location.path.read_bytes()
    text = _LINE_END.sub("\n", data.decode("utf-8-sig", "replace"))
    found = find_bounds(text)
    before = text[: found[2]] if found else ""
    runbook = parse_runbook((before + markdown).encode(), location.path_to_run)
    same = markdown.strip("\n") == text[len(before) :].strip("\n")
    changed = not same and _commands(runbook) != _commands(parse_runbook(data, location.path_to_run))
    freshness = read_freshness(freshness_path(location.path.resolve()))
    items = tuple(item for procedure in runbook.procedures for item in items_of(procedure))
    return SitePage(
        location,
        runbook,
        hashlib.sha256(data).hexdigest(),
        before,
        freshness,
        find_dates(runbook, freshness),
        items,
        _secrets(runbook, items),
        read_asciicast(location.path.with_suffix(".cast")),
        changed,
        freshness_path(location.path.resolve()).exists(),
    )


def _secrets(runbook: Runbook, items: tuple[PlanItem, ...]) -> frozenset[str]:
    annotated = {
        item.annotation.capture for item in items if item.annotation.secret and item.annotation.capture
    }
    inputs = runbook.settings.inputs
    names = {found.name for item in items for found in item.placeholders} | set(inputs)
    return frozenset(name for name in names if is_secret(name, inputs.get(name), name in annotated))


def _commands(runbook: Runbook) -> list[tuple[str, ...]]:
    return [tuple(s.text for s in block.statements) for block in runbook.blocks if block.runs]


def find_dates(runbook: Runbook, freshness: Freshness) -> DueDates:
    """Return the cadence, the last success and the last review of a runbook."""
    cadence = runbook.settings.cadence
    times = _successes(runbook, freshness) if freshness.procedures else ()
    reviewed = find_review_date(runbook.front_matter)
    return DueDates(
        timedelta(seconds=cadence) if cadence is not None else None,
        max(times, default=None),
        reviewed[1] if reviewed else None,
    )


def _successes(runbook: Runbook, freshness: Freshness) -> list[datetime]:
    counted = [freshness.procedures.get(anchor) for anchor in find_counted_anchors(runbook)]
    return [datetime.fromisoformat(success.succeeded) for success in counted if success]


@dataclass(frozen=True, slots=True)
class RunbookListing:
    """A row of the table of runbooks; `source` is the path below the site's folder."""

    source: str
    title: str
    owner: str
    dates: DueDates
    has_export: bool = True  # whether `runs export` has written successes of this page


def read_listing(docs: Path, source: str) -> RunbookListing | None:
    """Return the row for a page in the table; None if it is no runbook or cannot be read."""
    path = (docs / source).resolve()
    try:
        return _read_listing(path, source, path.stat().st_mtime_ns, _read_mtime(freshness_path(path)))
    except (OSError, BadFreshness):
        return None


@lru_cache(maxsize=1024)
def _read_listing(path: Path, source: str, modified: int, freshness_modified: int) -> RunbookListing | None:
    runbook = parse_runbook(path.read_bytes(), str(path))
    if not any(block.runs for block in runbook.blocks):
        return None
    return RunbookListing(
        source,
        runbook.title,
        find_owner(runbook.front_matter),
        find_dates(runbook, read_freshness(freshness_path(path))),
        freshness_path(path).exists(),
    )


def _read_mtime(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def find_owner(front_matter: Mapping[str, object]) -> str:
    """Return the owner of a page in its front matter; empty without one."""
    owner = next((front_matter[key] for key in ("owner", "owners", "maintainer") if key in front_matter), "")
    return ", ".join(map(str, owner)) if isinstance(owner, list) else str(owner or "")
