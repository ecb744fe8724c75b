"""Asks the operator about the statements of a plan, and acts on the answers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator

from ..errors import ValueProblem
from ..light_classes import dataclass
from ..plan.evaluated_variables import find_carried_refusal
from ..plan.fillable import find_refusal
from ..plan.item_marks import format_mark, mark_items
from ..plan.model import Plan, PlanItem, Value
from ..plan.values import check_value, describe_value
from ..plan.variables import find_needed_variables, find_unset_ahead, name_of_variable
from .bindings import Bindings
from .event_log import EventLog
from .events import Answered, Edited, Event, Outcome, ValueGiven
from .hosts.shell_pool import ShellPool
from .ports import RunContext, Stop
from .question_events import make_asked
from .questions import AfterFailure, Alternatives, Answer, Ask, Choice, Question, SecretLoss, ValueNeeded
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
    shells: ShellPool

    def find_shell(self, item: PlanItem) -> ShellIO:
        """Return the shell that an item runs in."""
        return self.shells.get(self.plan.find_host(item))

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

    def stop_if_told(self) -> None:
        """End the run if nothing more may begin, as when its output is lost."""
        if why := self.context.find_stop():
            raise Stop(Outcome.FAILED, why)

    def ask_operator(
        self,
        question: Question,
        kind: str,
        is_settled: Callable[[], bool] = lambda: False,
        ahead: bool = False,
    ) -> Generator[Event, None, Answer]:
        """Ask until the operator gives an answer that the caller must act on, and return it.

        In the shell's own prompt the operator may make the question needless: then `is_settled` returns True,
        and the answer is `shell`. A question asked `ahead` cannot skip its statement; it is asked again then.
        """
        item, asked = question.item, ""
        while True:
            answer = self._decide(question)
            if answer is None:
                if self.context.decide and not asked:
                    printed = self.bindings.outputs[-1][1][-4000:] if self.bindings.outputs else ""
                    event = make_asked(question, self.log, self.bindings.mask, printed)
                    asked = event.id
                    yield event  # a journal has it before anyone sees the question
                answer = self.ask(question)
            if answer.choice == Choice.SHELL:
                yield from self.find_shell(item).run_shell_prompt(item)
                if is_settled():
                    return answer
            elif answer.choice != Choice.QUIT or self._agrees_to_loss(item):
                break
        if ahead and answer.choice == Choice.SKIP:
            answer = answer._replace(choice=Choice.LATER)
        if answer.choice == Choice.WAIT:
            raise Stop(Outcome.WAITING, answer.note, asked)
        return (yield from self._act_on(question, kind, answer._replace(id=answer.id or asked)))

    def act_on_decision(self, question: Question, kind: str) -> Generator[Event, None, Answer | None]:
        """Act on the answer of an option, and return it; None if there is none. No person is asked."""
        answer = self._decide(question)
        return None if answer is None else (yield from self._act_on(question, kind, answer))

    def _act_on(self, question: Question, kind: str, answer: Answer) -> Generator[Event, None, Answer]:
        """Report an answer and do what every question does with it; returns the answer."""
        item = question.item
        if answer.choice == Choice.RETURN:
            yield _make_return(self, answer)
            return answer
        # a value may be a secret, and where it came from is in the event of its own
        chosen = kind == "choose" and answer.choice == Choice.CHOOSE
        note, group = answer.note, 0
        if chosen and isinstance(question, Alternatives):
            group = question.group
            note = question.labels[int(answer.value) - 1] if group > 0 else note
        yield self.log.make_event(
            Answered,
            question=kind,
            answer=answer.value if chosen else str(answer.choice),
            note=self.bindings.mask(note),
            group=group,
            by=answer.by,
            id=answer.id,
            **place_of(item),
        )
        if answer.choice == Choice.QUIT:
            failed = isinstance(question, AfterFailure) and not question.interrupted
            raise Stop(Outcome.FAILED if failed else Outcome.STOPPED, answer.note)
        if answer.choice == Choice.VALUES:
            self.bindings.ask_again(item, self.plan.procedure.shell)
        if answer.choice == Choice.EDIT and answer.plan is not None:
            yield self._take_edit(answer.plan)
        return answer

    def _agrees_to_loss(self, item: PlanItem) -> bool:
        """Return whether the operator quits although captured secrets would be lost, if any would."""
        if self.context.keep_secrets is not None:
            return True
        left = (each for each in self.plan.items if self.log.state.is_ahead(each.where))
        names = {placeholder.name for each in left for placeholder in each.placeholders}
        lost = tuple(name for name in self.bindings.find_captured_secrets() if name in names)
        question = SecretLoss(item, lost)
        return not lost or (self._decide(question) or self.ask(question)).choice == Choice.QUIT

    def _decide(self, question: Question) -> Answer | None:
        """Return the answer of an option; None if a person is needed."""
        return self.context.decide(question) if self.context.decide else None

    def make_answered(
        self, item: PlanItem, question: str, answer: str, note: str, group: int = 0
    ) -> Answered:
        """Return the event of an answer that needs no question."""
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
        text = self.bindings.masker.mask_page(page.text)
        return self.log.make_event(Edited, digest=page.digest, text=text, items=self.list_marks())

    def list_marks(self) -> tuple[str, ...]:
        """Return the marks of the plan's items for the journal; none if nothing signs them."""
        sign = self.context.sign
        return tuple(map(format_mark, mark_items(self.plan.items, sign))) if sign else ()

    def fill_placeholders(self, item: PlanItem) -> Generator[Event, None, Answer | None]:
        """Bind a value to each placeholder that has none.

        Returns the first answer that is not a value, or None.
        """
        for name in (placeholder.name for placeholder in item.placeholders):
            answer = yield from self._fill_name(item, name)
            if answer is not None:
                return answer
        return None

    def fill_variables(self, item: PlanItem) -> Generator[Event, None, Answer | None]:
        """Bind a value to each variable that the statement needs and the shell does not have.

        Returns the first answer that is not a value, or None.
        """
        io = self.find_shell(item)
        for variable in self.list_variables(item):
            name = name_of_variable(variable)
            if name not in self.bindings.to_ask_again:
                if _is_inherited(io, variable):
                    continue
                yield from io.start_shell()
                if io.has_variable(variable):
                    continue
            answer = yield from self._fill_name(item, name, variable)
            if answer is not None and answer.choice != Choice.LATER:
                return answer
        return None

    def list_variables(self, item: PlanItem) -> tuple[str, ...]:
        """Return the variables that a statement needs of the run's own shell."""
        needed = find_needed_variables(item, self.plan.procedure.shell)
        return needed if needed and self.runs_here(item) else ()

    def runs_here(self, item: PlanItem) -> bool:
        """Return whether a statement runs in the run's own shell."""
        return self.context.nesting is None or self.plan.places.is_here(item.where)

    def ask_ahead(self) -> Generator[Event]:
        """Ask for the values that are surely missing, before anything runs."""
        declined: set[str] = set()
        while isinstance(missing := _list_missing(self, declined), ShellIO):
            yield from missing.start_shell()
        while not isinstance(missing, ShellIO) and missing:
            item, name, variable = missing[0]
            also = tuple(f"${each}" if each else f"<{other}>" for _, other, each in missing[1:])
            answer = yield from self._fill_name(item, name, variable, ahead=True, also=also)
            if answer is not None and answer.choice != Choice.EDIT:
                declined.add(name)
            missing = _list_missing(self, declined)

    def _fill_name(
        self,
        item: PlanItem,
        name: str,
        variable: str = "",
        ahead: bool = False,
        also: tuple[str, ...] = (),
    ) -> Generator[Event, None, Answer | None]:
        """Bind a value to a name, unless it has one.

        Returns the first answer that is not a value, or None.
        """
        problem, io = "", self.find_shell(item)
        while self.bindings.needs_value(name):
            value: Value | None = None
            if not problem and name not in self.bindings.to_ask_again:
                try:
                    value = self.context.source(name, self.plan, self.bindings.values)
                except ValueProblem as error:
                    problem = str(error)
            if value is None:
                if variable and not self.context.asks_for_variables:
                    return Answer(Choice.LATER)
                question = self._make_value_question(item, name, problem)
                question = question._replace(variable=variable, also=also)
                answer = yield from self.ask_operator(
                    question, "value", lambda: bool(variable) and io.has_variable(variable), ahead
                )
                if answer.choice == Choice.SHELL:
                    return None  # the operator has set the variable
                if answer.choice != Choice.VALUE:
                    self.bindings.to_ask_again.clear()  # each keeps the value that it has
                    if answer.choice == Choice.BACK:
                        continue
                    return answer
                value = Value(answer.value, question.secret, "typed")
            problem = check_value(self.plan.inputs.get(name), value.text) or ""
            problem = problem or _describe_refusal(self.plan, item, name, value.text)
            if not problem:
                value = self.bindings.bind_value(name, value)
                self.bindings.keep_secrets(self.plan)
                yield _make_value_given(self.log, item, name, value)
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


def _make_return(dialog: Dialog, answer: Answer) -> Answered:
    """Return the event of going back to an earlier item."""
    item = next(each for each in dialog.plan.items if str(each.where) == answer.value)
    event = dialog.make_answered(item, "return", str(Choice.RETURN), "")
    return event._replace(by=answer.by, id=answer.id)


def _runs_surely(item: PlanItem) -> bool:
    """Return whether no condition or choice can leave the statement out."""
    block = item.block
    return item.annotation.when is None and not (block and block.alternatives)


def _is_inherited(io: ShellIO, variable: str) -> bool:
    """Return whether a shell on this machine has got a variable from the operator's environment."""
    return not io.host and variable in io.context.environment


def _list_missing(dialog: Dialog, declined: Collection[str]) -> list[tuple[PlanItem, str, str]] | ShellIO:
    """Return the values that are surely missing: the statement, the name and the variable of each.

    Returns a shell if only that shell can tell, once it is started.
    """
    plan, state = dialog.plan, dialog.log.state
    items = [item for item in plan.items if state.is_ahead(item.where)]
    doubtful = state.unsure
    known = {*declined, *dialog.bindings.values, *(capture.name for _, capture in plan.captures)}
    missing: dict[str, tuple[PlanItem, str, str]] = {}
    for item in (each for each in items if _runs_surely(each) and each.where not in doubtful):
        for placeholder in item.placeholders:
            if placeholder.suspected and placeholder.name not in known:
                missing.setdefault(placeholder.name, (item, placeholder.name, ""))
    here = [item for item in items if item.statement and dialog.runs_here(item)]
    for host in dict.fromkeys(map(plan.find_host, here)):
        io = dialog.shells.get(host)
        callables = io.shell_state.names if io.started else ()
        there = [item for item in here if plan.find_host(item) == host]
        for item, variables in find_unset_ahead(there, plan.procedure.shell, callables):
            for variable in variables if _runs_surely(item) and item.where not in doubtful else ():
                name = name_of_variable(variable)
                if name in known or _is_inherited(io, variable):
                    continue
                if not io.started:
                    return io
                if not io.has_variable(variable):
                    missing.setdefault(name, (item, name, variable))
    return list(missing.values())


def _describe_refusal(plan: Plan, item: PlanItem, name: str, value: str) -> str:
    refused = find_refusal(item, plan.procedure.shell, name, value)
    refused = refused or find_carried_refusal(plan, item, name, value)
    return str(refused) if refused is not None else ""


def _make_value_given(log: EventLog, item: PlanItem, name: str, value: Value) -> ValueGiven:
    return log.make_event(
        ValueGiven,
        name=name,
        origin=value.origin,
        secret=value.secret,
        length=len(value.text),
        value=None if value.secret else value.text,
        **place_of(item),
    )
