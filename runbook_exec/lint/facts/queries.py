"""Asking again what was asked while a page was looked at: with the same answers, the same is found."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from ..rule import LintContext
from . import workspace as around
from .query_log import Query

_MODULES = (
    "workspace",
    ".rules.drift",
    "git_history",
    ".rules.site_structure",
)  # the ones that take long to import last


def answer_to(site: LintContext, question: Query) -> Any:
    """The answer, as of now, to a question that a rule has noted; nothing is noted."""
    what, folder, *details = question
    if what == around.find_root.__name__:
        return around.find_root(site, folder)
    return _find_query(what)(around.get_workspace(site, folder), *details)


@cache
def _find_query(name: str) -> Callable[..., Any]:
    for module in _MODULES:
        for question in import_module(f".{module}", __package__).QUESTIONS:
            if question.__name__ == name:
                asked: Callable[..., Any] = question
                return asked
    raise KeyError(name)
