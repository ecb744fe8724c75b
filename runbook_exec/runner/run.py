"""Runs a plan: connects a session, answers and observers to the engine."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..engine.engine import Run, start_run
from ..engine.events import FINISHED, Event, Outcome
from ..engine.ports import RunContext
from ..engine.questions import Answer, Ask, Question
from ..engine.state import State, is_idle
from ..errors import Refused
from ..journal.asciicast import AsciicastWriter
from ..journal.journal import Journal, JournalError
from ..journal.paths import state_folder
from ..journal.secret_store import SecretStore
from ..journal.user_key import UserKey, obtain_user_key
from ..light_classes import replace
from ..plan.endless import list_blocking_statements
from ..plan.model import Plan, Value
from ..plan.resolver import find_available_secrets, make_source
from ..session.background import BackgroundShells
from ..session.inner.holding_session import HoldingSession
from ..system import core_dumps
from ..system.git import read_commit
from ..system.people import name_user
from ..system.screen_size import read_screen_size
from ..system.signals import allow_interrupts
from ..system.streams import OutputStream
from ..system.temporary_folders import remove_dead_folders
from ..system.tty import OperatorTty
from ..terminal.reporter import TerminalReporter
from ..text.timestamps import make_timestamp
from .answers.external import PendingAnswer, check_answer, name_giver
from .answers.live_run import AnsweredElsewhere, LiveRun
from .decisions import make_decide
from .event_delivery import EventDelivery
from .hosts.session_facts import SessionFacts
from .hosts.sessions import RunSessions
from .lost_output import describe_loss, report_lost_output
from .observers import (
    JournalObserver,
    JsonObserver,
    Observer,
    TerminalObserver,
)
from .obstacles import find_obstacle
from .options import RunOptions
from .pause import make_pause
from .run_facts import list_facts
from .run_parts import Instrument, Interactive, RunParts
from .secret_keeping import make_shell_keeper, make_value_keeper, open_secret_store
from .unattended import list_open_questions, make_unattended_ask

if TYPE_CHECKING:
    from ..live.run_channel import RunChannel
    from .resume import UnfinishedRun


def run_plan(
    plan: Plan,
    options: RunOptions,
    interactive: Interactive | None = None,
    past: UnfinishedRun | None = None,
    instrument: Instrument | None = None,
    live: RunChannel | None = None,
) -> Outcome:
    """Run a plan and return the outcome: that of the last event, or REFUSED.

    REFUSED means that the run could not begin. `interactive` makes the answers of a person at the terminal;
    without it no person is asked. With a `past`, that run is resumed. `live` connects a run to the server of
    its terminal.
    """
    core_dumps.forbid_core_dumps()
    remove_dead_folders()
    if (why := find_obstacle(plan)) is not None:
        print(f"error: {why}", file=sys.stderr)
        return Outcome.REFUSED
    attended = interactive is not None
    identity = past.start_event.run if past else options.identity or os.urandom(4).hex()
    # the secrets under the id of a run that somebody else wrote would be those of another run
    keeps = options.keep_secrets and (past is None or past.is_own)
    store = open_secret_store(identity, past.path) if past and keeps else None
    state, resumed = past.make_resumption(plan, store) if past else (State(), None)
    if not attended and (reasons := list_blocking_statements(plan, state.is_ahead)):
        print("\n".join(reasons), file=sys.stderr)
        return Outcome.REFUSED
    if not attended and (waits := list_open_questions(plan, state)):
        print("\n".join(waits), file=sys.stderr)
        return Outcome.WAITING
    terminal = _make_reporter(plan, 2 if options.json and live is None else 1, tty=attended)
    key = obtain_user_key(state_folder(dict(os.environ)))
    try:
        journal = _open_journal(identity, past, key, is_chosen=bool(options.identity))
    except JournalError as error:
        print(f"error: {error}", file=sys.stderr)
        return Outcome.REFUSED
    with closing(journal):
        keyboard = OperatorTty(0, 1) if attended else None
        store = store or (open_secret_store(identity, journal.path) if keeps else None)
        output = OutputStream(1) if options.json and live is None else terminal.stream
        delivery = EventDelivery(
            journal, terminal.stream, terminal.write_line, is_late=not (attended or options.json)
        )
        served = LiveRun(live, _name_place()) if live else None
        facts = (store, past, state, resumed, key, served)
        run = RunParts(identity, plan, options, terminal, output, delivery, keyboard, *facts)
        try:
            outcome, state = _run_in_session(run, interactive, instrument)
        except Refused:
            if past is None:
                _discard_run(journal.path, store)  # the shell could not be started
            raise
        if idle := past is None and is_idle(outcome, state):
            _discard_run(journal.path, store)
        return report_lost_output(output, outcome, "" if idle else identity) if output.failure else outcome


def _make_reporter(plan: Plan, fd: int, *, tty: bool) -> TerminalReporter:
    colour = not os.environ.get("NO_COLOR")
    return TerminalReporter(plan, fd, tty=tty, colour=colour, width=lambda: read_screen_size().columns)


def _run_in_session(
    run: RunParts, interactive: Interactive | None, instrument: Instrument | None
) -> tuple[Outcome, State]:
    """Run the plan in a new session, and return the outcome and the state at the end."""
    plan, options, terminal = run.plan, run.options, run.terminal
    size = run.keyboard.size() if run.keyboard else (24, 80)
    context = _make_context(run)
    make_session: Callable[..., HoldingSession] = instrument.session if instrument else HoldingSession
    with (
        closing(
            AsciicastWriter(run.journal.path.with_suffix(".cast"), size, options.keep_output)
        ) as recording,
        contextlib.ExitStack() as stack,
        closing(BackgroundShells(options.no_config, run.keyboard, context.masker.add)) as backgrounds,
    ):
        context = replace(context, open_shell=backgrounds.open)
        facts = SessionFacts(
            run.identity, plan, options, run.keyboard, context.notice, lambda: started.log.seq
        )
        recorded = instrument is not None
        sessions = RunSessions(
            facts, make_session, context.masker.add, run.delivery, stack, is_recorded=recorded
        )
        if run.live or not options.json:
            known = run.resumption.values if run.resumption else {}
            terminal.show_header(list_facts(plan, known, options.agent))
            if run.resumption:
                terminal.show_recap(run.state, known)
        ask = _make_ask(run, interactive)
        context = instrument.context(context) if instrument else context
        context = replace(context, nesting=sessions.nested, find_end=sessions.find_end)
        started = start_run(plan, run.state, sessions.open_session, ask, context, run.resumption)
        events = instrument.watch(started.execute()) if instrument else started.execute()
        outcome = _observe_run(run, events, started, recording)
        if run.secrets and outcome in FINISHED:
            run.secrets.forget()
        if instrument:
            terminal.write_line(instrument.finish())
        return outcome, started.state


def _discard_run(journal: Path, store: SecretStore | None) -> None:
    """Remove the files of a run in which nothing happened: no one would want to read or resume it."""
    with contextlib.suppress(OSError):
        journal.with_suffix(".cast").unlink(missing_ok=True)
        journal.unlink()
    if store:
        store.forget()


def _open_journal(
    identity: str, past: UnfinishedRun | None, key: UserKey | None, *, is_chosen: bool
) -> Journal:
    """Return the journal of a new run, or that of a past run.

    Raises JournalError if another process has written to it since.
    """
    if past is None:
        folder, began = state_folder(dict(os.environ)), make_timestamp()
        return Journal.create(folder, identity, began, key, is_chosen=is_chosen)
    journal = Journal.reopen(past.path, key)
    if past.is_current():
        return journal
    journal.close()
    raise JournalError(f"run {identity} was resumed by another process meanwhile; nothing was run here")


def _make_context(run: RunParts) -> RunContext:
    plan, terminal = run.plan, run.terminal
    tell = run.delivery.catch_up_before(terminal.write_wrapped)
    commit = read_commit(Path(plan.runbook.path))
    folder = Path(plan.runbook.path).parent
    return RunContext(
        run=run.identity,
        now=make_timestamp,
        clock=time.monotonic,
        place=_name_place(),
        source=_make_source(run, folder),
        on_silence=terminal.show_elapsed,
        echo=terminal.echo,
        folder=str(Path.cwd()),
        commit=commit.id,
        dirty=commit.dirty,
        options=run.options.to_words(),
        pid=os.getpid(),
        find_stop=partial(describe_loss, run.output),
        terminal=run.keyboard.device() if run.keyboard else "",
        socket=run.live.socket if run.live else "",
        agent=run.options.agent,
        keep_secrets=make_value_keeper(run.secrets, tell)
        if run.secrets and run.secrets.takes_values
        else None,
        keep_shell=make_shell_keeper(run.secrets, tell) if run.secrets else None,
        key=run.secrets.key if run.secrets else b"",
        before_wait=run.delivery.catch_up,
        sign=partial(run.key.sign_text, run.identity) if run.key else None,
        pause=run.delivery.catch_up_before(make_pause(terminal.show_wait)),
        notice=run.delivery.catch_up_before(lambda text: terminal.write_wrapped(text, "yellow")),
        decide=make_decide(run.options, _find_pending_answer(run), attended=run.keyboard is not None),
        environment=frozenset(os.environ),
        available_secrets=lambda plan: find_available_secrets(plan, os.environ, folder),
    )


def _make_ask(run: RunParts, interactive: Interactive | None) -> Ask:
    if interactive is None:
        return make_unattended_ask()
    live = run.live
    inner = interactive(run.terminal, live.find_end if live else None)
    device = run.keyboard.device() if run.keyboard else ""
    person = f"{_name_place()} at {device}" if device else _name_place()

    def ask(question: Question) -> Answer:
        run.journal.flush()  # a person may take long to answer
        with allow_interrupts():
            try:
                answer = inner(question)
            except AnsweredElsewhere as elsewhere:
                return elsewhere.answer
        return answer._replace(by=live.find_holder() or person if live else person)

    return ask


def _name_place() -> str:
    return f"{name_user()}@{os.uname().nodename}"


def _find_pending_answer(run: RunParts) -> PendingAnswer | None:
    """Return the answer from elsewhere to the question at which the run has waited."""
    answer, asked = run.options.answer, run.state.question
    if answer is None or asked is None:
        return None
    given = check_answer(answer, asked, run.identity)
    return PendingAnswer(asked, given._replace(by=name_giver(answer.by, _name_place())))


def _make_source(run: RunParts, folder: Path) -> Callable[[str, Plan, Mapping[str, Value]], Value | None]:
    find = make_source(
        os.environ,
        folder,
        datetime.now,
        lambda command: run.terminal.write_line(f"  asking `{command}` for a value"),
        run.keyboard is not None,
    )

    def find_value(name: str, plan: Plan, known: Mapping[str, Value]) -> Value | None:
        run.delivery.catch_up()
        with allow_interrupts():
            return find(name, plan, known)

    return find_value


def _observe_run(
    run: RunParts, events: Generator[Event], started: Run, recording: AsciicastWriter
) -> Outcome:
    """Pass each event to the observers, and return the outcome of the run."""
    terminal = run.terminal
    journal = JournalObserver(run.journal, terminal.write_line)
    displays = _list_displays(run, started, journal)
    try:
        return run.delivery.deliver_all(events, journal, displays, recording)
    except JournalError as error:
        run.delivery.show_waiting()
        terminal.write_line(f"{error}; the run has stopped before the next statement")
        if run.past or started.state.acted:
            terminal.write_line(f"`runbook-exec resume {run.identity}` resumes it once this is fixed")
        return Outcome.FAILED
    finally:
        run.delivery.record_waiting()
        terminal.end_output()


def _list_displays(run: RunParts, started: Run, journal: JournalObserver) -> list[Observer]:
    """Return what shows the events: the terminal, and the output of a program that has started the run."""
    path, resumed, live = str(run.journal.path), run.past is not None, run.live
    shown = TerminalObserver(run.terminal, started, run.identity, path, resumed)
    if live is None:
        return [JsonObserver(journal, run.output) if run.options.json else shown]
    displays: list[Observer] = [live, shown]
    if live.output is not None and run.options.json:
        displays.append(JsonObserver(journal, OutputStream(live.output)))
    elif live.output is not None:
        plain = TerminalReporter(run.plan, live.output, tty=False, colour=False, width=lambda: 80)
        plain.show_header(list_facts(run.plan))
        displays.append(TerminalObserver(plain, started, run.identity, path, resumed))
    return displays
