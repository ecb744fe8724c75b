"""Asks the operator about the statements of a plan, and acts on the answers."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from ..errors import ValueProblem
from ..plan.model import Plan, PlanItem, Value
from ..plan.values import check_value, describe_value
from .bindings import Bindings
from .event_log import EventLog
from .events import Answered, Edited, Event, Outcome, ValueGiven
from .ports import RunContext, Stop
from .questions import AfterFailure, Answer, Ask, Choice, Question, SecretLoss, ValueNeeded
from .shell_io import ShellIO, place_of
from .state import carry_over


@dataclass(slots=True)
class Dialog:
    """Asks the questions of a run; `plan` changes after the operator has edited the document."""

    plan: Plan
    ask: Ask
    context: RunContext
    log: EventLog
    bindings: Bindings
    io: ShellIO

    def mask_declared(self) -> None:
        """Mask the secrets that the document declares and whose values are known before use."""
        self.bindings.mask_defaults(self.plan)
        for text in self.context.available_secrets(self.plan):
            self.bindings.masker.add(text)

    def shown_text(self, item: PlanItem) -> str:
        """Return the statement as it will run, with secrets masked.

        Placeholders without a value are unchanged.
        """
        return self.bindings.fill_statement(self.plan, item).shown

    def ask_operator(self, question: Question, kind: str) -> Generator[Event, None, Answer]:
        """Ask until the operator gives an answer that the caller must act on, and return it."""
        item = question.item
        while True:
            answer = self.ask(question)
            if answer.choice == Choice.SHELL:
                yield from self.io.run_shell_prompt(item)
            elif answer.choice != Choice.QUIT or self._agrees_to_loss(item):
                break
        if answer.choice == Choice.WAIT:
            raise Stop(Outcome.WAITING, answer.note)
        # a value may be a secret, and where it came from is in the event of its own
        chosen = kind == "choose" and answer.choice == Choice.CHOOSE
        yield self.make_answered(
            item, kind, answer.value if chosen else str(answer.choice), self.bindings.mask(answer.note)
        )
        if answer.choice == Choice.QUIT:
            failed = isinstance(question, AfterFailure) and not question.interrupted
            raise Stop(Outcome.FAILED if failed else Outcome.STOPPED, answer.note)
        if answer.choice == Choice.VALUES:
            self.bindings.ask_again(item)
        if answer.choice == Choice.EDIT and answer.plan is not None:
            yield self._take_edit(answer.plan)
        return answer

    def _agrees_to_loss(self, item: PlanItem) -> bool:
        """Return whether the operator quits although captured secrets would be lost, if any would."""
        if self.context.keep_secrets is not None:
            return True
        left = (each for each in self.plan.items if each.where > self.log.state.passed)
        names = {placeholder.name for each in left for placeholder in each.placeholders}
        lost = tuple(name for name in self.bindings.find_captured_secrets() if name in names)
        return not lost or self.ask(SecretLoss(item, lost)).choice == Choice.QUIT

    def make_answered(self, item: PlanItem, question: str, answer: str, note: str) -> Answered:
        return self.log.make_event(Answered, question=question, answer=answer, note=note, **place_of(item))

    def _take_edit(self, plan: Plan) -> Edited:
        """Continue with the plan of the edited document."""
        self.log.state = carry_over(self.log.state, self.plan, plan)
        self.bindings.revise(self.plan, plan)
        self.plan = plan
        self.mask_declared()
        return self.make_edited()

    def make_edited(self) -> Edited:
        page = self.plan.runbook
        return self.log.make_event(Edited, digest=page.digest, text=self.bindings.mask(page.text))

    def fill_placeholders(self, item: PlanItem) -> Generator[Event, None, Answer | None]:
        """Bind a value to each placeholder that has none.

        Returns the first answer that is not a value, or None.
        """
        for name in (placeholder.name for placeholder in item.placeholders):
            problem = ""
            while self.bindings.needs_value(name):
                value: Value | None = None
                if not problem and name not in self.bindings.to_ask_again:
                    try:
                        value = self.context.source(name, self.plan, self.bindings.values)
                    except ValueProblem as error:
                        problem = str(error)
                if value is None:
                    question = self._make_value_question(item, name, problem)
                    answer = yield from self.ask_operator(question, "value")
                    if answer.choice != Choice.VALUE:
                        self.bindings.to_ask_again.clear()  # each keeps the value that it has
                        if answer.choice == Choice.BACK:
                            continue
                        return answer
                    value = Value(answer.value, question.secret, "typed")
                problem = check_value(self.plan.inputs.get(name), value.text) or ""
                if not problem:
                    self.bindings.bind_value(name, value)
                    self.bindings.keep_secrets(self.plan)
                    yield self._make_value_given(item, name, value)
        return None

    def _make_value_question(self, item: PlanItem, name: str, problem: str) -> ValueNeeded:
        now = self.bindings.values.get(name)
        return ValueNeeded(
            item,
            self.shown_text(item),
            name,
            self.plan.inputs.get(name),
            self.plan.is_secret(name),
            self.bindings.suggest_values(self.plan, name),
            problem,
            describe_value(now.text, now.secret) if now else "",
        )

    def _make_value_given(self, item: PlanItem, name: str, value: Value) -> ValueGiven:
        return self.log.make_event(
            ValueGiven,
            name=name,
            origin=value.origin,
            secret=value.secret,
            length=len(value.text),
            value=None if value.secret else value.text,
            **place_of(item),
        )
