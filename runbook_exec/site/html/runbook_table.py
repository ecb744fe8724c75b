"""Renders the table of runbooks that replaces `<!-- runbooks -->` on a page."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from ...light_classes import NamedTuple
from ..page import RunbookListing, read_listing
from .card import render_moment
from .escaping import escape

_COLUMNS = ("Runbook", "Owner", "Cadence", "Last success", "Due")

_NONE = ' class="rb-none"'  # a narrow screen omits it


def find_runbooks(docs: Path, sources: Sequence[str]) -> list[RunbookListing]:
    """Return the runbooks among these pages of a site, by title."""
    found = [each for source in sources if (each := read_listing(docs, source))]
    return sorted(found, key=lambda each: each.title.casefold())


def render_table(runbooks: Sequence[RunbookListing], source: str) -> str:
    """Return the table for the page `source`, without the columns that are empty.

    The page's script turns its headings into sort buttons.
    """
    rows = [_row(each, posixpath.dirname(source)) for each in runbooks]
    columns = [
        name for at, name in enumerate(_COLUMNS) if not at or any(row[at].shown != "–" for row in rows)
    ]
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    body = "".join(_write_row(row, columns) for row in rows)
    return (
        '<div class="rb-table-around"><table class="rb-table">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


class _Cell(NamedTuple):
    """A cell of the table: what sorts it, and its HTML."""

    key: str
    shown: str


def _row(each: RunbookListing, folder: str) -> tuple[_Cell, ...]:
    """Return the cells of a runbook's row, one for each of `_COLUMNS`."""
    dates = each.dates
    address = quote(posixpath.relpath(each.source, folder or "."))
    cadence = dates.cadence.total_seconds() if dates.cadence else 0
    never = "never" if each.has_export else "–"
    return (
        _Cell(each.title.casefold(), f'<a href="{address}">{escape(each.title)}</a>'),
        _Cell(each.owner.casefold(), escape(each.owner) or "–"),
        _Cell(f"{cadence:015.0f}" if cadence else "", f"{cadence / 86400:g} days" if cadence else "–"),
        _Cell(
            dates.succeeded.isoformat() if dates.succeeded else "",
            render_moment(dates.succeeded) if dates.succeeded else never,
        ),
        _due(each),
    )


def _due(each: RunbookListing) -> _Cell:
    dates = each.dates
    if dates.never_succeeded and each.has_export:
        return _Cell("0", '<span class="rb-due" data-due="">now</span>')
    if dates.due is None:
        return _Cell("", "–")
    exact = f"{dates.due:%Y-%m-%dT%H:%M:%SZ}"
    return _Cell(
        dates.due.isoformat(), f'<span class="rb-due" data-due="{exact}">{dates.due:%Y-%m-%d}</span>'
    )


def _write_row(row: Sequence[_Cell], columns: Sequence[str]) -> str:
    """Return the HTML of a row, with its cells in these columns."""
    cells = "".join(
        f'<td data-label="{name}" data-key="{escape(cell.key)}"{_NONE if cell.shown == "–" else ""}>'
        f"{cell.shown}</td>"
        for name, cell in zip(_COLUMNS, row, strict=True)
        if name in columns
    )
    return f"<tr>{cells}</tr>"
