"""One run put together: the plan, a session, whoever answers, and those who watch."""

from __future__ import annotations

import argparse
import getpass
import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..engine.engine import Run, start_run
from ..engine.events import Event, Outcome, RunEnded, StatementFinished, StatementStarted
from ..engine.ports import RunContext
from ..engine.questions import Answer, Ask, Question
from ..engine.state import State
from ..errors import reason
from ..journal.asciicast import AsciicastWriter
from ..journal.journal import Journal, JournalError
from ..journal.paths import state_folder
from ..journal.secret_store import SecretStore, find_secret_store
from ..plan.model import Plan
from ..plan.resolver import find_available_secrets, make_source
from ..session.session import Session
from ..shells.registry import FALLBACK_SHELL, SHELLS, find_command
from ..system import core_dumps
from ..system.git import read_commit
from ..system.signals import hold_signals
from ..system.tty import OperatorTty
from ..terminal.reporter import TerminalReporter
from ..text.ansi import escape_unprintable
from .unattended import answer_yes, assume_answer, make_unattended_ask

if TYPE_CHECKING:
    from ..rehearsal.recording.recorder import Recorder
    from .resume import UnfinishedRun


def run_plan(
    plan: Plan,
    arguments: argparse.Namespace,
    attended: bool,
    replan: Callable[[], Plan | Sequence[str]],
    past: UnfinishedRun | None = None,
) -> str:
    """Run a plan and return the outcome: an event's, or "refused" where it could not begin.

    With a `past` the run that it is of is taken up.
    """
    core_dumps.forbid_core_dumps()
    if (why := _cannot_begin(plan)) is not None:
        print(why, file=sys.stderr)
        return Outcome.REFUSED
    colour = not os.environ.get("NO_COLOR")
    # with --json our own words go where they are in nobody's way
    terminal = TerminalReporter(
        plan,
        2 if arguments.json else 1,
        tty=attended,
        colour=colour,
        width=lambda: shutil.get_terminal_size().columns,
    )
    identity = past.start_event.run if past else secrets.token_hex(4)
    with ExitStack() as stack:
        try:
            journal = _open_journal(identity, past)
        except JournalError as error:
            print(error, file=sys.stderr)
            return Outcome.REFUSED
        stack.callback(journal.close)
        keyboard = OperatorTty(0, 1) if attended else None
        size = keyboard.size() if keyboard else (24, 80)
        cast = AsciicastWriter(journal.path.with_suffix(".cast"), size, arguments.keep_output)
        stack.callback(cast.close)
        shell = plan.procedure.shell or FALLBACK_SHELL
        cwd = str(Path(plan.cwd).expanduser()) if plan.cwd else None
        recorder = _make_recorder(plan, attended, stack) if arguments.record else None
        kind = recorder.session if recorder else Session
        session = stack.enter_context(kind(shell, clean=arguments.no_config, cwd=cwd, keyboard=keyboard))
        keeper = None if arguments.no_keep_secrets else find_secret_store(identity, os.environ)
        world = _make_context(plan, arguments, attended, identity, terminal, keeper)
        session.hidden_input.on_word = world.masker.add
        if not arguments.json:
            terminal.show_header(_list_facts(plan))
        state, resumed = State(), None
        if past:
            from .resume import make_resumption

            state, resumed = make_resumption(past, plan, keeper)
        ask = _make_ask(arguments, attended, terminal, journal, colour, replan)
        world = recorder.context(world) if recorder else world
        run = start_run(plan, state, session, ask, world, resumed)
        events = recorder.watch(run.execute()) if recorder else run.execute()
        outcome = _watch_events(events, run, journal, cast, terminal, identity, arguments.json)
        if keeper and outcome == Outcome.SUCCEEDED:
            keeper.forget()
        if recorder:
            _write_transcript(recorder, terminal)
        return outcome


def _make_recorder(plan: Plan, attended: bool, stack: ExitStack) -> Recorder:
    from ..rehearsal.recording.recorder import Recorder

    return stack.enter_context(Recorder(plan, attended))


def _write_transcript(recorder: Recorder, terminal: TerminalReporter) -> None:
    try:
        terminal.write_line(f"  recorded in {recorder.write_transcript()}, to be reviewed")
    except OSError as error:
        terminal.write_line(f"  the record cannot be written: {reason(error)}")


def _cannot_begin(plan: Plan) -> str | None:
    """Why the plan cannot be run on this machine."""
    shell = plan.procedure.shell
    if any(item.statement for item in plan.items) and find_command(shell) is None:
        hint = SHELLS[shell].install_hint
        return f"{plan.runbook.path} runs in {shell}, which is not on PATH; get it with {hint}"
    if plan.cwd and not Path(plan.cwd).expanduser().is_dir():
        return f"cannot start in `{plan.cwd}`: no such folder"
    return None


def _open_journal(identity: str, past: UnfinishedRun | None) -> Journal:
    """The journal of a new run, or that of a past one if nobody has written on in it; raises JournalError."""
    if past is None:
        return Journal.create(state_folder(dict(os.environ)), identity, _now())
    from .resume import read_unfinished

    journal = Journal.reopen(past.path)
    if read_unfinished(past.path).seq == past.seq:
        return journal
    journal.close()
    raise JournalError(f"run {identity} was taken up by another process meanwhile; nothing was run here")


def _make_context(
    plan: Plan,
    arguments: argparse.Namespace,
    attended: bool,
    identity: str,
    terminal: TerminalReporter,
    keeper: SecretStore | None,
) -> RunContext:
    commit = read_commit(Path(plan.runbook.path))
    folder = Path(plan.runbook.path).parent
    return RunContext(
        run=identity,
        now=_now,
        clock=time.monotonic,
        place=f"{getpass.getuser()}@{os.uname().nodename}",
        source=make_source(
            os.environ,
            folder,
            datetime.now,
            lambda command: terminal.write_line(f"  asking `{command}` for a value"),
            attended,
        ),
        on_silence=terminal.show_elapsed,
        echo=terminal.echo,
        folder=str(Path.cwd()),
        commit=commit.id,
        dirty=commit.dirty,
        options=repeatable_options(arguments),
        pid=os.getpid(),
        keep_secrets=_make_keep(keeper, terminal) if keeper else None,
        notice=lambda text: terminal.write_wrapped(text, "yellow"),
        available_secrets=lambda plan: find_available_secrets(plan, os.environ, folder),
    )


def _make_keep(
    keeper: SecretStore, terminal: TerminalReporter
) -> Callable[[Mapping[str, str], Iterable[str]], None]:
    def keep(values: Mapping[str, str], seen: Iterable[str]) -> None:
        try:
            keeper.keep(values, seen)
        except OSError as error:
            terminal.write_wrapped(
                f"cannot keep the secrets of this run in `{keeper.path}`: {reason(error)}", "yellow"
            )

    return keep


def repeatable_options(arguments: argparse.Namespace) -> tuple[str, ...]:
    """The options of a run that say what there is to do, as they could be typed again."""
    words: list[str] = []
    for option, value in (
        ("--inputs", arguments.inputs),
        ("--from", arguments.first),
        ("--only", arguments.only),
        ("--shell", arguments.shell),
        ("--cwd", arguments.cwd),
        ("--timeout", arguments.timeout),
    ):
        words += [option, value] if value is not None else []
    for option, values in (
        ("--capture", arguments.capture),
        ("--done", arguments.done),
        ("--confirmed", arguments.confirmed),
    ):
        words += [word for value in values for word in (option, value)]
    words += ["--no-config"] * arguments.no_config + ["--no-keep-secrets"] * arguments.no_keep_secrets
    return tuple(words)


def _make_ask(
    arguments: argparse.Namespace,
    attended: bool,
    terminal: TerminalReporter,
    journal: Journal,
    colour: bool,
    replan: Callable[[], Plan | Sequence[str]],
) -> Ask:
    if attended:
        from ..terminal.interactive import create_asker

        ask = _flush_before_ask(create_asker(terminal, colour, replan), journal)
        ask = answer_yes(ask) if arguments.yes else ask
    else:
        ask = make_unattended_ask(arguments.yes, arguments.confirmed)
    return assume_answer(ask, *arguments.assume) if arguments.assume else ask


def _flush_before_ask(inner: Ask, journal: Journal) -> Ask:
    """Like `inner`, but what has happened is on the disk before a person, who may take long, is asked."""

    def ask(question: Question) -> Answer:
        journal.flush()
        return inner(question)

    return ask


def _watch_events(
    events: Generator[Event],
    run: Run,
    journal: Journal,
    cast: AsciicastWriter,
    terminal: TerminalReporter,
    identity: str,
    as_json: bool,
) -> str:
    """Write each event down, then show it, and only then ask for the next."""
    ended: RunEnded | None = None
    interrupted = running = False
    lost = ""  # why nothing is written down any more
    while ended is None:
        try:
            event = next(events) if not interrupted else _interrupt(events)
            interrupted = False
            line = ""
            # half written down, an event would be neither told nor untold
            with hold_signals():
                try:
                    line = journal.append(event) if not lost else ""
                except JournalError as error:
                    if not running:
                        raise
                    lost = str(error)
                    terminal.write_line(f"{lost}; the run stops when this statement has ended")
                running = isinstance(event, StatementStarted) or (
                    running and not isinstance(event, StatementFinished)
                )
                if wrong := cast.add(event):
                    terminal.write_line(wrong)
            if as_json:
                print(line, end="\n" * bool(line), flush=True)
            elif isinstance(event, RunEnded):
                terminal.show_summary(run.state, event, identity, str(journal.path))
            else:
                terminal.show_event(event)
            if lost and not running:
                raise JournalError(lost)
            ended = event if isinstance(event, RunEnded) else None
        except KeyboardInterrupt:
            if interrupted:
                raise
            interrupted = True
        except JournalError as error:
            terminal.write_line(f"{error}; the run has stopped before the next statement")
            terminal.write_line(f"`runbook-exec resume {identity}` takes it up once that is mended")
            return Outcome.FAILED
        except StopIteration:
            break
    if ended is None:
        return Outcome.STOPPED
    if ended.outcome == Outcome.WAITING and as_json:
        print(escape_unprintable(ended.reason), file=sys.stderr)
    return ended.outcome


def _interrupt(events: Generator[Event]) -> Event:
    return events.throw(KeyboardInterrupt())


def _list_facts(plan: Plan) -> list[str]:
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
