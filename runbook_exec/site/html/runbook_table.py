"""Renders the table of runbooks that replaces `<!-- runbooks -->` on a page."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from ..page import RunbookListing, read_listing
from .card import render_moment
from .escaping import escape

_NONE = ' class="rb-none"'  # a narrow screen omits it


def find_runbooks(docs: Path, sources: Sequence[str]) -> list[RunbookListing]:
    """Return the runbooks among these pages of a site, by title."""
    found = [each for source in sources if (each := read_listing(docs, source))]
    return sorted(found, key=lambda each: each.title.casefold())


def render_table(runbooks: Sequence[RunbookListing], source: str) -> str:
    """Return the table for the page `source`.

    The page's script turns its headings into sort buttons.
    """
    columns = ("Runbook", "Owner", "Cadence", "Last success", "Due")
    head = "".join(f'<th scope="col">{each}</th>' for each in columns)
    rows = "".join(_row(each, posixpath.dirname(source)) for each in runbooks)
    return (
        '<div class="rb-table-around"><table class="rb-table">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(each: RunbookListing, folder: str) -> str:
    dates = each.dates
    address = quote(posixpath.relpath(each.source, folder or "."))
    cells = [
        ("Runbook", each.title.casefold(), f'<a href="{address}">{escape(each.title)}</a>'),
        ("Owner", each.owner.casefold(), escape(each.owner) or "–"),
        (
            "Cadence",
            f"{dates.cadence.total_seconds():015.0f}" if dates.cadence else "",
            f"{dates.cadence.total_seconds() / 86400:g} days" if dates.cadence else "–",
        ),
        (
            "Last success",
            dates.succeeded.isoformat() if dates.succeeded else "",
            render_moment(dates.succeeded) if dates.succeeded else "never",
        ),
        (
            "Due",
            "0" if dates.never_succeeded else dates.due.isoformat() if dates.due else "",
            f'<span class="rb-due" data-due="{dates.due:%Y-%m-%dT%H:%M:%SZ}">{dates.due:%Y-%m-%d}</span>'
            if dates.due and not dates.never_succeeded
            else '<span class="rb-due" data-due="">now</span>'
            if dates.never_succeeded
            else "–",
        ),
    ]
    return (
        "<tr>"
        + "".join(
            f'<td data-label="{name}" data-key="{escape(key)}"{_NONE if shown == "–" else ""}>{shown}</td>'
            for name, key, shown in cells
        )
        + "</tr>"
    )
