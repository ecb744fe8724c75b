"""Finds the variables that a statement of a POSIX shell needs."""

from __future__ import annotations

from collections.abc import Iterator

from ...text.lazy_pattern import LazyPattern
from ..quoting import Context
from ..variables import VariableUse, list_variable_use
from .dialect import Dialect
from .parsed_script import ParsedScript
from .parser import parse_script

_PLAIN = LazyPattern(r"\$([A-Za-z_]\w*)")

# `${NAME}` and what follows the name; `${#NAME}`, `${!NAME}` and `${+NAME}` need no value
_BRACED = LazyPattern(r"\$\{(?:\([^)]*\))?[\^=~]*(?P<name>[A-Za-z_]\w*)(?:\[[^\]]*\])?(?P<default>:?[-?=+])?")

_FUNCTION = LazyPattern(r"\s*(?:function\s+[\w:.-]+|[\w:.-]+\s*\(\s*\))")


def list_variables(text: str, dialect: Dialect) -> VariableUse:
    """Return the variables of one statement."""
    reading = parse_script(text, dialect)
    if _FUNCTION.match(text):
        reads: list[tuple[int, str]] = []  # its body runs when it is called
    else:
        reads = sorted(_find_reads(text, reading))
    return list_variable_use(text, _blank_quoted(text, reading), reads)


def _find_reads(text: str, reading: ParsedScript) -> Iterator[tuple[int, str]]:
    """Yield the offset and the name of each variable that is expanded without a default."""
    braced = [(start, end, _BRACED.match(text, start)) for start, end in reading.expansions]
    protected = [(start, end) for start, end, match in braced if match and match["default"]]
    found = [(start, match["name"]) for start, _, match in braced if match and not match["default"]]
    found += [(start, match[1]) for start, _ in reading.parameters if (match := _PLAIN.match(text, start))]
    for start, name in found:
        if not any(first < start < last for first, last in protected):
            yield start, name


def _blank_quoted(text: str, reading: ParsedScript) -> str:
    """Return the text with the insides of its quotes, and its comments, replaced by blanks."""
    characters = list(text)
    for region in reading.regions:
        if region.context is not Context.UNSAFE:
            characters[region.start : region.end] = " " * (region.end - region.start)
    return "".join(characters)
