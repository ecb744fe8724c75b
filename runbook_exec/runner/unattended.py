"""Answers questions without a person: from options, or by letting the run wait."""

from __future__ import annotations

import signal
from collections.abc import Collection

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
    Question,
    SecretLoss,
    ValueNeeded,
)
from ..plan.alternatives import is_decided_against
from ..plan.model import ItemId, Plan
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
            case SecretLoss():
                return Answer("quit")
            case LostState():
                return _answer_loss(question, accept_lost)
            case AfterFailure():
                return Answer("quit", note=question.problem)
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


def list_open_questions(plan: Plan, finished: Collection[ItemId] = ()) -> list[str]:
    """Return a line for each statement that only a person may let run, and what to do instead.

    `finished` are the items that a resumed run does not run again.
    """
    lines: list[str] = []
    advice: list[str] = []
    for item in plan.items:
        asking = [each for each in plan.warnings.get(item.where, ()) if each.question]
        if not asking or item.where in finished or is_decided_against(plan, item):
            continue
        text = (item.statement.text if item.statement else "").split("\n")[0]
        lines.append(f"{plan.runbook.path}:{item.line}: a person must confirm `{text}`")
        lines += [f"  {each.message}" for each in asking]
        advice += [each.advice for each in asking if each.advice]
    if lines:
        lines.append("nothing was run; " + "; ".join(dict.fromkeys(advice)))
    return list(map(escape_unprintable, lines))


def assume_answer(inner: Ask, decision: str, statement: str) -> Ask:
    """Return `inner` with an answer to the doubt about this statement.

    The answer is the decision, `done` or `again`.
    """

    def ask(question: Question) -> Answer:
        if isinstance(question, Doubt) and question.item.label == statement:
            return Answer(decision, note="said beforehand with --assume")
        return inner(question)

    return ask


def answer_yes(inner: Ask) -> Ask:
    """Return `inner` without a pause before each statement, until SIGTERM or SIGHUP comes."""
    should_end = watch_signals(signal.SIGTERM, signal.SIGHUP)

    def ask(question: Question) -> Answer:
        goes_on = isinstance(question, BeforeStatement) and not should_end()
        return Answer("run") if goes_on else inner(question)

    return ask
