"""Strips the options that MyST and Sphinx write at the top of a directive's content."""

from __future__ import annotations

from ...text.lazy_pattern import LazyPattern
from ...text.source import MappedText

_OPTION = LazyPattern(r":[A-Za-z][\w-]*:(?:[ \t]|$)")


def strip_directive_options(code: MappedText) -> MappedText:
    """Return the content of a directive without its options: `:name: value` or YAML between `---`."""
    lines = code.text.split("\n")
    first = 0
    if lines[0].strip() == "---" and "---" in (line.strip() for line in lines[1:]):
        first = next(index for index, line in enumerate(lines[1:], 1) if line.strip() == "---") + 1
    else:
        while first < len(lines) and _OPTION.match(lines[first].lstrip()):
            first += 1
    if not first:
        return code
    return MappedText("\n".join(lines[first:]), code.origins[first:], code.padding[first:])
