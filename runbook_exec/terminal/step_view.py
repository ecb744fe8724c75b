"""Shows steps and statements before they run, with the document's words around them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ..document.markdown.headings import read_title, split_number
from ..document.model import Block, Prose, Step
from ..plan.model import ItemId, Plan, PlanItem, StatementWarning
from ..plan.retries import describe_retries
from ..text.ansi import escape_unprintable, escape_unprintable_code
from ..text.display import clip, count_columns, fold, wrap
from ..text.lazy_pattern import LazyPattern
from .page_text.block_comments import find_comments
from .page_text.code_view import find_values
from .page_text.markdown import render_markdown
from .writer import TerminalWriter

_PREVIEW = 8  # lines below a block that are shown before it runs, at most

_LEAST_PREVIEW = 4  # and at least, unless a warning of the page would scroll away

_QUESTION = 8  # rows that a question takes

_WARNS = LazyPattern(
    r"danger|warning|caution|careful|attention|important|!!|never|do not|don't", re.IGNORECASE
)

_COMMENT = LazyPattern(r"<!--.*?-->", re.DOTALL)

_MUCH = 6  # lines of output after which the heading of a step is shown again


class StepView:
    """Shows the parts of steps in order, and remembers which it has shown."""

    def __init__(self, writer: TerminalWriter, find_plan: Callable[[], Plan]) -> None:
        self.text = ""  # the statement that was shown last
        self.warned = False  # whether the page has warnings above the procedure
        self._writer = writer
        self._find_plan = find_plan
        self._item: ItemId | None = None  # the item that was shown last
        self._step: int | None = None  # the step whose heading was shown last
        self._mark = 0  # lines that had been written when the last statement was shown
        self._passed = 0  # lines that programs had printed when that heading was shown
        self._shown: set[int] = set()  # offsets of prose and blocks

    def show_statement(
        self,
        item: PlanItem,
        text: str,
        warnings: Sequence[StatementWarning] = (),
        place: str = "",
    ) -> None:
        """Show a statement before it runs, once, in its step.

        `place` is where it runs, if not in the shell of the procedure. Warnings that have a question are
        left to that question.
        """
        if self._item == item.where and self.text == text:
            return
        changed = self._item == item.where
        self._item, self.text = item.where, text
        self.show_heading(item)
        if not self._writer.tty:
            lines = escape_unprintable_code(text).replace("\n", "\n  ")
            self._writer.write_line(f"{f'{escape_unprintable(place)} ' if place else ''}$ {lines}")
            self._show_warnings(warnings)
            return
        parts = item.step.parts
        here = parts.index(item.block) if item.block in parts else len(parts)
        if not changed:
            for part in parts[:here]:
                self._show_part(part)
        if text:
            self._show_code(item, text, changed, place)
        self._show_warnings(warnings)
        if not changed:
            self._preview(item)
        self._mark = self._writer.written

    def show_rest(self, item: PlanItem) -> bool:
        """Show what is below the last block of a step, once the block has run.

        Returns whether a person must read it before the run continues: it is more than a sample of output.
        """
        instructs = False
        for part in find_rest(item) if self._writer.tty else ():
            lines = self._render_part(part)
            self._write_lines(lines)
            instructs |= isinstance(part, Prose) and any(lines) and _instructs(part.text)
        return instructs

    def _show_code(self, item: PlanItem, text: str, changed: bool, place: str) -> None:
        """Show a statement with the comments around it, unless they were shown with its old text."""
        comments = find_comments(item)
        self._writer.write_line()
        if place:
            self._writer.write_wrapped(escape_unprintable(place), "cyan", indent=5)
        for line in () if changed else comments.above:
            self._writer.write_code(line, *(("bold", "yellow") if _WARNS.search(line) else ("dim",)))
        values = find_values(item.statement, text)
        self._writer.write_statement(text + comments.beside, values)
        for line in () if changed else comments.below:
            self._writer.write_code(line, *(("bold", "yellow") if _WARNS.search(line) else ("dim",)))
        if tries := describe_retries(item.annotation):
            self._writer.write_wrapped(f"({tries})", "dim", indent=5)

    def _preview(self, item: PlanItem) -> None:
        """Show once what is below the last block of a step, before it runs; of much, the beginning."""
        rest = find_rest(item)
        if not rest or rest[0].span.start in self._shown:
            return
        self._shown |= {part.span.start for part in rest}
        lines = [line for part in rest for line in self._render_part(part)]
        # on a small screen, what is above the question must not scroll away
        room = self._writer.rows - (self._writer.written - self._mark) - _QUESTION
        least = _LEAST_PREVIEW if self._mark or not self.warned else 0
        most = max(least, min(_PREVIEW, room - 2))
        if len(lines) > most + 2:
            what = "more lines" if most else "lines below this block"
            note = f"… {len(lines) - most} {what}, shown after it has run"
            notes = [f"     {self._writer.paint(line, 'dim')}" for line in wrap(note, self._writer.width - 7)]
            lines = [*lines[:most], *[""] * (not most), *notes]
        self._write_lines(lines)

    def _show_warnings(self, warnings: Sequence[StatementWarning]) -> None:
        for warning in warnings:
            if not warning.question:
                self._writer.write_wrapped(warning.message, "yellow", indent=5)

    def show_manual_step(self, item: PlanItem) -> None:
        """Show a step, or a block of one, that a person does; once."""
        if self._item == item.where:
            return
        self._item = item.where
        self.show_heading(item)
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

    def begin_screen(self) -> None:
        """Let what was written so far scroll away, because a person has read it."""
        self._mark = self._writer.written

    def reset(self, *, prose: bool = False) -> None:
        """Show the statement again at the next question, because much output may be between.

        With `prose`, what the page says around it is shown again too.
        """
        self._item = self._step = None
        if prose:
            self._shown.clear()

    def show_heading(self, item: PlanItem) -> None:
        """Show the heading of the item's step, once, and again after much output."""
        much = self._writer.tty and self._writer.passed - self._passed >= _MUCH
        if self._step == item.where.step and not much:
            return
        self._step, self._passed = item.where.step, self._writer.passed
        plan, line = self._find_plan(), f"line {item.line}"
        title = format_title(item.step, plan.runbook.text)
        paint, write_line = self._writer.paint, self._writer.write_line
        write_line()
        if not self._writer.tty:
            write_line(f"step {item.where.step} of {len(plan.procedure.steps)}  {title}  ({line})")
            return
        room = self._writer.width - count_columns(line) - 4
        title = clip(title, room - 2)
        lead = f"  {paint(title, 'bold', 'cyan')}{' ' * (room - count_columns(title))}"
        write_line(lead + paint(line, "dim"))

    def show_prose(self, text: str, most: int | None = None, line: int = 0) -> None:
        """Show prose of the document; of more than `most` lines the beginning, and the page's line."""
        lines = self._render_prose(text)
        if most is not None and len(lines) > most + 2:
            note = f"… {len(lines) - most} more lines on the page, above line {line}"
            notes = [f"     {self._writer.paint(each, 'dim')}" for each in wrap(note, self._writer.width - 7)]
            lines = [*lines[:most], *notes]
        self._write_lines(lines)

    def _render_prose(self, text: str) -> list[str]:
        lines = render_markdown(text, self._writer.width - 10, self._writer.colour)
        return ["     " + line if line else "" for line in lines]

    def _show_part(self, part: Prose | Block) -> None:
        if part.span.start not in self._shown:
            self._shown.add(part.span.start)
            self._write_lines(self._render_part(part))

    def _render_part(self, part: Prose | Block) -> list[str]:
        """Return the lines of prose, or of a block that does not run."""
        if isinstance(part, Prose):
            return self._render_prose(part.text)
        if part.runs:
            return []
        paint, room = self._writer.paint, self._writer.full_width - 7
        code = [f"     {paint(line, 'dim')}".rstrip() for line in fold(part.code.rstrip("\n"), room)]
        why = wrap(f"(not run: {escape_unprintable(part.why_not)})", self._writer.width - 7)
        return ["", *code, *(f"     {paint(line, 'dim')}" for line in why)]

    def _write_lines(self, lines: Sequence[str]) -> None:
        for line in lines:
            self._writer.write_line(line)


def find_rest(item: PlanItem) -> Sequence[Prose | Block]:
    """Return the parts of a step below an item's block, if none of them runs.

    Prose between two blocks belongs to the second.
    """
    parts = item.step.parts
    rest = parts[parts.index(item.block) + 1 :] if item.block in parts else ()
    return () if any(isinstance(part, Block) and part.runs for part in rest) else rest


def _instructs(text: str) -> bool:
    """Return whether prose is more than comments and a line such as `Output:`."""
    text = _COMMENT.sub("", text).strip()
    return bool(text) and not (text.endswith(":") and "\n" not in text)


def format_place(plan: Plan, number: int) -> str:
    """Return which step it is, such as `step 2 of 7`; `step 5b (6 of 7)` if the page calls the sixth 5b."""
    counter = format_counter(plan, number)
    return counter if counter.startswith("step ") else f"step {counter}"


def format_counter(plan: Plan, number: int) -> str:
    """Return the same for the line of keys, where it takes the same room: `step 2 of 7`, `5b (6 of 7)`."""
    of = f"{number} of {len(plan.procedure.steps)}"
    label = plan.procedure.steps[number - 1].label
    return f"step {of}" if label == str(number) else f"{escape_unprintable(label)} ({of})"


def format_title(step: Step, page: str) -> str:
    """Return a step's title with its number, if the page gives it one, in the page's own words."""
    heading = page[step.span.start : step.span.end].partition("\n")[0].strip(" \t")
    full = read_title(heading.strip("# \t"))[0]
    number, _ = split_number(full)
    if not number or number.casefold() != step.label.casefold():
        return escape_unprintable(step.title)
    return escape_unprintable(full if heading.startswith("#") else f"{number}. {step.title}")
