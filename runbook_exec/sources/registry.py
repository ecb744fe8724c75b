"""Lists the kinds of sources that a value can come from.

To add a kind, add a module to this package, import it here and add it to `KINDS`.
"""

from __future__ import annotations

from ..errors import ValueProblem
from . import cmd, env, file, op
from .base import SourceContext, SourceKind

KINDS: tuple[SourceKind, ...] = (
    env,
    file,
    op,
    cmd,
)


def check_source(source: str) -> str:
    """Return the source as given; raises ValueProblem if its kind is unknown."""
    _find_kind(source)
    return source


def resolve_source(source: str, context: SourceContext) -> str:
    """Return the value of a source.

    Raises ValueProblem, which names the source and not the value, also if the value is empty.
    """
    value = _find_kind(source).resolve(source, context)
    if not value:
        raise ValueProblem(f"`{source}` is empty; give it a value or use --set")
    return value


def is_available(source: str, context: SourceContext) -> bool:
    """Return whether the source can have a value.

    If it cannot, a default or the operator may still provide the value.
    """
    kind = _find_kind(source)
    return kind.is_available(source.removeprefix(kind.PREFIX), context)


def is_eager(source: str) -> bool:
    """Return whether the source is free of cost and effects.

    Such a source can be read before anything runs.
    """
    return any(kind.EAGER and source.startswith(kind.PREFIX) for kind in KINDS)


def _find_kind(source: str) -> SourceKind:
    for kind in KINDS:
        if source.startswith(kind.PREFIX) and kind.check(source.removeprefix(kind.PREFIX)):
            return kind
    *others, last = (f"`{kind.FORM}`" for kind in KINDS)
    raise ValueProblem(f"expected {', '.join(others)} or {last}, got `{source}`")
