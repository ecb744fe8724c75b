"""Asking again what was asked while a page was looked at: with the same answers, the same is found."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from ..rule import Site
from . import workspace as around
from .query_log import Question

_MODULES = (
    "workspace",
    ".rules.drift",
    "git_history",
    ".rules.site_structure",
)  # the ones that take long to import last


def answer_to(site: Site, question: Question) -> Any:
    """The answer, as of now, to a question that a rule has noted; nothing is noted."""
    what, folder, *details = question
    if what == around.root_of.__name__:
        return around.root_of(site, folder)
    return _question(what)(around.below(site, folder), *details)


@cache
def _question(name: str) -> Callable[..., Any]:
    for module in _MODULES:
        for question in import_module(f".{module}", __package__).QUESTIONS:
            if question.__name__ == name:
                asked: Callable[..., Any] = question
                return asked
    raise KeyError(name)
