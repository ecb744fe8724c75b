"""Writes the title of a page, facts about its run, and what the page says above its procedure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..plan.model import Plan
from ..system.people import expand_home
from ..text.ansi import escape_unprintable
from ..text.display import count_columns, pad
from .page_text.introduction import find_introductions, find_preparations
from .step_view import StepView
from .writer import TerminalWriter

_BELOW = 14  # rows that the header and the first statement take

_INTRODUCTION = 8  # lines of a text above a procedure that are shown on the smallest screen


def write_header(writer: TerminalWriter, steps: StepView, plan: Plan, facts: Sequence[str]) -> bool:
    """Write the title of the page, facts about the run, and the text above the procedure.

    Returns whether that is more than fits on a screen with the first statement.
    """
    runbook = plan.runbook
    title = escape_unprintable(runbook.title)
    if not writer.tty:
        writer.write_line(f"{title} ({escape_unprintable(runbook.path)}): {' · '.join(facts)}")
        return False
    path = shorten_path(runbook.path)
    writer.write_line()
    room = writer.width - 2 - count_columns(path)
    if count_columns(title) + 4 <= room:
        writer.write_line(writer.paint(pad(f"  {title}", room), "bold") + writer.paint(path, "dim"))
    else:
        writer.write_wrapped(title, "bold")
        writer.write_line("  " + writer.paint(path, "dim"))
    writer.write_wrapped(" · ".join(fact.replace(" ", "\xa0") for fact in facts))
    writer.write_line("  " + writer.paint("─" * (writer.width - 4), "dim"))
    begun = writer.written
    _write_introduction(writer, steps, plan)
    for prose in plan.procedure.prose:
        steps.show_prose(prose.text)
    return writer.written - begun > writer.rows - _BELOW


def _write_introduction(writer: TerminalWriter, steps: StepView, plan: Plan) -> None:
    """Write what the page says above the procedure: warnings in full, of each other text up to a screen."""
    most = max(_INTRODUCTION, writer.rows - _BELOW)
    for each in find_introductions(plan.runbook, plan.procedure):
        steps.show_prose(each.callouts)
        steps.warned = steps.warned or bool(each.callouts)
        steps.show_prose(each.text, most, each.line)
    for section in find_preparations(plan.runbook, plan.procedure):
        steps.warned = True
        writer.write_line()
        writer.write_line("     " + writer.paint(section.title, "bold", "underline"))
        for part in section.parts:
            if isinstance(part, str):
                steps.show_prose(part, most, section.line)
            else:
                writer.write_line()
                writer.write_code(part.code.rstrip("\n"), "dim", indent=7)


def shorten_path(path: str) -> str:
    """Return the path relative to the working directory or to home, if it is below one of them."""
    absolute = Path(path).absolute()
    for folder, lead in ((Path.cwd(), ""), (expand_home("~"), "~/")):
        if folder != "~" and absolute.is_relative_to(folder):
            return escape_unprintable(lead + str(absolute.relative_to(folder)))
    return escape_unprintable(path)
