"""One run put together: the plan, a session, whoever answers, and those who watch."""

from __future__ import annotations

import argparse
import getpass
import os
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path

from .engine import World, run
from .events import Event, RunEnded, StatementFinished
from .journal import Journal, JournalError, state_folder
from .keyboard import Keyboard
from .plan import Plan
from .questions import Ask
from .session import Session, ShellMissing
from .sources import sources
from .state import State, after
from .terminal import Terminal
from .unattended import saying_yes, unattended

_INSTALL = {
    "fish": "`apt install fish`, `brew install fish` or https://fishshell.com",
    "zsh": "`apt install zsh` or `brew install zsh`",
    "bash": "`apt install bash` or `brew install bash`",
    "sh": "any package that has a POSIX shell, such as `apt install dash`",
}


def run_plan(
    plan: Plan, arguments: argparse.Namespace, attended: bool, replan: Callable[[], Plan | Sequence[str]]
) -> str:
    """Run a plan and return the outcome: an event's, or "refused" where it could not begin."""
    shell = plan.procedure.shell
    if any(item.statement for item in plan.items) and shutil.which(shell) is None:
        print(
            f"{plan.runbook.path} runs in {shell}, which is not on PATH; get it with {_INSTALL[shell]}",
            file=sys.stderr,
        )
        return "refused"
    cwd = str(Path(plan.cwd).expanduser()) if plan.cwd else None
    if cwd and not Path(cwd).is_dir():
        print(f"cannot start in `{cwd}`: no such folder", file=sys.stderr)
        return "refused"
    colour = not os.environ.get("NO_COLOR")
    # with --json our own words go where they are in nobody's way
    terminal = Terminal(
        plan,
        2 if arguments.json else 1,
        tty=attended,
        colour=colour,
        width=lambda: shutil.get_terminal_size().columns,
    )
    identity, started = secrets.token_hex(4), _now()
    with ExitStack() as stack:
        try:
            journal = Journal(state_folder(dict(os.environ)), identity, started)
        except JournalError as error:
            print(error, file=sys.stderr)
            return "refused"
        stack.callback(journal.close)
        keyboard = Keyboard(0, 1) if attended else None
        try:
            session = stack.enter_context(
                Session(shell or "sh", clean=arguments.no_config, cwd=cwd, keyboard=keyboard)
            )
        except ShellMissing as missing:
            print(f"{missing.name} is not on PATH", file=sys.stderr)
            return "refused"
        ask = _ask(arguments, attended, terminal, colour, replan)
        world = World(
            run=identity,
            now=_now,
            clock=time.monotonic,
            place=f"{getpass.getuser()}@{socket.gethostname()}",
            source=sources(
                plan.inputs,
                os.environ,
                Path(plan.runbook.path).parent,
                datetime.now,
                lambda command: terminal.say(f"  asking `{command}` for a value"),
                attended,
            ),
            quiet=terminal.quiet,
            echo=terminal.echo,
        )
        if not arguments.json:
            terminal.header(_facts(plan))
        events = run(plan, State(), session, ask, world)
        return _watch(events, journal, terminal, identity, arguments.json, attended)


def _ask(
    arguments: argparse.Namespace,
    attended: bool,
    terminal: Terminal,
    colour: bool,
    replan: Callable[[], Plan | Sequence[str]],
) -> Ask:
    if not attended:
        return unattended(arguments.yes, arguments.confirmed)
    from .person import person

    ask = person(terminal, colour, replan)
    return saying_yes(ask) if arguments.yes else ask


def _watch(
    events: Generator[Event],
    journal: Journal,
    terminal: Terminal,
    identity: str,
    as_json: bool,
    attended: bool,
) -> str:
    """Write each event down, then show it, and only then ask for the next."""
    state = State()
    ended: RunEnded | None = None
    interrupted = False
    while ended is None:
        try:
            event = next(events) if not interrupted else _interrupt(events)
            interrupted = False
            # a person may take long to answer: what has ended is on the disk before they are asked
            line = journal.append(event, durable=attended and isinstance(event, StatementFinished))
            state = after(state, event)
            if as_json:
                print(line, flush=True)
            elif isinstance(event, RunEnded):
                terminal.summary(state, event, identity, str(journal.path))
            else:
                terminal.show(event)
            ended = event if isinstance(event, RunEnded) else None
        except KeyboardInterrupt:
            if interrupted:
                raise
            interrupted = True
        except JournalError as error:
            terminal.say(f"{error}; the run has stopped before the next statement")
            return "failed"
        except StopIteration:
            break
    if ended is None:
        return "stopped"
    if ended.outcome == "waiting" and as_json:
        print(ended.reason, file=sys.stderr)
    return ended.outcome


def _interrupt(events: Generator[Event]) -> Event:
    return events.throw(KeyboardInterrupt())


def _facts(plan: Plan) -> list[str]:
    steps = len(plan.procedure.steps)
    statements = sum(1 for item in plan.items if item.statement)
    names = {p.name for item in plan.items for p in item.placeholders} - set(plan.given)
    captured = {capture.name for _, capture in plan.captures}
    facts = [f"{steps} step{'s' * (steps != 1)}", f"{statements} statement{'s' * (statements != 1)}"]
    asked = len(
        names
        - captured
        - {n for n, known in plan.inputs.items() if known.source or known.default is not None}
    )
    if asked:
        facts.append(f"{asked} value{'s' * (asked != 1)} asked on the way")
    facts.append(f"in {plan.procedure.shell}")
    reviewed = plan.runbook.front_matter.get("last-reviewed")
    if isinstance(reviewed, date) and not isinstance(reviewed, datetime):
        days = (date.today() - reviewed).days
        facts.append("reviewed today" if days == 0 else f"reviewed {days} day{'s' * (days != 1)} ago")
    return facts


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
