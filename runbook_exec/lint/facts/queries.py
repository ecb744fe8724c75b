"""Asks the queries of rules again.

A page whose queries have the same answers has the same findings.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from ..rule import LintContext
from . import workspace_finder
from .query_log import Query

# modules with a tuple QUERIES; those that take long to import are last
_MODULES = ("workspace", "site_kind", ".rules.drift", "git_history", ".rules.site_structure")


def answer_to(context: LintContext, query: Query) -> Any:
    """Return the present answer to a query that a rule has logged; nothing is logged."""
    name, folder, *details = query
    if name == workspace_finder.find_root.__name__:
        return workspace_finder.find_root(context, folder)
    return _find_function(name)(workspace_finder.get_workspace(context, folder), *details)


@cache
def _find_function(name: str) -> Callable[..., Any]:
    for module in _MODULES:
        for each in import_module(f".{module}", __package__).QUERIES:
            if each.__name__ == name:
                function: Callable[..., Any] = each
                return function
    raise KeyError(name)
