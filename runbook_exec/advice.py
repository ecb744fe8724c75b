"""What the page itself says about a failure: a section whose heading quotes what the output said."""

from __future__ import annotations

import re

from .model import Runbook, Section

_QUOTED = re.compile(r"`+([^`]+)`+|\"([^\"]+)\"|“([^”]+)”|‘([^’]+)’")


def section_for(runbook: Runbook, output: str) -> tuple[Section, ...]:
    """The section whose heading quotes a part of the output, after the sections around it.

    Dots in a quotation stand for anything. Empty when there is none.
    """
    plain = " ".join(output.split()).casefold()
    for section in runbook.sections:
        heading = runbook.text[section.span.start : section.span.end]
        for match in _QUOTED.finditer(heading):
            phrase = next(group for group in match.groups() if group)
            parts = [" ".join(part.split()).casefold() for part in re.split(r"\.{3}|…", phrase)]
            if all(part in plain for part in parts) and sum(map(len, parts)) >= 6:
                around = [s for s in runbook.sections if s.span.start < section.span.start < s.end]
                return (*(s for s in around if s.level > 1), section)
    return ()
