"""Resolves `env:NAME`: a variable of the environment."""

from __future__ import annotations

import re

from ..errors import ValueProblem
from .base import SourceContext

PREFIX, FORM, EAGER = "env:", "env:NAME", True


def check(rest: str) -> bool:
    """Return whether it is the name of a variable."""
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", rest) is not None


def is_available(rest: str, context: SourceContext) -> bool:
    """Return whether the variable is set and not empty."""
    return bool(context.environ.get(rest))


def resolve(source: str, context: SourceContext) -> str:
    """Return the variable's value."""
    name = source.removeprefix(PREFIX)
    if name not in context.environ:
        raise ValueProblem(f"`{source}`: the environment has no variable `{name}`; set it or use --set")
    return context.environ[name]
