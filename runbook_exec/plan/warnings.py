"""Finds what an operator must know before a statement runs, such as a shell that was opened before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from ..document.model import Suspicion
from .endless import warn_of_endless
from .model import ItemId, Places, PlanItem, StatementWarning


def find_warnings(
    items: Sequence[PlanItem],
    places: Places,
    endless: Mapping[ItemId, str] = MappingProxyType({}),
    *,
    is_root: bool = False,
) -> Mapping[ItemId, tuple[StatementWarning, ...]]:
    """Return the warnings about the items of a procedure, by item.

    `endless` are the commands that run until they are ended; `is_root` is whether the run is root's.
    """
    found = {where: (warning,) for where, warning in places.warnings.items()}
    for where, warning in warn_of_endless(items, endless, places).items():
        found[where] = (*found.get(where, ()), warning)
    for item in items:
        if item.statement is not None:
            own = (*_warn_of_user(item, is_root), *map(_warn_of_suspicion, item.statement.suspicions))
            if own:
                found[item.where] = (*found.get(item.where, ()), *own)
    return found


def _warn_of_user(item: PlanItem, is_root: bool) -> Iterator[StatementWarning]:
    block = item.block
    if block is None or not block.prompt:
        return
    if block.for_root and not is_root:
        yield StatementWarning(
            f"The page shows this at root's prompt (`{block.prompt}`). It runs as you, not as root.",
            "Run it as you?",
            "run the page as root, or write `sudo` before the command",
        )
    elif item.first:
        yield StatementWarning(f"The page shows this at the prompt `{block.prompt}`. It runs here, as you.")


def _warn_of_suspicion(suspicion: Suspicion) -> StatementWarning:
    message = f"Line {suspicion.span.line}: {suspicion.message}."
    return StatementWarning(message, "Run it as it is?" if suspicion.asks else "", suspicion.advice)
