"""Shows what the page has to say about a statement that failed."""

from __future__ import annotations

from ..engine.questions import AfterFailure
from ..plan.waiting_prose import find_waiting_sentence
from ..text.ansi import escape_unprintable
from .reporter import TerminalReporter
from .section_hint import write_section_hint


def advise_on_failure(question: AfterFailure, terminal: TerminalReporter) -> str:
    """Show what the page has to say about a failure, and return the keys that come first."""
    write_section_hint(terminal, terminal.plan.runbook, question.output)
    waits = find_waiting_sentence(question.item)
    if waits is None or question.interrupted or not question.alive:
        return "r w"
    terminal.write_line()
    text = escape_unprintable(waits.text)
    terminal.write_wrapped(f"The page says to wait here, line {waits.line}: {text}", indent=5)
    terminal.write_wrapped("w tries again every 10 s until it works", "bold", indent=5)
    return "w r"
