"""Finds the items of each procedure of a page, and the shells in which they run, once for all rules."""

from __future__ import annotations

from collections.abc import Sequence

from ...document.model import Procedure
from ...light_classes import NamedTuple
from ...plan.builder import items_of
from ...plan.model import Places, PlanItem
from ...plan.places import find_places
from ...system.memo import cache_latest
from ..rule import Page


class PlacedItems(NamedTuple):
    """The items of a procedure, and where they run."""

    procedure: Procedure
    items: tuple[PlanItem, ...]
    places: Places


@cache_latest
def list_items(page: Page) -> Sequence[tuple[Procedure, tuple[PlanItem, ...]]]:
    """Return the procedures of a page, each with its items."""
    return [(procedure, items_of(procedure)) for procedure in page.runbook.procedures]


@cache_latest
def place_items(page: Page) -> Sequence[PlacedItems]:
    """Return the procedures of a page with their items and the places of these."""
    return [
        PlacedItems(procedure, items, find_places(items, procedure.shell))
        for procedure, items in list_items(page)
    ]
