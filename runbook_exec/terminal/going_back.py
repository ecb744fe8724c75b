"""Lets a person go back to an earlier statement, and shows what has happened since."""

from __future__ import annotations

from ..document.model import Step
from ..engine.questions import Answer
from ..engine.state import ItemStatus, State
from ..plan.model import PlanItem
from ..text.ansi import escape_unprintable, escape_unprintable_code
from ..text.display import clip, count_columns, pad, wrap
from ..text.durations import format_duration
from .key_line import Piece
from .prompts import ask_row
from .reporter import TerminalReporter
from .step_view import format_title

_RESULTS = {
    ItemStatus.OK: "✓ done",
    ItemStatus.FAILED: "✗ failed",
    ItemStatus.SKIPPED: "– skipped",
}

_ABOVE = (
    "Go back to which statement? Nothing is undone. From there on you decide again, statement by statement, "
    "and what has run does not run again unless you say so."
)


def has_earlier_items(terminal: TerminalReporter, item: PlanItem) -> bool:
    """Return whether something before an item was done or skipped."""
    return any(_list_earlier_items(terminal, item))


def _list_earlier_items(terminal: TerminalReporter, item: PlanItem) -> list[PlanItem]:
    state = terminal.find_state()
    return [
        each
        for each in terminal.plan.items
        if each.where < item.where
        and state.done.get(each.where) in (ItemStatus.OK, ItemStatus.SKIPPED)
        and each.where not in state.background
    ]


def ask_where_to_return(terminal: TerminalReporter, item: PlanItem, colour: bool) -> Answer | None:
    """Ask which earlier statement to go back to, in the order of the page; return None for none."""
    earlier = _list_earlier_items(terminal, item)
    state, width, listed = terminal.find_state(), terminal.width, [*earlier, item]
    results = [*(_describe_result(state, each) for each in earlier), "← you are here"]
    labels = [escape_unprintable(each.step.label) for each in listed]
    label_width = max(map(count_columns, labels))
    room = max(12, width - 10 - label_width - max(map(count_columns, results)))
    names = [clip(_name_item(each, terminal.plan.runbook.text), room) for each in listed]
    longest = max(map(count_columns, names))
    rows: list[list[Piece]] = [
        [("", f"{pad(label, label_width)}  "), ("bold", pad(name, longest)), ("", f"  {result}")]
        for label, name, result in zip(labels, names, results, strict=True)
    ]
    above = "\n".join(f"  {line}" for line in wrap(_ABOVE, width - 4))
    here = len(earlier)
    picked = ask_row([("", f"\n{above}")], rows, {"esc": ("esc", "stay here")}, colour, here)
    if isinstance(picked, str):
        return None
    terminal.reset_statement(prose=True)
    terminal.write_line()
    terminal.write_line(f"  ↑  back to {names[picked].rstrip()}")
    return Answer("return", value=str(earlier[picked].where))


def describe_earlier_run(terminal: TerminalReporter, item: PlanItem) -> str:
    """Return a question about a statement that has run before."""
    took = terminal.find_state().durations.get(item.where)
    how = f" ({format_duration(took)})" if took is not None else ""
    return f"This has run already, and succeeded{how}. Run it again?"


def _describe_result(state: State, item: PlanItem) -> str:
    result = _RESULTS[state.done[item.where]]
    took = state.durations.get(item.where)
    return f"{result}  {format_duration(took)}" if took is not None else result


def _name_item(item: PlanItem, page: str) -> str:
    """Return a statement by its first line, or a step by its title."""
    if item.statement is None:
        return _describe_step(item.step, page)
    first, _, more = escape_unprintable_code(item.statement.text).strip().partition("\n")
    return f"{first.removesuffix(chr(92)).rstrip()} …" if more else first


def _describe_step(step: Step, page: str) -> str:
    return f"{format_title(step, page)} (by hand)"
