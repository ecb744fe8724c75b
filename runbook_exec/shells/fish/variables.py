"""Finds the variables that a statement of fish needs."""

from __future__ import annotations

from ...text.lazy_pattern import LazyPattern
from ..quoting import Context
from ..variables import VariableUse, list_variable_use
from .parser import scan

_EXPANSION = LazyPattern(r"(?<!\\)\$+([A-Za-z_]\w*)")

_FUNCTION = LazyPattern(r"\s*function\s")

_NOT_EXPANDED = frozenset((Context.SINGLE, Context.COMMENT))


def list_variables(text: str) -> VariableUse:
    """Return the variables of one statement."""
    read = scan(text)
    reads = [
        (match.start(), match[1])
        for match in (() if _FUNCTION.match(text) else _EXPANSION.finditer(text))
        if read.context(*match.span()) not in _NOT_EXPANDED and not read.in_comment(match.start())
    ]
    characters = list(text)
    for start, end, context in read.regions:
        if context is not Context.UNSAFE:
            characters[start:end] = " " * (end - start)
    return list_variable_use(text, "".join(characters), reads)
