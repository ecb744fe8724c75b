"""Writes the line of a value below its question, and of one that came from elsewhere."""

from __future__ import annotations

from ..engine.events import ValueGiven
from ..plan.model import PlanItem
from ..plan.values import describe_value
from ..plan.variables import find_needed_variables, name_of_variable
from ..text.ansi import escape_unprintable
from ..text.display import count_columns, fold
from .writer import TerminalWriter


def write_value(writer: TerminalWriter, label: str, text: str) -> None:
    """Write a value beside its label; a long one is folded below its beginning."""
    indent = count_columns(label) + 4
    first, *more = fold(text, writer.width - indent - 2)
    writer.write_line()
    writer.write_line(f"  {writer.paint(label, 'bold')}  {first}")
    for line in more:
        writer.write_line(" " * indent + line)


def write_given_value(writer: TerminalWriter, event: ValueGiven, item: PlanItem | None, shell: str) -> None:
    """Write a value that the run has taken, if a person typed it or if it is a secret."""
    value = describe_value("•" * event.length if event.secret else event.value or "", event.secret)
    if event.origin == "typed":
        write_value(writer, _find_label(event.name, item, shell), value)
    elif event.secret:
        writer.write_line()
        writer.write_wrapped(f"<{event.name}>  {value}, from {escape_unprintable(event.origin)}")


def _find_label(name: str, item: PlanItem | None, shell: str) -> str:
    """Return the placeholder, or the variable of a statement, as it is written."""
    if item is not None and all(placeholder.name != name for placeholder in item.placeholders):
        for variable in find_needed_variables(item, shell):
            if name_of_variable(variable) == name:
                return f"${variable}"
    return f"<{name}>"
