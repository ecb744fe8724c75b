"""Shows steps and statements before they run, with the document's words around them."""

from __future__ import annotations

from collections.abc import Sequence

from ..document.model import Block, Prose, Step
from ..plan.model import ItemId, PlanItem, StatementWarning
from ..text.ansi import escape_unprintable, escape_unprintable_code
from ..text.display import clip, count_columns
from .markdown import render_markdown
from .writer import TerminalWriter

_MUCH = 6  # lines of output after which the heading of a step is shown again


class StepView:
    """Shows the parts of steps in order, and remembers which it has shown."""

    def __init__(self, writer: TerminalWriter) -> None:
        self.text = ""  # the statement that was shown last
        self._writer = writer
        self._item: ItemId | None = None  # the item that was shown last
        self._step: int | None = None  # the step whose heading was shown last
        self._passed = 0  # lines that programs had printed when that heading was shown
        self._shown: set[int] = set()  # offsets of prose and blocks

    def show_statement(
        self, item: PlanItem, text: str, steps: int, warnings: Sequence[StatementWarning] = ()
    ) -> None:
        """Show a statement before it runs, once, in its step; `steps` is the number of steps.

        Warnings that have a question are left to that question.
        """
        if self._item == item.where and self.text == text:
            return
        changed = self._item == item.where
        self._item, self.text = item.where, text
        self.show_heading(item, steps)
        if not self._writer.tty:
            lines = escape_unprintable_code(text).replace("\n", "\n  ")
            self._writer.write_line(f"$ {lines}")
            self._show_warnings(warnings)
            return
        parts = item.step.parts
        here = parts.index(item.block) if item.block in parts else len(parts)
        if not changed:
            for part in parts[:here]:
                self._show_part(part)
        if text:
            self._writer.write_line()
            self._writer.write_code(text, "bold")
        self._show_warnings(warnings)
        # prose between two blocks belongs to the next; prose after the last block is shown with that block
        rest = parts[here + 1 :]
        if not changed and not any(isinstance(part, Block) and part.runs for part in rest):
            for part in rest:
                self._show_part(part)

    def _show_warnings(self, warnings: Sequence[StatementWarning]) -> None:
        for warning in warnings:
            if not warning.question:
                self._writer.write_wrapped(warning.message, "yellow", indent=5)

    def show_manual_step(self, item: PlanItem, steps: int) -> None:
        """Show a step, or a block of one, that a person does; once."""
        if self._item == item.where:
            return
        self._item = item.where
        self.show_heading(item, steps)
        if self._writer.tty:
            if item.block is None:
                for part in item.step.parts:
                    self._show_part(part)
            else:
                for part in item.step.parts[: item.step.parts.index(item.block)]:
                    self._show_part(part)
                self._writer.write_line()
                self._writer.write_code(item.block.code.rstrip("\n"), "bold")
        self._shown |= {part.span.start for part in item.step.parts}

    def reset(self) -> None:
        """Show the statement again at the next question, because much output may be between."""
        self._item = self._step = None

    def show_heading(self, item: PlanItem, steps: int) -> None:
        """Show the heading of the item's step, once, and again after much output."""
        much = self._writer.tty and self._writer.passed - self._passed >= _MUCH
        if self._step == item.where.step and not much:
            return
        self._step, self._passed = item.where.step, self._writer.passed
        place = f"{item.where.step}/{steps}"
        line = f"line {item.line}"
        paint, write_line = self._writer.paint, self._writer.write_line
        write_line()
        if not self._writer.tty:
            write_line(f"{place}  {format_title(item.step)}  ({line})")
            return
        room = self._writer.width - count_columns(place) - count_columns(line) - 6
        title = clip(format_title(item.step), room - 2)
        lead = f"  {paint(place, 'cyan')}  {paint(title, 'bold')}{' ' * (room - count_columns(title))}"
        write_line(lead + paint(line, "dim"))

    def show_prose(self, prose: Prose) -> None:
        """Show prose of the document."""
        for line in render_markdown(prose.text, self._writer.width - 10, self._writer.colour):
            self._writer.write_line("     " + line if line else "")

    def _show_part(self, part: Prose | Block) -> None:
        if part.span.start in self._shown:
            return
        self._shown.add(part.span.start)
        if isinstance(part, Prose):
            self.show_prose(part)
        elif not part.runs:
            self._writer.write_line()
            self._writer.write_code(part.code.rstrip("\n"), "dim")
            why = f"(not run: {escape_unprintable(part.why_not)})"
            self._writer.write_line("     " + self._writer.paint(why, "dim"))


def format_title(step: Step) -> str:
    """Return a step's title, with its number in the document if that differs from its place."""
    title = escape_unprintable(step.title)
    return title if step.label == str(step.number) else f"{escape_unprintable(step.label)}. {title}"
