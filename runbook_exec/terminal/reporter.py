"""Shows a run to people: its place, its statements, its end.

It observes events and changes nothing.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from operator import attrgetter

from ..diagnostics.excerpt import format_excerpt
from ..engine.attempts.background_events import BackgroundEnded, BackgroundOutput
from ..engine.events import (
    FINISHED,
    Answered,
    Captured,
    Event,
    Output,
    RunEnded,
    StatementFinished,
    StatementStarted,
    ValueGiven,
)
from ..engine.state import State
from ..light_classes import NamedTuple
from ..plan.model import ItemId, Plan, PlanItem, Value
from ..plan.places import name_shell
from ..plan.retries import count_retries
from ..text.ansi import escape_unprintable, escape_unprintable_code, flatten_output
from ..text.display import clip, count_columns, pad, wrap
from ..text.durations import format_duration
from ..text.span import Span
from .run_header import shorten_path, write_header
from .run_summary import describe_answers, write_recap, write_summary
from .section_hint import write_section_hint
from .step_view import StepView, format_title
from .value_lines import write_given_value
from .writer import TerminalWriter

_LAST_OUTPUT, _LAST_LINES = 4000, 5  # characters and lines of a statement in the background that are shown


class Unread(NamedTuple):
    """A text of the page that a person must read before the run continues."""

    enter: str  # what enter does once it was read
    where: ItemId | None  # the item that the text is about; None for what is above the procedure


class TerminalReporter(TerminalWriter):
    """Shows the events of a run on a terminal, or as plain lines where `tty` is false."""

    def __init__(self, plan: Plan, fd: int, *, tty: bool, colour: bool, width: Callable[[], int]) -> None:
        super().__init__(fd, tty=tty, colour=colour, width=width)
        self.plan = plan
        self._steps = StepView(self, lambda: self.plan)
        self._captured: dict[int, list[str]] = {}  # names of values by step
        self._began = time.monotonic()
        self._try = 1  # the number of the present attempt at a statement that is retried
        self._printed = ""  # the end of the statement's output
        self._repeats = False  # whether the last attempt is followed by another
        self._opened: dict[ItemId, str] = {}  # where the shells are that statements have opened
        self._behind: dict[ItemId, str] = {}  # the last output of statements in the background
        self._unread: Unread | None = None  # the text that was shown last
        self.kept: PlanItem | None = None  # what has run before and was not run again, by the last answer
        self.find_state: Callable[[], State] = State  # where the run is
        self._pending: list[str] = []  # lines about captures, shown once the statement has ended

    # before statements -----------------------------------------------------------------------------------

    def show_header(self, facts: Sequence[str]) -> None:
        """Show the title of the page that is about to run, and facts about the run."""
        if write_header(self, self._steps, self.plan, facts):
            self._unread = Unread("begin", None)  # the first statement would push some of it off the screen

    def take_unread(self) -> Unread | None:
        """Return the last text of the page that a person must read first; None if there is none."""
        unread, self._unread = self._unread, None
        if unread:
            self._steps.begin_screen()  # what is above may scroll away now
        return unread

    def show_statement(self, item: PlanItem, text: str) -> None:
        """Show a statement before it runs, once, in its step with the document's own words."""
        warnings = self.plan.warnings.get(item.where, ())
        named = f"on {host}" if (host := self.plan.find_host(item)) else ""
        place = self.plan.places.describe(item.where, self._opened) or named
        self._steps.show_statement(item, text, warnings, place)

    def show_manual_step(self, item: PlanItem) -> None:
        """Show a step, or a block of one, that a person does; once."""
        self._steps.show_manual_step(item)

    def reset_statement(self, *, prose: bool = False) -> None:
        """Show the statement again at the next question, with `prose` also what the page says around it."""
        self._steps.reset(prose=prose)

    # events ----------------------------------------------------------------------------------------------

    def show_event(self, event: Event) -> None:
        """Show an event."""
        match event:
            case Output():
                self.echo(event.text.encode("utf-8", "surrogateescape"))
                if not self.tty:  # a person is shown the section with the question
                    self._printed = (self._printed + event.text)[-_LAST_OUTPUT:]
            case StatementFinished():
                self._show_finish(event)
            case StatementStarted():
                self.end_output()  # of the shell's start
                self._unread = None if event.statement else self._unread  # nobody was asked
                self._printed = ""
                item = _find_item(self.plan, event.step, event.block, event.statement)
                is_counted = item is not None and (count_retries(item.annotation) or self._repeats)
                self._try = event.attempt if is_counted else 1
                self.keys = "^C interrupts"
                if item is not None:
                    if item.where in self.plan.endless:
                        self.keys = "^Z sends it to the background, ^C ends it"
                    self.show_statement(item, event.text)
                    if self.plan.places.is_followed(item.where):
                        self._opened[item.where] = name_shell(event.text, self.plan.procedure.shell)
                    if self.tty and self._try == 1:
                        self.write_line()
            case BackgroundOutput():
                where = ItemId(event.step, event.block, event.statement)
                self._behind[where] = (self._behind.get(where, "") + event.text)[-_LAST_OUTPUT:]
            case BackgroundEnded():
                self._show_background_end(event)
            case Answered():
                if event.answer in ("done", "skip"):
                    self._show_answer(event)
            case Captured():
                what = (
                    f"secret, {event.length} characters"
                    if event.secret
                    else f"`{escape_unprintable(event.value or '')}`"
                )
                self._captured.setdefault(event.step, []).append(event.name)
                self._pending.append(f"     captured <{event.name}> ({what})")
            case ValueGiven() if self.tty:
                item = _find_item(self.plan, event.step, event.block, event.statement)
                write_given_value(self, event, item, self.plan.procedure.shell)
            case _:
                pass

    def _show_answer(self, event: Answered) -> None:
        done = event.answer == "done"
        if (item := _find_item(self.plan, event.step, event.block, event.statement)) is not None:
            self._steps.show_heading(item)
        mark = self.paint("✓", "green") if done else "–"
        note = f": {escape_unprintable(event.note)}" if event.note else ""
        self.write_line()
        result = "kept, not run again" if self.kept and self.kept is item else "done" if done else "skipped"
        self.kept = None
        first, *more = wrap(f"{result}{note}", self.width - 7)
        self.write_line(f"  {mark}  {first}")
        for line in more:
            self.write_line(f"     {line}")

    def _show_finish(self, event: StatementFinished) -> None:
        self.end_output()
        took = format_duration(event.duration)
        self._repeats = event.retry_after > 0
        if self._repeats:
            self._show_failed_try(event)
        elif event.problem:
            self._show_failure(event, took)
        elif event.background:
            where = f"in the background, line {event.line}, until the run ends"
            self.write_line(f"  {self.paint('✓', 'green')}  {where} · {took}")
        elif event.statement and self.tty:
            took = took if self._try == 1 else f"try {self._try}, {took}"
            lead = f"  {self.paint('✓', 'green')}  "
            room = self.width - count_columns(took) - 9
            text = self.paint(pad(clip(_first_line(self._steps.text), room), room), "dim")
            self.write_line(f"{lead}{text}  {self.paint(took, 'dim')}")
        elif event.statement:
            self.write_line(f"  ✓  {took}" + f", try {self._try}" * (self._try > 1))
        for line in self._pending:
            if self.tty:
                self.write_wrapped(line.strip(), "dim", indent=5)
            else:
                self.write_line(line)
        self._pending.clear()
        if event.problem or not self.tty:
            return
        item = _find_item(self.plan, event.step, event.block, event.statement)
        if item is not None and self._is_last(item) and self._steps.show_rest(item):
            self._unread = Unread("continue", item.where)

    def _show_background_end(self, event: BackgroundEnded) -> None:
        """Show that a statement in the background has ended, and what it has printed last."""
        took = format_duration(event.duration)
        item = _find_item(self.plan, event.step, event.block, event.statement)
        text = item.statement.text if item is not None and item.statement is not None else ""
        name = clip(_first_line(text), max(20, self.width - 40))
        how = (
            f"ended `{name}`" if event.with_run else f"`{name}` {event.problem or 'ended in the background'}"
        )
        mark = self.paint("✗", "red", "bold") if event.problem else "–"
        self.write_line()
        self.write_line(f"  {mark}  {how} (line {event.line}) after {took}")
        printed = flatten_output(self._behind.pop(ItemId(event.step, event.block, event.statement), ""))
        if lines := printed.split("\n")[-_LAST_LINES:] if (printed := printed.strip()) else ():
            self.write_line("     it printed last:")
            for line in lines:
                self.write_code(line, "dim", indent=7)

    def _is_last(self, item: PlanItem) -> bool:
        """Return whether no other statement of the item's step runs after it."""
        after = self.plan.items[bisect_right(self.plan.items, item.where, key=attrgetter("where")) :]
        for each in takewhile(lambda each: each.where.step == item.where.step, after):
            if each.block is not item.block or not (each.statement and item.statement):
                return False
            if each.statement.alternative == item.statement.alternative:
                return False
        return True

    def _show_failed_try(self, event: StatementFinished) -> None:
        """Show in one line that an attempt has failed, and when the next is made."""
        item = _find_item(self.plan, event.step, event.block, event.statement)
        tries = count_retries(item.annotation) + 1 if item else 0
        if self.tty and self._try > tries - 1:
            return  # the operator waits until it succeeds: the line of the wait has the problem
        problem = escape_unprintable(event.problem.split("\n")[0])
        text = (
            f"try {self._try} of {tries}: {problem} after {format_duration(event.duration)}, "
            f"next in {event.retry_after:g} s"
        )
        first, *more = wrap(text, self.width - 7) if self.tty else [text]
        self.write_line(f"  {self.paint('✗', 'red', 'bold')}  {first}")
        for line in more:
            self.write_line(f"     {line}")

    def _show_failure(self, event: StatementFinished, took: str) -> None:
        item = _find_item(self.plan, event.step, event.block, event.statement)
        cross = self.paint("✗", "red", "bold")
        problem = escape_unprintable(event.problem)
        if item is None or item.statement is None:
            self.write_line(f"  {cross}  {problem} · {took}")
            return
        path = self.plan.runbook.path
        first = "interrupted" if problem.startswith("exited 130 ") else problem.split("\n")[0]
        place = format_title(item.step, self.plan.runbook.text)
        if not self.tty:
            place = f"step {item.where.step} of {len(self.plan.procedure.steps)}  {place}"
        outcome = f"{first} after {took}" + f", try {self._try}" * (self._try > 1)
        room = self.width - count_columns(outcome) - 10
        if self.tty and room > 10:
            place = clip(place, room)
        if self.tty:
            self.write_line()
        self.write_line(f"  {cross}  {place} · {self.paint(outcome, 'bold')}")
        self.write_line(f"     {shorten_path(path) if self.tty else escape_unprintable(path)}:{item.line}")
        self.write_line()
        note = f"{first}; the run has stopped here" if self.tty else first
        for line in self._format_excerpt(item.statement.span, note):
            self.write_line("   " + line)
        write_section_hint(self, self.plan.runbook, self._printed)

    def _format_excerpt(self, span: Span, note: str) -> list[str]:
        text = self.plan.runbook.text
        lines = format_excerpt(text, span, note).split("\n")
        room = self.full_width - 5
        if not self.tty or all(count_columns(line) <= room for line in lines):
            return lines
        # too long for one line: a terminal would wrap it, and the carets would be under other text
        code, carets = format_excerpt(text, span).split("\n")
        gutter = carets.partition("│")[0]
        return [clip(code, room), clip(carets, room), *(f"{gutter}│ {part}" for part in wrap(note, room - 8))]

    def show_recap(self, state: State, values: Mapping[str, Value]) -> None:
        """Show what a resumed run has done already, and the values that it has."""
        write_recap(self, self.plan, state, values)

    # the end ---------------------------------------------------------------------------------------------

    def show_summary(self, state: State, ended: RunEnded, run: str, journal: str) -> None:
        """Show every step and its result, and the commands that resume the run and report it.

        `journal` is "" if the run is not kept.
        """
        self.end_output()  # of the shell, which may print at its end
        write_summary(self, self.plan, state, ended, self._captured, time.monotonic() - self._began)
        if not journal:
            self.write_wrapped("Nothing was run, and no record of this run is kept.")
            return
        if ended.outcome not in FINISHED:
            _write_command(self, "resume", f"runbook-exec resume {run}")
        if state.question is not None and ended.question:
            _write_command(self, "answer", escape_unprintable(describe_answers(state.question, run)))
        _write_command(self, "report", f"runbook-exec runs report {run}")
        if not self.tty:
            self.write_line(f"  journal  {escape_unprintable(journal)}")


def _write_command(writer: TerminalWriter, label: str, command: str) -> None:
    """Write a command to type next; on a narrow terminal it is below its label, in one piece."""
    fits = not writer.tty or len(command) + 11 < writer.full_width
    writer.write_line(f"  {writer.paint(label, 'dim')}   {command}" if fits else f"  {label}\n  {command}")


def _find_item(plan: Plan, step: int, block: int, statement: int) -> PlanItem | None:
    where = ItemId(step, block, statement)
    at = bisect_left(plan.items, where, key=attrgetter("where"))
    item = plan.items[at] if at < len(plan.items) else None
    return item if item is not None and item.where == where else None


def _first_line(text: str) -> str:
    """Return the first line of a statement, with an ellipsis if it has more."""
    first, _, more = escape_unprintable_code(text).strip().partition("\n")
    return f"{first.removesuffix(chr(92)).rstrip()} …" if more else first
