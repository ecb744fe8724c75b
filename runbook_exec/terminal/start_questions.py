"""Asks a person, before a run starts, about another run of the same page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ..engine.events import Outcome, RunStarted
from ..engine.state import next_item
from ..text.ansi import escape_unprintable
from ..text.display import wrap
from ..text.moments import format_elapsed
from .prompts import ask_key

if TYPE_CHECKING:
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
        place = f" {verb} step {step} of {len(record.plan.procedure.steps)} ({stop.step.title})"
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
        key = ask_key({**keys, "q": ("q", "quit")}, "›", width, colour)
    except EOFError:
        raise KeyboardInterrupt from None
    if key == "q":
        raise KeyboardInterrupt
    return key
