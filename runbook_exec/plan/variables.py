"""Finds the variables that the statements of a plan need and that nothing on the page sets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

from ..document.model import Statement
from ..document.placeholders import normalise_name, replace_placeholders
from ..shells.registry import SHELLS
from ..shells.variables import VariableUse
from .model import PlanItem

_NONE = VariableUse()


def list_variable_use(statement: Statement, shell: str) -> VariableUse:
    """Return the variables that a statement needs, and those that it may set."""
    if "$" not in statement.text and shell in SHELLS:
        return _list_use(statement.text, shell)
    return _list_use(replace_placeholders(statement.text, statement.placeholders), shell)


@lru_cache(maxsize=1024)
def _list_use(text: str, shell: str) -> VariableUse:
    return SHELLS[shell].list_variables(text) if shell in SHELLS else _NONE


def find_needed_variables(item: PlanItem, shell: str) -> tuple[str, ...]:
    """Return the variables that the statement of an item needs and does not set itself."""
    if item.statement is None or "$" not in item.statement.text:
        return ()
    return list_variable_use(item.statement, shell).needed


def find_unset_ahead(
    items: Iterable[PlanItem], shell: str, callables: Collection[str] = ()
) -> Iterator[tuple[PlanItem, tuple[str, ...]]]:
    """Yield the items that need variables that nothing before them can set, with these variables.

    It ends after a statement that may set any variable: one that runs a file, an `eval` or a function of the
    shell, which `callables` names.
    """
    mentioned: set[str] = set()
    statements = [(item, item.statement) for item in items if item.statement is not None]
    if not any("$" in statement.text for _, statement in statements):
        return
    for item, statement in statements:
        use = list_variable_use(statement, shell)
        needed = tuple(name for name in use.needed if name not in mentioned)
        if needed:
            yield item, needed
        mentioned |= use.mentioned
        if use.sets_unknown or use.moves or not use.commands.isdisjoint(callables):
            return


def name_of_variable(variable: str) -> str:
    """Return the name by which the value of a variable is given: `app-name` for `$APP_NAME`."""
    return normalise_name(variable)
