"""Shows what the page has to say about a statement that failed."""

from __future__ import annotations

from ..document.sections import find_section
from ..engine.questions import AfterFailure
from ..plan.waiting_prose import find_waiting_sentence
from ..text.ansi import escape_unprintable
from .reporter import TerminalReporter


def advise_on_failure(question: AfterFailure, terminal: TerminalReporter) -> str:
    """Show what the page has to say about a failure, and return the keys that come first."""
    sections = find_section(terminal.plan.runbook, question.output)
    if sections:
        trail = " › ".join(section.title for section in sections)
        terminal.write_line()
        terminal.write_wrapped(
            f"The page has a section for this, line {sections[-1].span.line}: {trail}", indent=5
        )
    waits = find_waiting_sentence(question.item)
    if waits is None or question.interrupted or not question.alive:
        return "r w"
    terminal.write_line()
    text = escape_unprintable(waits.text)
    terminal.write_wrapped(f"The page says to wait here, line {waits.line}: {text}", indent=5)
    terminal.write_wrapped("w tries again every 10 s until it works", "bold", indent=5)
    return "w r"
