"""Runs a plan as a generator of events. This is the only engine.

It yields "statement started" before the statement starts, and continues only when its listener asks for the
next event. Therefore a journal that writes each event to disk before it asks for the next is write-ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import suppress

from ..light_classes import dataclass
from ..plan.alternatives import decide_choice, find_open_choice, list_choices, list_texts
from ..plan.model import ItemId, Plan, PlanItem
from ..plan.templates import evaluate_when
from ..shells.base import EvaluationError, QuotingError
from .attempts.background import Backgrounds
from .attempts.runner import LEAVES_STATEMENT, AttemptRunner
from .bindings import Bindings
from .dialog import Dialog
from .event_log import EventLog, make_start
from .events import Event, Outcome, RunEnded
from .hosts.resuming import restore_shells, settle_doubt
from .hosts.shell_pool import ShellPool
from .inner.shell_stack import ShellStack
from .ports import KeptShell, OpenShell, Resumption, RunContext, Stop
from .questions import (
    AfterFailure,
    Alternatives,
    Answer,
    Ask,
    BeforeStatement,
    Choice,
    Confirmation,
    ManualStep,
    NewStatement,
)
from .secret_warnings import SecretWarnings
from .shell_io import ShellIO
from .state import ItemStatus, State, describe_undone_steps, next_item


def run(
    plan: Plan,
    state: State,
    open_shell: OpenShell,
    ask: Ask,
    context: RunContext,
    resumption: Resumption | None = None,
) -> Generator[Event]:
    """Run a plan from where `state` is, and yield the events; the last is always RunEnded."""
    return start_run(plan, state, open_shell, ask, context, resumption).execute()


def start_run(
    plan: Plan,
    state: State,
    open_shell: OpenShell,
    ask: Ask,
    context: RunContext,
    resumption: Resumption | None = None,
) -> Run:
    """Return the run of a plan from where `state` is.

    Nothing runs before its events are asked for.
    """
    bindings = Bindings(masker=context.masker, on_value=context.on_value, keeper=context.keep_secrets)
    log = EventLog(context.run, context.now, state, resumption.seq if resumption else 0)
    shell = plan.procedure.shell

    def make_io(host: str) -> ShellIO:
        session = open_shell(host)
        stack = ShellStack(shell, session, None if host else context.nesting)
        kept = KeptShell(host=host)
        return ShellIO(shell, session, context, log, bindings, stack, resumption, host=host, kept=kept)

    shells = ShellPool(make_io)
    dialog = Dialog(plan, ask, context, log, bindings, shells)
    attempts = AttemptRunner(dialog, SecretWarnings(context, bindings), Backgrounds(shells, context))
    return Run(dialog, context, resumption, log, bindings, shells, attempts)


@dataclass(slots=True)
class Run:
    """Executes a run from its first question to its end."""

    dialog: Dialog
    context: RunContext
    resumption: Resumption | None
    log: EventLog
    bindings: Bindings
    shells: ShellPool
    attempts: AttemptRunner
    confirmed: tuple[int, int] | None = None  # the step and the block that were confirmed

    @property
    def state(self) -> State:
        """Return where the run is after its last event."""
        return self.log.state

    def execute(self) -> Generator[Event]:
        """Run to the end. An interrupt between two statements ends the run too."""
        try:
            end = yield from self._execute()
        except KeyboardInterrupt:
            end = Stop(Outcome.STOPPED, "interrupted")
        with suppress(KeyboardInterrupt):
            yield from self.attempts.backgrounds.end_all()
        with suppress(KeyboardInterrupt):
            yield from self.shells.end_shells()
        yield self.log.make_event(
            RunEnded, outcome=end.outcome.value, reason=end.reason, question=end.question
        )

    def _execute(self) -> Generator[Event, None, Stop]:
        """Run to the end; returns how it ended."""
        known = self.resumption.values if self.resumption else {}
        self.dialog.mask_declared()
        given = {**known, **self.dialog.plan.given}
        for secret in (True, False):  # secrets first: public values may hold them
            for name, value in given.items():
                if value.secret is secret:
                    self.bindings.bind_value(name, value)
        yield make_start(self.log, self.dialog.plan, self.context, self.bindings, self.dialog.list_marks())
        item: PlanItem | None = None
        try:
            if self.resumption is not None:
                yield from self._resume(self.resumption)
            yield from self.dialog.ask_ahead()
            while (item := next_item(self.dialog.plan, self.state)) is not None:
                self.dialog.stop_if_told()
                if self.attempts.backgrounds.running:
                    yield from self.attempts.check_backgrounds()
                step = self._run_manual_step if item.statement is None else self._run_statement
                yield from step(item)
        except QuotingError as error:
            return Stop(Outcome.FAILED, _describe_refusal(self.dialog.plan, item, error))
        except Stop as stop:
            return stop
        undone = describe_undone_steps(self.dialog.plan, self.state)
        return Stop(Outcome.PARTIAL if undone else Outcome.SUCCEEDED, undone)

    def _resume(self, past: Resumption) -> Generator[Event]:
        """Settle the statement in doubt, and run the statements again that set the shell up."""
        self.bindings.add_seen_tokens(past.seen_tokens)
        if past.edited:
            yield self.dialog.make_edited()
        items = {item.where: item for item in self.dialog.plan.items}
        unseen: PlanItem | None = None
        if self.state.doubt in items:
            unseen = yield from settle_doubt(self.dialog, past, items[self.state.doubt])
        self.log.state = self.state._replace(doubt=None)
        yield from _act_on_failure(self)
        yield from restore_shells(self.dialog, past, unseen, self.attempts.run_attempts)
        for item in self.dialog.plan.items:
            if item.where in self.state.background:
                yield from self._run_statement(item)  # it was ended with the run

    def _run_manual_step(self, item: PlanItem) -> Generator[Event]:
        if item.where.step in self.dialog.plan.done and item.block is None:
            yield self.dialog.make_answered(item, "manual", "done", "marked done with --done")
        else:
            yield from self.dialog.ask_operator(ManualStep(item), "manual")

    # statements ------------------------------------------------------------------------------------------

    def _run_statement(self, item: PlanItem) -> Generator[Event]:
        """Handle one statement, from the first question about it to its end."""
        when = item.annotation.when
        if when is not None:
            known = {name: value.text for name, value in self.bindings.values.items() if not value.secret}
            if not evaluate_when(when, known, self.context.today()):
                yield self.dialog.make_answered(item, "when", "skip", f"not {when}")
                return
        if item.first:
            self.attempts.block_text = ""
        if inner := self.attempts.find_inner(item):
            if item.where in self.dialog.plan.places.typed:
                yield from inner.ask_typed(item)
                return
            if not (yield from inner.move_to(item)):
                return
        self.attempts.warnings.warn_of_loss(self.dialog.plan, item)
        for ask in self._list_questions(item):
            answer = yield from ask(item)
            if answer is not None and answer.choice in LEAVES_STATEMENT:
                if answer.choice == Choice.RETURN:
                    self.confirmed = None  # for the block as it was reached before
                return  # the caller looks for the next item again
        yield from self.attempts.run_attempts(item)

    def _list_questions(
        self, item: PlanItem
    ) -> Iterator[Callable[[PlanItem], Generator[Event, None, Answer | None]]]:
        """Yield what may have to be asked before a statement runs; each when those before are answered."""
        if any(list_choices(item)):
            yield self._choose_alternative
        if item.where in self.state.unsure:
            yield self._ask_about_new
        if item.placeholders:
            yield self.dialog.fill_placeholders
        if item.statement is not None and "$" in item.statement.text:
            yield self.dialog.fill_variables
        if item.annotation.confirm is not None:
            yield self._confirm_block
        if item.where in self.dialog.plan.warnings:
            yield self._confirm_warnings
        yield self._ask_to_run

    def _choose_alternative(self, item: PlanItem) -> Generator[Event, None, Answer | None]:
        choice = find_open_choice(item, self.state.chosen)
        if choice is None:
            return None
        plan = self.dialog.plan
        number, why = decide_choice(plan, item, choice, self.state.chosen)
        if not number:
            question = Alternatives(item, choice.labels, list_texts(plan, choice), choice.group)
            return (yield from self.dialog.ask_operator(question, "choose"))
        note = f"{choice.labels[number - 1]}, {why}" if choice.group > 0 else why
        yield self.dialog.make_answered(item, "choose", str(number), note, choice.group)
        return Answer(Choice.CHOOSE)

    def _ask_about_new(self, item: PlanItem) -> Generator[Event, None, Answer | None]:
        """Ask about a statement that an edit put before finished ones, or in the place of one."""
        has_run = self.state.done.get(item.where) == ItemStatus.OK
        question = NewStatement(item, self.dialog.shown_text(item), has_run)
        return (yield from self.dialog.ask_operator(question, "new"))

    def _confirm_block(self, item: PlanItem) -> Generator[Event, None, Answer | None]:
        where = (item.where.step, item.where.block)
        if item.annotation.confirm is None or self.confirmed == where:
            return None
        asked = item.annotation.confirm or "run this?"
        answer = yield from self.dialog.ask_operator(
            Confirmation(item, self.dialog.shown_text(item), asked), "confirm"
        )
        if answer.choice not in LEAVES_STATEMENT:
            self.confirmed = where
        return answer

    def _confirm_warnings(self, item: PlanItem) -> Generator[Event, None, Answer | None]:
        """Ask about everything that a person must decide before the statement runs."""
        asking = [each for each in self.dialog.plan.warnings.get(item.where, ()) if each.question]
        if not asking:
            return None
        asked = " ".join(dict.fromkeys(f"{each.message} {each.question}" for each in asking))
        return (
            yield from self.dialog.ask_operator(
                Confirmation(item, self.dialog.shown_text(item), self.bindings.mask(asked)), "confirm"
            )
        )

    def _ask_to_run(self, item: PlanItem) -> Generator[Event, None, Answer]:
        question = BeforeStatement(item, self.dialog.shown_text(item))
        return (yield from self.dialog.ask_operator(question, "run"))


def _describe_refusal(plan: Plan, item: PlanItem | None, error: QuotingError) -> str:
    """Return the reason why a value was not written, with its place on the page."""
    if item is None:
        return str(error)
    at = error.start if isinstance(error, EvaluationError) else -1
    span = next((p.span for p in item.placeholders if p.start == at), None)
    if span is None:
        return f"line {item.line}: {error}"
    line, column = span.line, span.column
    return f"{plan.runbook.path}:{line}:{column}: {error}"


def _act_on_failure(run: Run) -> Generator[Event]:
    """Act on an answer to the question about the statement that failed, where the run has waited."""
    asked = run.state.question
    where = ItemId(asked.step, asked.block, asked.statement) if asked else None
    item = next((each for each in run.dialog.plan.items if each.where == where), None)
    if asked is None or asked.question != "failed" or item is None:
        return
    status, took = run.state.statuses.get(item.where, 0), run.state.durations.get(item.where, 0.0)
    question = AfterFailure(
        item, run.dialog.shown_text(item), status, asked.asks, took, asked.output, True, False
    )
    yield from run.dialog.act_on_decision(question, "failed")
