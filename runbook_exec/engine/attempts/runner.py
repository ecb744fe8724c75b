"""Runs a statement until it succeeds, or is skipped, or the run stops."""

from __future__ import annotations

from collections.abc import Generator

from ...light_classes import dataclass
from ...plan.model import PlanItem
from ..dialog import Dialog
from ..events import Event, Outcome
from ..execution import Failure, StatementExecution
from ..inner.moves import InnerShells
from ..ports import Stop, Wait
from ..questions import AfterFailure, Choice
from ..secret_warnings import SecretWarnings
from .background import Backgrounds

LEAVES_STATEMENT = frozenset(
    (Choice.SKIP, Choice.DONE, Choice.EDIT, Choice.CHOOSE, Choice.VALUES, Choice.RETURN)
)


@dataclass(slots=True)
class AttemptRunner:
    """Makes the attempts at statements, and asks what to do after a failure."""

    dialog: Dialog
    warnings: SecretWarnings
    backgrounds: Backgrounds
    inner: InnerShells | None = None  # of the shell of this machine, once a statement runs there
    block_text: str = ""  # the output of the present block so far

    def find_inner(self, item: PlanItem) -> InnerShells | None:
        """Return what follows statements into the shells that they open; None where it is not done."""
        if self.dialog.context.nesting is None or self.dialog.plan.find_host(item):
            return None
        if self.inner is None:
            io = self.dialog.shells.get("")
            self.inner = InnerShells(self.dialog, io, self.run_attempts)
            self.inner.lost_inside, self.inner.lost_cwd = io.past.inside, io.past.inner_cwd
        return self.inner

    def run_attempts(self, item: PlanItem) -> Generator[Event]:
        """Run the statement until it succeeds, or is skipped, or the run stops.

        It runs again if its annotation or the operator asks for that.
        """
        attempt, before = self.dialog.log.state.count_tries(item.where), self.block_text
        began, repeats = self.dialog.context.clock(), False
        while True:
            attempt += 1
            self.block_text = before  # what an earlier attempt has printed proves nothing
            failure = yield from self._run_once(item, attempt, repeats=repeats)
            if failure is None:
                return
            done = failure.done
            if done.waited_for_key:
                hint = f"run it in a terminal, or change line {item.line} so that nothing waits"
                raise Stop(Outcome.WAITING, f"step {item.step.label}: {failure.problem}; {hint}")
            shown = failure.problem if repeats else ""
            if failure.retry_after and self.dialog.context.pause(
                Wait(failure.retry_after, attempt + 1, began, shown)
            ):
                continue
            answer = yield from self.dialog.ask_operator(self._make_failure_question(item, failure), "failed")
            if answer.choice in LEAVES_STATEMENT:
                return
            if done.ended:
                raise Stop(Outcome.FAILED, done.ended)
            began, repeats = self.dialog.context.clock(), answer.choice == Choice.REPEAT

    def check_backgrounds(self) -> Generator[Event]:
        """Report on the statements in the background; ask about those that have failed."""
        ended = yield from self.backgrounds.report()
        for item, status in ended:
            if not status or item.annotation.allow_failure:
                continue
            text = self.dialog.shown_text(item)
            problem = f"exited {status} in the background"
            question = AfterFailure(item, text, status, problem, 0.0, "", alive=True, interrupted=False)
            answer = yield from self.dialog.ask_operator(question, "failed")
            if answer.choice in (Choice.RETRY, Choice.REPEAT):
                yield from self.run_attempts(item)

    def _run_once(
        self, item: PlanItem, attempt: int, *, repeats: bool
    ) -> Generator[Event, None, Failure | None]:
        self.warnings.warn_of_short(item)
        # raises QuotingError before a shell is started
        self.dialog.bindings.fill_statement(self.dialog.plan, item)
        io = self.dialog.find_shell(item)
        if not io.started:
            self.dialog.stop_if_told()
            yield from io.start_shell()
        if item.annotation.cwd is not None and item.first:
            yield from io.change_directory(item, item.annotation.cwd)
        for variable in self.dialog.list_variables(item):
            yield from io.assign_variable(item, variable)
        if item.where in self.dialog.plan.places.openers and (inner := self.find_inner(item)):
            inner.show_lines(item)
        execution = StatementExecution(self.dialog.plan, item, io, self.block_text, self.backgrounds, repeats)
        filled = self.dialog.bindings.fill_statement(self.dialog.plan, item)
        self.dialog.stop_if_told()
        failure = yield from execution.run_once(filled, attempt)
        self.block_text = execution.block_text
        return failure

    def _make_failure_question(self, item: PlanItem, failure: Failure) -> AfterFailure:
        return AfterFailure(
            item,
            self.dialog.shown_text(item),
            failure.done.status,
            failure.problem,
            failure.duration,
            self.dialog.bindings.outputs[-1][1][-4000:],
            alive=not failure.done.ended,
            interrupted=failure.done.interrupted,
            may_count=failure.done.interrupted and item.where in self.dialog.plan.endless,
        )
