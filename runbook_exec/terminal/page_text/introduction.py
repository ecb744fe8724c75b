"""Finds the text of a page that belongs to a procedure but is above it, such as a warning below the title."""

from __future__ import annotations

import re

from ...document.front_matter.bounds import find_bounds
from ...document.model import Block, Procedure, Runbook, Section
from ...light_classes import NamedTuple
from ...text.lazy_pattern import LazyPattern
from ...text.source import split_lines
from .callouts import split_callouts

_PREPARES = LazyPattern(
    r"prerequisite|requirement|before you|preparation|precaution|warning|caution|important", re.IGNORECASE
)

# lines of a table of contents, and rules
_NO_TEXT = LazyPattern(
    r"^[ \t]*(?:(?:[-*+]|\d+[.)])[ \t]+\[[^\]\n]*\]\(#[^)\n]*\)[ \t]*|-{3,}|\*{3,}"
    r"|[^\w\n]*table of contents[^\w\n]*)$\n?",
    re.MULTILINE | re.IGNORECASE,
)


class Introduction(NamedTuple):
    """The text above a procedure, as Markdown with a note for each block, and the line where it ends."""

    callouts: str  # warnings and notes
    text: str  # the rest
    line: int


class Preparation(NamedTuple):
    """A section above a procedure that says what must be true before it: its title, line, text and code."""

    title: str
    line: int
    parts: tuple[str | Block, ...]


def find_introductions(runbook: Runbook, procedure: Procedure) -> list[Introduction]:
    """Return the text directly below each heading around a procedure, outermost first."""
    starts = [section.span.start for section in runbook.sections]
    bounds = find_bounds(runbook.text)
    first = min([*starts, len(runbook.text)])
    ranges = [(bounds[2] if bounds else 0, first)] if procedure.span.start >= first else []
    for index, section in enumerate(runbook.sections):
        if section.span.start < procedure.span.start < section.end:
            ranges.append((section.span.end, [*starts, section.end][index + 1]))
    found = [_read_introduction(runbook, start, end) for start, end in ranges]
    return [each for each in found if each.callouts or each.text]


def find_preparations(runbook: Runbook, procedure: Procedure) -> tuple[Preparation, ...]:
    """Return the sections above a procedure, and not around it, whose titles say that they come first."""
    found: list[Section] = []
    for section in runbook.sections:
        inside = bool(found) and section.span.start < found[-1].end
        if section.end <= procedure.span.start and not inside and _PREPARES.search(section.title):
            found.append(section)
    return tuple(
        Preparation(section.title, section.span.line, _split_section(runbook, section)) for section in found
    )


def _split_section(runbook: Runbook, section: Section) -> tuple[str | Block, ...]:
    """Return the text of a section and its blocks, in order."""
    parts: list[str | Block] = []
    at = section.span.end
    for block in runbook.blocks:
        if section.span.end <= block.span.start and block.span.end <= section.end:
            parts += [runbook.text[at : block.span.start], block]
            at = block.span.end
    return (*parts, runbook.text[at : section.end])


def _read_introduction(runbook: Runbook, start: int, end: int) -> Introduction:
    """Return a stretch of a page with a note for each block, which would look as if it were run."""
    pieces: list[str] = []
    for block in runbook.blocks:
        if start <= block.span.start and block.span.end <= end:
            note = f"({block.language or 'code'} on line {block.span.line}, not run)"
            pieces += (runbook.text[start : block.span.start], note)
            start = block.span.end
    text = "".join([*pieces, runbook.text[start:end], "\n"]).replace("\r\n", "\n")
    return Introduction(
        *split_callouts(_NO_TEXT.sub("", text)), split_lines(runbook.text).span(end, end).line
    )
