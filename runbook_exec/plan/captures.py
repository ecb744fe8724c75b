"""Finds the value in the output of a statement."""

from __future__ import annotations

import re

from ..masking.token_patterns import find_tokens
from ..text.ansi import strip_ansi
from ..text.lazy_pattern import LazyPattern
from ..text.regex import search_pattern

_CONTROL = LazyPattern(r"[\x00-\x08\x0e-\x1a]")

_REMARK = LazyPattern(r"\W*(?:warn(?:ing)?|notice|note|hint|info|debug)\W*:", re.IGNORECASE)
_OVERWRITTEN = LazyPattern(r"^(?:[^\r\n]*+\r)+(?=[^\r\n])", re.MULTILINE)  # before the last state of a line


def capture_value(output: str, pattern: str | None) -> str | None:
    """Return the value in the output of a statement, or None if there is none.

    With a pattern it is the first match's first group, or all of the match if it has no group. Without one
    it is the one token of a known shape, if exactly one is there. Otherwise it is the last line that is
    neither blank nor a remark such as `Warning: …`, which a program may print on its standard error after
    the value, and which a terminal mixes in; only where every line is a remark, it is the last of them.
    Escape sequences, blanks at both ends, and what a carriage return has overwritten do not count; a pattern
    that matches nothing else may match what was overwritten. Raises PatternTimeout.
    """
    plain = _CONTROL.sub("", strip_ansi(output)).replace("\r\n", "\n")
    if pattern is not None:
        match = search_pattern(pattern, _OVERWRITTEN.sub("", plain)) or search_pattern(pattern, plain)
        found = None if match is None else match[1 if match.re.groups else 0]
        return found or None  # an empty value is a pattern that has missed
    content = plain.encode("utf-8", "surrogatepass")
    spans = [(start, end) for _, start, end in find_tokens(content)]
    tokens = {
        content[start:end]
        for start, end in spans
        if not any(a <= start and end <= b and (a, b) != (start, end) for a, b in spans)
    }
    if len(tokens) == 1:
        return tokens.pop().decode("utf-8", "surrogatepass")
    lines = [line.rstrip("\r").rpartition("\r")[2].strip() for line in plain.split("\n")]
    filled = [line for line in lines if line]
    said = [line for line in filled if not _REMARK.match(line)]
    return (said or filled)[-1] if filled else None
