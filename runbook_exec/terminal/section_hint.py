"""Shows which section of the page is about a failure."""

from __future__ import annotations

from ..document.model import Runbook
from ..document.sections import find_section
from .writer import TerminalWriter


def write_section_hint(writer: TerminalWriter, runbook: Runbook, output: str) -> None:
    """Write the section whose heading quotes the output of a failed statement; nothing if none does."""
    sections = find_section(runbook, output)
    if sections:
        trail = " › ".join(section.title for section in sections)
        writer.write_line()
        writer.write_wrapped(
            f"The page has a section for this, line {sections[-1].span.line}: {trail}", indent=5
        )
