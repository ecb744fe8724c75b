"""Answers questions without a person: from options, or by letting the run wait."""

from __future__ import annotations

import signal
from collections.abc import Collection, Mapping

from ..engine.questions import (
    AfterFailure,
    Alternatives,
    Answer,
    Ask,
    BeforeStatement,
    Confirmation,
    Doubt,
    LostState,
    ManualStep,
    NewStatement,
    Question,
    Reentry,
    SecretLoss,
    TypedStatement,
    ValueNeeded,
)
from ..engine.state import ItemStatus, State
from ..plan.alternatives import is_decided_against, is_left_out
from ..plan.model import Plan, PlanItem
from ..system.signals import watch_signals
from ..text.ansi import escape_unprintable


def make_unattended_ask(yes: bool, confirmed: Collection[str] = (), accept_lost: bool = False) -> Ask:
    """Return a function that answers the questions of a run without asking anyone.

    `yes` runs every statement; `confirmed` names the steps whose question is answered with yes; `accept_lost`
    continues without the shell state that did not come back. After SIGINT,
    SIGTERM or SIGHUP each question is answered with quit, because the statement that was running may have
    ignored the signal.
    """
    should_end = watch_signals(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def ask(question: Question) -> Answer:
        if should_end():
            return Answer("quit", note="told to end by a signal")
        step = question.item.step.label
        match question:
            case BeforeStatement():
                if yes:
                    return Answer("run")
                return Answer("wait", note=f"step {step} is ready to run; `--yes` runs it without asking")
            case Confirmation():
                if not question.item.names.isdisjoint(confirmed):
                    return Answer("run", note="said beforehand with --confirmed")
                asked = f"step {step} asks `{question.question}`"
                return Answer("wait", note=f"{asked}; `--confirmed {step}` says yes")
            case ManualStep():
                done = f"`--done {step}` says that it has been done"
                return Answer("wait", note=f"step {step} is for a person to do; {done}")
            case ValueNeeded():
                why = f" ({question.problem})" if question.problem else ""
                needed = f"step {step} needs a value for `{question.label}`{why}"
                if question.variable:
                    needed += ", which is set neither on this page nor in the environment"
                needed += f"; `--set {question.variable or question.name}=VALUE` gives it"
                if question.also:
                    needed += f"; also missing: {', '.join(f'`{label}`' for label in question.also)}"
                return Answer("wait", note=needed)
            case Alternatives():
                labels = ", ".join(f"{n}: {label}" for n, label in enumerate(question.labels, 1))
                return Answer(
                    "wait", note=f"step {step} has alternatives ({labels}); `--choose LABEL` picks one"
                )
            case TypedStatement():
                told = f"line {question.item.line} is for a person to type into `{question.program}`"
                return Answer("wait", note=f"{told}; run the page in a terminal")
            case Reentry():
                how = f"`--assume again {question.item.label}` runs it"
                return Answer("wait", note=f"{question.question}; {how}")
            case SecretLoss():
                return Answer("quit")
            case LostState():
                return _answer_loss(question, accept_lost)
            case AfterFailure():
                return Answer("quit", note=question.problem)
            case NewStatement():
                where = question.item.label
                how = f"`--assume run {where}` runs it, `--assume skip {where}` skips it"
                return Answer("wait", note=f"{_describe_new(question.item)}; {how}")
            case Doubt():
                where = question.item.label
                told = f"statement {where} was running when the run died, and may have happened"
                return Answer(
                    "wait", note=f"{told}; `--assume done {where}` or `--assume again {where}` decides"
                )

    return ask


def _answer_loss(question: LostState, accept_lost: bool) -> Answer:
    if accept_lost:
        return Answer("run", note="said beforehand with --accept-lost")
    lost = "; ".join(question.things)
    told = f"the shell did not come back whole: {lost}; nothing was run"
    return Answer("wait", note=f"{told}; `--accept-lost` continues without it")


def list_open_questions(plan: Plan, state: State) -> list[str]:
    """Return a line for each statement that only a person may let run, and what to do instead.

    A resumed run does not run again what is finished.
    """
    lines: list[str] = []
    advice: list[str] = []
    for item in plan.items:
        asking = [each for each in plan.warnings.get(item.where, ()) if each.question]
        finished = state.done.get(item.where, ItemStatus.FAILED) != ItemStatus.FAILED
        if not asking or finished or is_decided_against(plan, item):
            continue
        text = (item.statement.text if item.statement else "").split("\n")[0]
        lines.append(f"{plan.runbook.path}:{item.line}: a person must confirm `{text}`")
        lines += [f"  {each.message}" for each in asking]
        advice += [each.advice for each in asking if each.advice]
    if lines:
        lines.append("nothing was run; " + "; ".join(dict.fromkeys(advice)))
    return list(map(escape_unprintable, lines))


def list_new_statements(plan: Plan, state: State, decided: Collection[str]) -> list[str]:
    """Return a line for each statement that an edit put before finished ones or in the place of one.

    It is empty if there is none, or if all of them are `decided`.
    """
    found = [
        item
        for item in plan.items
        if item.where in state.unsure
        and item.statement is not None
        and item.label not in decided
        and not is_left_out(item, state.chosen)
    ]
    lines = [f"{plan.runbook.path}:{item.line}: {_describe_new(item)}" for item in found]
    if found:
        label = found[0].label
        lines.append(
            f"nothing was run; `--assume run {label}` runs it, `--assume skip {label}` skips it, "
            f"`--assume done {label}` counts it as done"
        )
    return list(map(escape_unprintable, lines))


def _describe_new(item: PlanItem) -> str:
    text = (item.statement.text if item.statement else "").split("\n")[0]
    return f"statement {item.label} is new, was moved, or ran with another text: `{text}`"


_MEANINGS: Mapping[type[Question], Mapping[str, str]] = {
    Doubt: {"done": "done", "again": "again", "run": "again"},
    Reentry: {"again": "run", "run": "run"},
    NewStatement: {"done": "done", "run": "run", "again": "run", "skip": "skip"},
}

ASSUMPTIONS = ("done", "again", "run", "skip")


def assume_answers(inner: Ask, decisions: Collection[tuple[str, str]]) -> Ask:
    """Return `inner` with answers to the doubt about statements, and to the question about new ones.

    A decision is `done`, `again`, `run` or `skip`, and the label of a statement.
    """
    known = {statement: decision for decision, statement in decisions}

    def ask(question: Question) -> Answer:
        answers = _MEANINGS.get(type(question), {})
        if answer := answers.get(known.get(question.item.label, "")):
            return Answer(answer, note="said beforehand with --assume")
        return inner(question)

    return ask


def answer_yes(inner: Ask) -> Ask:
    """Return `inner` without a pause before each statement, until SIGTERM or SIGHUP comes."""
    should_end = watch_signals(signal.SIGTERM, signal.SIGHUP)

    def ask(question: Question) -> Answer:
        goes_on = isinstance(question, BeforeStatement) and not should_end()
        return Answer("run") if goes_on else inner(question)

    return ask
