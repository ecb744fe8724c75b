"""A run as people see it: where it is, what runs, how it ended. Observes events and changes nothing."""

from __future__ import annotations

import errno
import os
import select
from bisect import bisect_left
from collections.abc import Callable, Sequence
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from ..diagnostics.excerpt import format_excerpt
from ..document.model import Block, Prose, Step
from ..engine.events import Answered, Captured, Event, Output, RunEnded, StatementFinished, StatementStarted
from ..engine.state import State, next_item
from ..plan.model import ItemId, Plan, PlanItem
from ..system.tty import ScreenModes
from ..text.ansi import show_controls
from ..text.display import clip, count_columns, fold, pad, wrap
from ..text.durations import format_duration
from ..text.span import Span
from .markdown import render_markdown

_NARROWEST, _WIDEST = 24, 100  # columns; longer lines of prose are hard to read

_MUCH = 6  # lines of output after which the heading of a step is said again

_NOTES = 30  # columns that the notes of a summary ask for; longer ones are folded

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}

_COLOURS = {"red", "green", "yellow", "cyan"}

_MARKS = {"ok": "✓", "failed": "✗", "skipped": "–"}

_MARK_COLOURS = {"✓": "green", "✗": "red"}


class TerminalReporter:
    """Writes to one descriptor; `tty` says that a person looks on, `colour` that colours are welcome."""

    def __init__(self, plan: Plan, fd: int, *, tty: bool, colour: bool, width: Callable[[], int]) -> None:
        self.plan = plan
        self._fd = fd
        self._tty = tty
        self._colour = colour
        self._width = width
        self._modes = ScreenModes()
        self._at_line_start = True
        self._ticking = ""
        self._presented: ItemId | None = None
        self._step: int | None = None
        self._told: set[int] = set()  # offsets of the prose that was shown
        self._passed = 0  # lines that programs have printed since the last heading
        self._captured: dict[int, list[str]] = {}
        self._caught: list[str] = []  # what is to be said of captures once the statement has ended
        self._text = ""

    # writing ---------------------------------------------------------------------------------------------

    @property
    def width(self) -> int:
        """Columns to write prose in."""
        return max(_NARROWEST, min(self._width(), _WIDEST))

    def paint(self, text: str, *styles: str) -> str:
        """Text in a style, where the terminal takes one."""
        codes = [_STYLES[s] for s in styles if self._tty and (self._colour or s not in _COLOURS)]
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if codes and text else text

    def write_line(self, text: str = "") -> None:
        """Write lines of ours."""
        self._clear_elapsed()
        if not self._at_line_start:
            self._write(b"\n")
        self._write((text + "\n").encode("utf-8", "replace"))
        self._at_line_start = True

    def write_wrapped(self, text: str, *styles: str, indent: int = 2) -> None:
        """Write a sentence of ours, set in and folded to the width."""
        for line in wrap(text, self.width - indent - 2):
            self.write_line(" " * indent + self.paint(line, *styles))

    def write_code(self, text: str, *styles: str, indent: int = 5) -> None:
        """Write code, set in; only what does not fit into the terminal is folded."""
        for line in fold(text, max(_NARROWEST, self._width()) - indent - 2):
            self.write_line((" " * indent + self.paint(line, *styles)).rstrip())

    def _sides(self, left: str, right: str, *styles: str, lead: str = "") -> None:
        """A line with a text at each of its ends; the left one gives way. `lead` is already painted."""
        room = self.width - 2 - count_columns(right)
        self.write_line(
            lead + self.paint(pad(clip(left, room - 2), room), *styles) + self.paint(right, "dim")
        )

    def _write(self, data: bytes) -> None:
        try:
            while data:
                try:
                    data = data[os.write(self._fd, data) :]
                except BlockingIOError:  # another program on this terminal has made it so
                    select.select([], [self._fd], [])
        except OSError as error:
            if not self._tty or error.errno != errno.EIO:
                raise
            # the terminal is gone and nobody looks on: the run goes on to where it asks, or is told to end

    def echo(self, data: bytes) -> None:
        """Pass on what a program printed, byte for byte."""
        if not data:
            return
        self._clear_elapsed()
        if self._tty:
            self._modes.follow(data)
            self._passed += data.count(b"\n")
        self._write(data)
        self._at_line_start = data.endswith(b"\n")

    def show_elapsed(self, seconds: float) -> None:
        """Tell how long a silent statement has been running, on a line that is taken back.

        Where the cursor stands in a line, a program may be asking or counting: that line is left alone.
        """
        if not self._tty or not self._at_line_start or self._modes.in_alternate_screen or seconds < 2:
            return
        took = f"{int(seconds)} s" if seconds < 60 else format_duration(int(seconds))
        told = f"  … {took}, ^C interrupts"
        if told != self._ticking:
            self._ticking = told
            # the cursor stays where the program left it
            self._write(f"\r{self.paint(told, 'dim')}\x1b[K\r".encode())

    def _clear_elapsed(self) -> None:
        if self._ticking:
            self._ticking = ""
            self._write(b"\r\x1b[K")

    # before statements -----------------------------------------------------------------------------------

    def show_header(self, facts: Sequence[str]) -> None:
        """What is about to be run."""
        runbook = self.plan.runbook
        title = runbook.title
        if not self._tty:
            self.write_line(f"{title} ({runbook.path}): {' · '.join(facts)}")
            return
        path = _short(runbook.path)
        self.write_line()
        if count_columns(title) + count_columns(path) + 6 <= self.width:
            self._sides(f"  {title}", path, "bold")
        else:
            self.write_wrapped(title, "bold")
            self.write_line("  " + self.paint(path, "dim"))
        self.write_wrapped(" · ".join(fact.replace(" ", "\xa0") for fact in facts))
        self.write_line("  " + self.paint("─" * (self.width - 4), "dim"))
        for prose in self.plan.procedure.prose:
            self._prose(prose)

    def show_statement(self, item: PlanItem, text: str) -> None:
        """A statement about to run, in its step, with the document's own words around it; once."""
        if self._presented == item.where and self._text == text:
            return
        changed = self._presented == item.where
        self._presented, self._text = item.where, text
        self._show_heading(item)
        if not self._tty:
            self.write_line(
                "\n".join(f"$ {line}" if n == 0 else f"  {line}" for n, line in enumerate(text.split("\n")))
            )
            return
        parts = item.step.parts
        here = parts.index(item.block) if item.block in parts else len(parts)
        if not changed:
            for part in parts[:here]:
                self._part(part)
        if text:
            self.write_line()
            self.write_code(text, "bold")
        # what stands between two blocks belongs to the next; what follows the last one is said with it
        rest = parts[here + 1 :]
        if not changed and not any(isinstance(part, Block) and part.runs for part in rest):
            for part in rest:
                self._part(part)

    def show_manual_step(self, item: PlanItem) -> None:
        """A step, or a block of one, that a person does."""
        if self._presented == item.where:
            return
        self._presented = item.where
        self._show_heading(item)
        if self._tty:
            if item.block is None:
                for part in item.step.parts:
                    self._part(part)
            else:
                for part in item.step.parts[: item.step.parts.index(item.block)]:
                    self._part(part)
                self.write_line()
                self.write_code(item.block.code.rstrip("\n"), "bold")
        self._told |= {part.span.start for part in item.step.parts}

    def reset_statement(self) -> None:
        """Have the statement shown again when it is next asked about: much may have been printed since."""
        self._presented = self._step = None

    def _show_heading(self, item: PlanItem) -> None:
        if self._step == item.where.step and not (self._tty and self._passed >= _MUCH):
            return
        self._step, self._passed = item.where.step, 0
        place = f"{item.where.step}/{len(self.plan.procedure.steps)}"
        line = f"line {item.line}"
        self.write_line()
        if not self._tty:
            self.write_line(f"{place}  {format_title(item.step)}  ({line})")
            return
        title = clip(format_title(item.step), self.width - count_columns(place) - count_columns(line) - 8)
        room = self.width - count_columns(place) - count_columns(line) - 6
        lead = (
            f"  {self.paint(place, 'cyan')}  {self.paint(title, 'bold')}{' ' * (room - count_columns(title))}"
        )
        self.write_line(lead + self.paint(line, "dim"))

    def _part(self, part: Prose | Block) -> None:
        if part.span.start in self._told:
            return
        self._told.add(part.span.start)
        if isinstance(part, Prose):
            self._prose(part)
        elif not part.runs:
            self.write_line()
            self.write_code(part.code.rstrip("\n"), "dim")
            self.write_line("     " + self.paint(f"(not run: {part.why_not})", "dim"))

    def _prose(self, prose: Prose) -> None:
        for line in render_markdown(prose.text, self.width - 10, self._colour):
            self.write_line("     " + line if line else "")

    # events ----------------------------------------------------------------------------------------------

    def show_event(self, event: Event) -> None:
        """Tell what has happened."""
        match event:
            case StatementStarted():
                item = self._item(event.step, event.block, event.statement)
                if item is not None:
                    self.show_statement(item, event.text)
                    if self._tty:
                        self.write_line()
            case Output():
                self.echo(event.text.encode("utf-8", "surrogateescape"))
            case StatementFinished():
                self._show_finish(event)
            case Captured():
                what = f"secret, {event.length} characters" if event.secret else f"`{event.value}`"
                self._captured.setdefault(event.step, []).append(event.name)
                self._caught.append(f"     captured <{event.name}> ({what})")
            case Answered(answer="done" | "skip"):
                self._show_answer(event)
            case _:
                pass

    def _show_answer(self, event: Answered) -> None:
        done = event.answer == "done"
        if (item := self._item(event.step, event.block, event.statement)) is not None:
            self._show_heading(item)
        mark = self.paint("✓", "green") if done else "–"
        self.write_line()
        self.write_line(f"  {mark}  {'done' if done else 'skipped'}{': ' + event.note if event.note else ''}")

    def _show_finish(self, event: StatementFinished) -> None:
        self._clear_elapsed()
        if self._tty:
            self._write(self._modes.restore())
        took = format_duration(event.duration)
        if event.problem:
            self._show_failure(event, took)
        elif event.statement and self._tty:
            lead = f"  {self.paint('✓', 'green')}  "
            room = self.width - count_columns(took) - 9
            text = self.paint(pad(clip(_first_line(self._text), room), room), "dim")
            self.write_line(f"{lead}{text}  {self.paint(took, 'dim')}")
        elif event.statement:
            self.write_line(f"  ✓  {took}")
        for line in self._caught:
            self.write_line(self.paint(line, "dim"))
        self._caught.clear()

    def _show_failure(self, event: StatementFinished, took: str) -> None:
        item = self._item(event.step, event.block, event.statement)
        cross = self.paint("✗", "red", "bold")
        if item is None or item.statement is None:
            self.write_line(f"  {cross}  {event.problem} · {took}")
            return
        runbook = self.plan.runbook
        first = "interrupted" if event.problem == "exited 130" else event.problem.split("\n")[0]
        place = f"{item.where.step}/{len(self.plan.procedure.steps)}  {format_title(item.step)}"
        told = f"{first} after {took}"
        room = self.width - count_columns(told) - 10
        if self._tty and room > 10:
            place = clip(place, room)
        if self._tty:
            self.write_line()
        self.write_line(f"  {cross}  {place} · {self.paint(told, 'bold')}")
        self.write_line(f"     {_short(runbook.path) if self._tty else runbook.path}:{item.line}")
        self.write_line()
        note = f"{first}; the run has stopped here" if self._tty else first
        for line in self._excerpt(item.statement.span, note):
            self.write_line("   " + line)

    def _excerpt(self, span: Span, note: str) -> list[str]:
        text = self.plan.runbook.text
        lines = format_excerpt(text, span, note).split("\n")
        room = max(_NARROWEST, self._width()) - 5
        if not self._tty or all(count_columns(line) <= room for line in lines):
            return lines
        # too long for one line: a terminal would wrap it and leave the carets under something else
        code, carets = format_excerpt(text, span).split("\n")
        gutter = carets.partition("│")[0]
        return [clip(code, room), clip(carets, room), *(f"{gutter}│ {part}" for part in wrap(note, room - 8))]

    def _item(self, step: int, block: int, statement: int) -> PlanItem | None:
        where = ItemId(step, block, statement)
        at = bisect_left(self.plan.items, where, key=attrgetter("where"))
        item = self.plan.items[at] if at < len(self.plan.items) else None
        return item if item is not None and item.where == where else None

    # the end ---------------------------------------------------------------------------------------------

    def show_summary(self, state: State, ended: RunEnded, run: str, journal: str | None) -> None:
        """Every step, what became of it, and how to see the run again."""
        self.write_line()
        self.write_line(f"  {self.paint(self._outcome(state, ended), 'bold')}")
        # why a statement failed has been told where it did
        untold = ended.outcome == "failed" and "failed" not in state.done.values()
        if ended.reason and (ended.outcome == "waiting" or untold):
            self.write_wrapped(ended.reason)
        self.write_line()
        rows = [self._row(step, state) for step in self.plan.procedure.steps]
        times = max((count_columns(row.time) for row in rows), default=0)
        noted = min(max((count_columns(row.notes) for row in rows), default=0), _NOTES)
        titles = min(
            max((count_columns(row.title) for row in rows), default=0), self.width - times - noted - 17
        )
        for row in rows:
            title = pad(clip(row.title, titles), titles)
            mark = self.paint(row.mark, _MARK_COLOURS.get(row.mark, "dim"))
            line = f"  {row.label:>3}  {title}  {mark}  {row.time:>{times}}"
            first, *more = wrap(row.notes, self.width - titles - times - 15)
            self.write_line(f"{line}   {first}".rstrip())
            for note in more:
                self.write_line(" " * (titles + times + 13) + note)
        self.write_line()
        if journal:
            self.write_line(f"  {self.paint('run', 'dim')}      {run}")
            self.write_line(f"  {self.paint('journal', 'dim')}  {_short(journal) if self._tty else journal}")

    def _outcome(self, state: State, ended: RunEnded) -> str:
        """In a sentence, how the run ended and where."""
        if ended.outcome in ("succeeded", "waiting"):
            return {
                "succeeded": "Done.",
                "waiting": "Waiting for a person.  Nothing after this was run.",
            }[ended.outcome]
        stop = next_item(self.plan, state)
        at = stop.where.step if stop else max((where.step for where in state.done), default=1)
        of = f"step {at} of {len(self.plan.procedure.steps)}"
        if not state.done and state.doubt is None:
            return "Stopped before anything was run."
        if state.doubt is None and not any(where.step == at for where in state.done):
            return f"Stopped before {of}.  Nothing from there on was run."
        return f"Stopped at {of}.  Nothing after it was run."

    def _row(self, step: Step, state: State) -> _Row:
        """What became of a step."""
        parts = {where: how for where, how in state.done.items() if where.step == step.number}
        hows = list(parts.values())
        items = [item for item in self.plan.items if item.where.step == step.number]
        left = state.outcome != "succeeded" and any(item.where not in parts for item in items)
        how = next((h for h in ("failed", "ok", "skipped") if h in hows), "")
        last = step.number == max((where.step for where in state.done), default=0)
        took = [seconds for where, seconds in state.durations.items() if where.step == step.number]
        notes = [
            f"exit {state.statuses[where]}"
            for where, h in parts.items()
            if h == "failed" and state.statuses.get(where)
        ]
        notes += [f"captured <{name}>" for name in self._captured.get(step.number, ())]
        skipped = sum(each == "skipped" for each in hows)
        if skipped:
            notes.append("skipped" if skipped == len(hows) else f"{skipped} of {len(hows)} skipped")
        if not items:
            notes.append("not asked for")
        return _Row(
            step.label,
            step.title,
            "…" if how == "ok" and left and last else _MARKS.get(how, "–"),
            format_duration(sum(took)) if took else ("by hand" if how == "ok" and step.manual else ""),
            ", ".join(notes),
        )


class _Row(NamedTuple):
    """A line of the summary."""

    label: str
    title: str
    mark: str
    time: str
    notes: str


def format_title(step: Step) -> str:
    """A step's title, with its number in the document where that is not its place in the procedure."""
    return step.title if step.label == str(step.number) else f"{step.label}. {step.title}"


def _first_line(text: str) -> str:
    """The first line of a statement, and a sign that there are more."""
    first, _, more = show_controls(text).strip().partition("\n")
    return f"{first.removesuffix(chr(92)).rstrip()} …" if more else first


def _short(path: str) -> str:
    """The path as people would write it here: below the working directory, or below home."""
    absolute = Path(path).absolute()
    for folder, lead in ((Path.cwd(), ""), (Path.home(), "~/")):
        if absolute.is_relative_to(folder):
            return lead + str(absolute.relative_to(folder))
    return path
