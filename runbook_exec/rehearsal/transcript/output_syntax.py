"""Formats lines of output for a transcript; a backslash escapes text with a meaning there."""

from __future__ import annotations

import re
from collections.abc import Collection

from ...document.placeholders import normalise_name
from .pattern import GAP, NAME, Name, Pattern

_MARKED = re.compile(rf"\[\.\.\]|{NAME.pattern}")


def format_pattern(pattern: Pattern) -> str:
    """Return a pattern as text, with names and gaps as in a transcript, and without escapes."""
    return "".join(
        part if isinstance(part, str) else part.text if isinstance(part, Name) else part.value
        for part in pattern
    )


def escape_line(pattern: Pattern, names: Collection[str]) -> str:
    """Return a line of output, escaped for a transcript that uses these names."""
    line = escape_text(pattern, names)
    special = re.match(r"[$?\\]|0<|2>|# |\.\.\.$|$", line)
    return "\\" + line if special else line


def escape_text(pattern: Pattern, names: Collection[str]) -> str:
    """Return text that is not at the beginning of a line, escaped in the same way."""

    def literal(found: re.Match[str]) -> str:
        return "\\" + found[0] if found[0] == GAP or normalise_name(found[0][1:-1]) in names else found[0]

    return "".join(
        _MARKED.sub(literal, part) if isinstance(part, str) else format_pattern((part,)) for part in pattern
    )
