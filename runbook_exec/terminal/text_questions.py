"""Asks a person for text: the value of a placeholder, or a note about a step."""

from __future__ import annotations

from ..engine.questions import ValueNeeded
from ..plan.model import ItemId, PlanItem
from ..text.ansi import escape_unprintable
from ..text.display import count_columns, wrap
from .key_line import Piece
from .prompts import ask_value
from .reporter import TerminalReporter
from .value_lines import write_value


class TextQuestions:
    """Asks for values and notes, and keeps a note when the person goes back before it is complete."""

    def __init__(self, terminal: TerminalReporter, colour: bool) -> None:
        self._terminal = terminal
        self._colour = colour
        self._notes: dict[ItemId, str] = {}

    def ask_for_value(self, question: ValueNeeded) -> str | None:
        """Show the statement and ask for a value; return None if the person goes back."""
        terminal = self._terminal
        terminal.show_statement(question.item, question.text)
        value = ask_value(
            _describe_question(question, terminal.width - 4),
            question.suggestions,
            secret=question.secret,
            colour=self._colour,
            back="back, keep the value" if question.present else "back",
        ).value
        if value is None and question.present:
            write_value(terminal, question.label, f"kept: {escape_unprintable(question.present)}")
        return value  # the reporter shows it once it is accepted

    def ask_for_note(self, item: PlanItem) -> str | None:
        """Ask for a note, which may be empty; return None if the person goes back."""
        entry = ask_value(
            [("", "\n  Note for the record:")],
            (),
            secret=False,
            colour=self._colour,
            draft=self._notes.pop(item.where, ""),
            without="done, without a note",
        )
        if entry.value is None:
            self._notes[item.where] = entry.draft
        return entry.value


def _describe_question(question: ValueNeeded, room: int) -> list[Piece]:
    """Return the text above the line to type in: the name, the help, the present value, the problem."""
    hint = "secret, will not be shown" if question.secret else ""
    if not hint and question.suggestions:
        hint = "pick one that was printed, or type it; typing filters"
    known = question.input
    fits = count_columns(question.label) + count_columns(hint) + 2 <= room
    beside = f"  {hint}\n" if hint and fits else "\n"
    above: list[Piece] = [("", "\n  "), ("bold", question.label), ("", beside)]
    notes = [] if fits else wrap(hint, room)
    notes += wrap(escape_unprintable(known.help), room) if known and known.help else []
    if known and known.choices:
        notes += wrap("one of " + ", ".join(known.choices), room)
    if question.present:
        notes += wrap(f"now: {escape_unprintable(question.present)}", room)
    above += [("", f"  {line}\n") for line in notes]
    if question.problem:
        above += [("bold fg:ansired", f"  {line}\n") for line in wrap(question.problem, room)]
    return above
