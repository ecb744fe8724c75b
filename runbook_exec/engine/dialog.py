"""Asks the operator about the statements of a plan, and acts on the answers."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from ..errors import ValueProblem
from ..plan.model import Plan, PlanItem, Value
from ..plan.values import check_value
from .bindings import Bindings
from .event_log import EventLog
from .events import Answered, Edited, Event, Outcome, ValueGiven
from .ports import RunContext, Stop
from .questions import AfterFailure, Alternatives, Answer, Ask, Choice, Question, ValueNeeded
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
        while (answer := self.ask(question)).choice == Choice.SHELL:
            yield from self.io.run_shell_prompt(item)
        if answer.choice == Choice.WAIT:
            raise Stop(Outcome.WAITING, answer.note)
        # a value may be a secret, and where it came from is in the event of its own
        chosen = kind == "choose" and answer.choice == Choice.CHOOSE
        note, group = answer.note, 0
        if chosen and isinstance(question, Alternatives):
            group = question.group
            note = question.labels[int(answer.value) - 1] if group > 0 else note
        yield self.make_answered(
            item, kind, answer.value if chosen else str(answer.choice), self.bindings.mask(note), group
        )
        if answer.choice == Choice.QUIT:
            failed = isinstance(question, AfterFailure) and not question.interrupted
            raise Stop(Outcome.FAILED if failed else Outcome.STOPPED, answer.note)
        if answer.choice == Choice.VALUES:
            self.bindings.forget_values(item)
        if answer.choice == Choice.EDIT and answer.plan is not None:
            yield self._take_edit(answer.plan)
        return answer

    def make_answered(
        self, item: PlanItem, question: str, answer: str, note: str, group: int = 0
    ) -> Answered:
        return self.log.make_event(
            Answered, question=question, answer=answer, note=note, group=group, **place_of(item)
        )

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
            while name not in self.bindings.values:
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
                        return answer
                    value = Value(answer.value, question.secret, "typed")
                problem = check_value(self.plan.inputs.get(name), value.text) or ""
                if not problem:
                    self.bindings.bind_value(name, value)
                    self.bindings.keep_secrets(self.plan)
                    yield self._make_value_given(item, name, value)
        return None

    def _make_value_question(self, item: PlanItem, name: str, problem: str) -> ValueNeeded:
        return ValueNeeded(
            item,
            self.shown_text(item),
            name,
            self.plan.inputs.get(name),
            self.plan.is_secret(name),
            self.bindings.suggest_values(self.plan, name),
            problem,
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
