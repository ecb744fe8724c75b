"""A run as people see it: where it is, what runs, how it ended. Observes events and changes nothing."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable, Sequence

from .durations import format_duration
from .events import Answered, Captured, Event, Output, RunEnded, StatementFinished, StatementStarted
from .excerpts import excerpt
from .keyboard import ScreenModes
from .model import Block, Prose, Step
from .plan import Item, Plan, Where
from .state import State

_WIDEST = 100  # columns; longer lines are hard to read
_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_COLOURS = {"red", "green", "yellow", "cyan"}
_MARKS = {"ok": "✓", "failed": "✗", "skipped": "–"}


class Terminal:
    """Writes to one descriptor; `tty` says that a person looks on, `colour` that colours are welcome."""

    def __init__(self, plan: Plan, fd: int, *, tty: bool, colour: bool, width: Callable[[], int]) -> None:
        self.plan = plan
        self._fd = fd
        self._tty = tty
        self._colour = colour
        self._width = width
        self._modes = ScreenModes()
        self._at_line_start = True
        self._ticking = False
        self._presented: Where | None = None
        self._step: int | None = None
        self._told: set[int] = set()  # offsets of the prose that was shown
        self._printed = False
        self._captured: dict[int, list[str]] = {}
        self._text = ""

    # writing ---------------------------------------------------------------------------------------------

    @property
    def width(self) -> int:
        """Columns to write in."""
        return max(40, min(self._width(), _WIDEST))

    def paint(self, text: str, *styles: str) -> str:
        """Text in a style, where the terminal takes one."""
        codes = [_STYLES[s] for s in styles if self._tty and (self._colour or s not in _COLOURS)]
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if codes and text else text

    def say(self, text: str = "") -> None:
        """Write lines of ours."""
        self._still()
        if not self._at_line_start:
            self._write(b"\n")
        self._write((text + "\n").encode("utf-8", "replace"))
        self._at_line_start = True

    def wrapped(self, text: str, *styles: str, indent: int = 2) -> None:
        """Write a sentence of ours, set in and folded to the width."""
        for line in textwrap.wrap(text, self.width - indent - 2, break_on_hyphens=False):
            self.say(" " * indent + self.paint(line, *styles))

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._fd, data) :]

    def echo(self, data: bytes) -> None:
        """Pass on what a program printed, byte for byte."""
        if not data:
            return
        self._still()
        if self._tty:
            self._modes.follow(data)
        self._write(data)
        self._at_line_start = data.endswith((b"\n", b"\r"))

    def quiet(self, seconds: float) -> None:
        """Tell how long a silent statement has been running, on a line that is taken back."""
        if self._tty and self._at_line_start and not self._modes.elsewhere and seconds >= 1:
            self._ticking = True
            told = self.paint(f"  … {seconds:.0f} s", "dim")
            self._write(f"\r{told}\x1b[K".encode())

    def _still(self) -> None:
        if self._ticking:
            self._ticking = False
            self._write(b"\r\x1b[K")

    # before statements -----------------------------------------------------------------------------------

    def header(self, facts: Sequence[str]) -> None:
        """What is about to be run."""
        runbook = self.plan.runbook
        title = runbook.title
        if not self._tty:
            self.say(f"{title} ({runbook.path}): {' · '.join(facts)}")
            return
        room = self.width - len(title) - 4
        path = runbook.path if len(runbook.path) <= room - 2 else ""
        self.say()
        self.say("  " + self.paint(title, "bold") + " " * max(2, room - len(path)) + self.paint(path, "dim"))
        if not path:
            self.say("  " + self.paint(runbook.path, "dim"))
        self.wrapped(" · ".join(fact.replace(" ", "\xa0") for fact in facts))
        self.say("  " + self.paint("─" * (self.width - 4), "dim"))
        for prose in self.plan.procedure.prose:
            self._prose(prose)

    def present(self, item: Item, text: str) -> None:
        """A statement about to run, in its step, with the document's own words around it; once."""
        if self._presented == item.where and self._text == text:
            return
        changed = self._presented == item.where
        self._presented, self._text = item.where, text
        self._heading(item)
        if not self._tty:
            self.say(
                "\n".join(f"$ {line}" if n == 0 else f"  {line}" for n, line in enumerate(text.split("\n")))
            )
            return
        parts = item.step.parts
        here = parts.index(item.block) if item.block in parts else len(parts)
        if not changed:
            for part in parts[:here]:
                self._part(part)
        self.say()
        if item.statement is None and item.block is not None:
            text = item.block.code.rstrip("\n")
        for line in _folded(text, self.width - 8):
            self.say("     " + self.paint(line, "bold"))
        # what stands between two blocks belongs to the next; what follows the last one is said with it
        rest = parts[here + 1 :]
        if not changed and not any(isinstance(part, Block) and part.runs for part in rest):
            for part in rest:
                self._part(part)

    def manual(self, item: Item) -> None:
        """A step that a person does, in full."""
        if self._presented == item.where:
            return
        self._presented = item.where
        self._heading(item)
        if self._tty:
            for part in item.step.parts:
                self._part(part)
        self._told |= {part.span.start for part in item.step.parts}

    def _heading(self, item: Item) -> None:
        if self._step == item.where.step:
            return
        self._step = item.where.step
        steps = len(self.plan.procedure.steps)
        place = f"{item.where.step}/{steps}"
        line = f"line {item.line}"
        self.say()
        if not self._tty:
            self.say(f"{place}  {item.step.title}  ({line})")
            return
        title = textwrap.shorten(
            item.step.title, max(10, self.width - len(place) - len(line) - 10), placeholder="…"
        )
        gap = self.width - len(place) - len(title) - len(line) - 6
        self.say(
            f"  {self.paint(place, 'cyan')}  {self.paint(title, 'bold')}{' ' * gap}{self.paint(line, 'dim')}"
        )

    def _part(self, part: Prose | Block) -> None:
        if part.span.start in self._told:
            return
        self._told.add(part.span.start)
        if isinstance(part, Prose):
            self._prose(part)
        elif not part.runs:
            self.say()
            for line in _folded(part.code.rstrip("\n"), self.width - 8):
                self.say("     " + self.paint(line, "dim"))
            self.say("     " + self.paint(f"(not run: {part.why_not})", "dim"))

    def _prose(self, prose: Prose) -> None:
        from .rendering import render

        for line in render(prose.text, self.width - 10, self._colour):
            self.say("     " + line if line else "")

    # events ----------------------------------------------------------------------------------------------

    def show(self, event: Event) -> None:
        """Tell what has happened."""
        match event:
            case StatementStarted():
                item = self._item(event.step, event.block, event.statement)
                if item is not None:
                    self.present(item, event.text)
                    self.say() if self._tty else None
                self._printed = False
            case Output():
                self._printed = True
                self.echo(event.text.encode("utf-8", "surrogateescape"))
            case StatementFinished():
                self._finished(event)
            case Captured():
                what = f"secret, {event.length} characters" if event.secret else f"`{event.value}`"
                self._captured.setdefault(event.step, []).append(event.name)
                self.say(self.paint(f"     captured <{event.name}> ({what})", "dim"))
            case Answered(answer="done" | "skip"):
                done = event.answer == "done"
                mark = self.paint("✓", "green") if done else "–"
                self.say()
                self.say(
                    f"  {mark}  {'done' if done else 'skipped'}{': ' + event.note if event.note else ''}"
                )
            case _:
                pass

    def _finished(self, event: StatementFinished) -> None:
        self._still()
        if self._tty:
            self._write(self._modes.restore())
        took = format_duration(event.duration)
        if event.problem:
            self._failure(event, took)
        elif event.statement:
            self.say(f"  {self.paint('✓', 'green')}  {self.paint(took, 'dim')}")

    def _failure(self, event: StatementFinished, took: str) -> None:
        item = self._item(event.step, event.block, event.statement)
        if item is None or item.statement is None:
            self.say(f"  {self.paint('✗', 'red')}  {event.problem} · {took}")
            return
        runbook = self.plan.runbook
        first = event.problem.split("\n")[0]
        self.say(
            f"  {self.paint('✗', 'red', 'bold')}  {item.where.step}/{len(self.plan.procedure.steps)}  "
            f"{titled(item.step)} · {self.paint(first, 'bold')} after {took}"
        )
        self.say(f"     {runbook.path}:{item.line}")
        self.say()
        for line in excerpt(runbook.text, item.statement.span, first).split("\n"):
            self.say("   " + line)

    def _item(self, step: int, block: int, statement: int) -> Item | None:
        where = Where(step, block, statement)
        return next((item for item in self.plan.items if item.where == where), None)

    # the end ---------------------------------------------------------------------------------------------

    def summary(self, state: State, ended: RunEnded, run: str, journal: str | None) -> None:
        """Every step, what became of it, and how to see the run again."""
        steps = self.plan.procedure.steps
        at = max((where.step for where in state.done), default=0)
        said = {
            "succeeded": "Done.",
            "failed": f"Stopped at step {at} of {len(steps)}.  Nothing after it was run.",
            "stopped": f"Stopped at step {max(at, 1)} of {len(steps)}.  Nothing after it was run.",
            "waiting": "Waiting for a person.  Nothing after this was run.",
        }[ended.outcome]
        self.say()
        self.say(f"  {self.paint(said, 'bold')}")
        if ended.outcome == "waiting" or (ended.reason and ended.outcome == "failed" and not state.done):
            self.wrapped(ended.reason)
        self.say()
        chosen = {item.where.step for item in self.plan.items}
        widest = max((len(step.title) for step in steps), default=0)
        room = min(widest, self.width - 34)
        for step in steps:
            parts = {w: how for w, how in state.done.items() if w.step == step.number}
            hows = set(parts.values())
            left = any(item.where.step == step.number and item.where not in parts for item in self.plan.items)
            how = next((h for h in ("failed", "ok", "skipped") if h in hows), "")
            mark = "…" if how == "ok" and left and at == step.number else _MARKS.get(how, "–")
            took = sum(seconds for w, seconds in state.durations.items() if w.step == step.number)
            notes = [
                f"exit {state.statuses[w]}"
                for w, h in parts.items()
                if h == "failed" and state.statuses.get(w)
            ]
            notes += [f"captured {name}" for name in self._captured.get(step.number, ())]
            notes += ["skipped"] if "skipped" in hows else []
            notes += [] if step.number in chosen else ["not asked for"]
            title = textwrap.shorten(step.title, room, placeholder="…")
            colour = {"✓": "green", "✗": "red"}.get(mark, "dim")
            time = format_duration(took) if took else ("by hand" if how == "ok" and step.manual else "")
            line = f"  {step.label:>3}  {title:<{room}}  {self.paint(mark, colour)}  {time:>10}"
            self.say(f"{line}   {', '.join(notes)}".rstrip())
        self.say()
        if journal:
            self.say(f"  {self.paint('run', 'dim')}      {run}")
            self.say(f"  {self.paint('journal', 'dim')}  {journal}")


def titled(step: Step) -> str:
    """A step's title, with its number in the document where that is not its place in the procedure."""
    return step.title if step.label == str(step.number) else f"{step.label}. {step.title}"


def _folded(text: str, width: int) -> list[str]:
    """The lines of a statement, those that are too long folded at spaces and set in."""
    lines: list[str] = []
    for line in text.expandtabs(4).split("\n"):
        bare = line.lstrip(" ")
        indent = " " * (len(line) - len(bare))
        lines += textwrap.wrap(
            bare,
            max(20, width),
            initial_indent=indent,
            subsequent_indent=indent + "  ",
            break_on_hyphens=False,
            replace_whitespace=False,
        ) or [""]
    return lines
