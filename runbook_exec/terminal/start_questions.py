"""Asks a person, before a run starts, about another run of the same page."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ..engine.events import Outcome, RunStarted
from ..engine.state import next_item
from ..plan.builder import items_of
from ..text.ansi import escape_unprintable
from ..text.display import clip, count_columns, pad, wrap
from ..text.moments import format_elapsed
from .key_line import Piece
from .keys import KEYS
from .prompts import ask_key, ask_row
from .step_view import format_place

_TITLE = 44  # columns of a procedure's title, at most

if TYPE_CHECKING:
    from ..document.model import Runbook
    from ..runs.record import Record


def confirm_resume(record: Record, ignored: Sequence[str], width: int, colour: bool) -> bool:
    """Ask a person whether to resume a page's unfinished run; False means a new run.

    `ignored` are the options of the command line that a resumed run does not take. Raises KeyboardInterrupt
    if the person wants neither.
    """
    sentences = [f"{describe_unfinished_run(record, datetime.now().astimezone())}."]
    if ignored:
        sentences.append(f"Resuming it ignores `{' '.join(ignored)}`.")
    return _ask(sentences, {"r": ("r", "resume it"), "n": ("n", "a new run")}, width, colour) == "r"


def confirm_second_run(started: RunStarted, width: int, colour: bool) -> None:
    """Report a run of the page that is in progress, and ask a person whether to start another.

    Raises KeyboardInterrupt if the person does not want another.
    """
    sentences = [
        f"{describe_running_run(started, datetime.now().astimezone())}.",
        "Continue there, or wait until it has ended.",
    ]
    _ask(sentences, {"n": ("n", "start another run")}, width, colour)


def choose_procedure(runbook: Runbook, width: int, colour: bool) -> str:
    """Ask a person which procedure of a page to run, and return its anchor; dangerous ones come last.

    "" is the whole page, which is offered if nothing in it is dangerous. Raises KeyboardInterrupt if the
    person picks none.
    """
    procedures = sorted(runbook.procedures, key=lambda procedure: procedure.dangerous)
    counts = [sum(1 for item in items_of(each) if item.statement) for each in procedures]
    choices = [(each.anchor, each.title, f"line {each.span.line}", each.dangerous) for each in procedures]
    if runbook.is_sequence:
        choices.append(("", "All of it, in order", "", False))
        counts.append(sum(counts))
    room = min(
        _TITLE, max(count_columns(escape_unprintable(title)) for _, title, _, _ in choices), width - 34
    )
    rows: list[list[Piece]] = []
    for (_, title, place, dangerous), count in zip(choices, counts, strict=True):
        facts = f"{place:<10} {count} statement{'s' * (count != 1)}"
        name = pad(clip(escape_unprintable(title), room), room)
        rows.append([("bold", name), ("", f"   {facts}"), ("fg:ansiyellow", "  not routine" * dangerous)])
    number = f"{len(procedures)} procedure{'s' * (len(procedures) != 1)}"
    why = f" It does not run by itself: {runbook.why_none}." if runbook.why_none else ""
    about = "\n".join(f"  {line}" for line in wrap(f"{runbook.path} has {number}.{why}", width - 4))
    above = [("", "\n  "), ("bold", runbook.title), ("", f"\n{about}")]
    try:
        picked = ask_row(above, rows, {"q": KEYS["q"]}, colour)
    except EOFError:
        raise KeyboardInterrupt from None
    if isinstance(picked, str):
        raise KeyboardInterrupt
    return choices[picked][0]


def confirm_action(what: str, width: int) -> bool:
    """Ask a person to agree to something, and return whether they do."""
    try:
        return ask_key({"y": ("y", what), "q": KEYS["q"]}, "›", not os.environ.get("NO_COLOR")) == "y"
    except (KeyboardInterrupt, EOFError):
        return False


def describe_unfinished_run(record: Record, now: datetime) -> str:
    """Return which run it is, how it ended, where, and when."""
    started, state = record.started, record.state
    stop = next_item(record.plan, state) if record.plan else None
    step = stop.where.step if stop else 0
    begun = state.doubt is not None or any(where.step == step for where in state.done)
    how = {
        Outcome.FAILED.value: "failed",
        Outcome.STOPPED.value: "was stopped",
        Outcome.WAITING.value: "waits for a person",
    }.get(record.outcome, "was killed")
    place = ""
    if stop and record.plan:
        verb = "at" if how in ("failed", "waits for a person") else "in" if begun else "before"
        place = f" {verb} {format_place(record.plan, step)}, “{stop.step.title}”"
    name = f"{started.run} of “{started.procedure}” ({started.path}#{started.anchor})"
    return f"The last run, {name}, {how}{place}, {format_elapsed(record.last, now)}"


def describe_running_run(started: RunStarted, now: datetime) -> str:
    """Return which run is in progress, since when, and where."""
    since = datetime.fromisoformat(started.time)
    clock = since.astimezone(now.tzinfo).strftime("%H:%M")
    where = [f"by {started.place}"]
    where += [f"at {started.terminal}"] if started.terminal else []
    where += [f"in process {started.pid}"] if started.pid else []
    name = f"run {started.run} of “{started.procedure}”"
    return (
        f"This page is being run already: {name}, since {clock} ({format_elapsed(since, now)}), "
        f"{', '.join(where)}"
    )


def _ask(sentences: Sequence[str], keys: dict[str, tuple[str, str]], width: int, colour: bool) -> str:
    """Print sentences and return the key that a person types; raises KeyboardInterrupt for quit."""
    print()
    for sentence in sentences:
        print("\n".join(f"  {line}" for line in wrap(escape_unprintable(sentence), width - 4)))
    try:
        key = ask_key({**keys, "q": ("q", "quit")}, "›", colour)
    except EOFError:
        raise KeyboardInterrupt from None
    if key == "q":
        raise KeyboardInterrupt
    return key
