"""Lets a run wait at what needs a person, and lists what will need one."""

from __future__ import annotations

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
from ..text.ansi import escape_unprintable


def make_unattended_ask() -> Ask:
    """Return a function that lets the run wait at each question, with the options that would answer it."""

    def ask(question: Question) -> Answer:
        return Answer("wait", note=_explain_wait(question))

    return ask


def _explain_wait(question: Question) -> str:
    step = question.item.step.label
    where = question.item.label
    match question:
        case BeforeStatement():
            return f"step {step} is ready to run; `--yes` runs it without asking"
        case Confirmation():
            return f"step {step} asks `{question.question}`; `--confirmed {step}` says yes"
        case ManualStep():
            return f"step {step} is for a person to do; `--done {step}` says that it has been done"
        case ValueNeeded():
            return _explain_missing_value(question)
        case Alternatives():
            labels = ", ".join(f"{n}: {label}" for n, label in enumerate(question.labels, 1))
            return f"step {step} has alternatives ({labels}); `--choose LABEL` picks one"
        case TypedStatement():
            told = f"line {question.item.line} is for a person to type into `{question.program}`"
            return f"{told}; run the page in a terminal"
        case Reentry():
            return f"{question.question}; `--assume again {where}` runs it"
        case LostState():
            lost = "; ".join(question.things)
            return (
                f"the shell did not come back whole: {lost}; nothing was run; "
                "`--accept-lost` continues without it"
            )
        case AfterFailure():
            return f"statement {where} failed: {question.problem}; `runbook-exec resume` runs it again"
        case NewStatement():
            how = f"`--assume run {where}` runs it, `--assume skip {where}` skips it"
            return f"{_describe_new(question.item, question.has_run)}; {how}"
        case Doubt():
            told = f"statement {where} was running when the run died, and may have happened"
            return f"{told}; `--assume done {where}` or `--assume again {where}` decides"
        case SecretLoss():
            return ""


def _explain_missing_value(question: ValueNeeded) -> str:
    why = f" ({question.problem})" if question.problem else ""
    needed = f"step {question.item.step.label} needs a value for `{question.label}`{why}"
    if question.variable:
        needed += ", which is set neither on this page nor in the environment"
    needed += f"; `--set {question.variable or question.name}=VALUE` gives it"
    if question.also:
        needed += f"; also missing: {', '.join(f'`{label}`' for label in question.also)}"
    return needed


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
    ran = {item.where for item in found if state.done.get(item.where) == ItemStatus.OK}
    lines = [f"{plan.runbook.path}:{item.line}: {_describe_new(item, item.where in ran)}" for item in found]
    if found:
        label = found[0].label
        lines.append(
            f"nothing was run; `--assume run {label}` runs it, `--assume skip {label}` skips it, "
            f"`--assume done {label}` counts it as done"
        )
    return list(map(escape_unprintable, lines))


def _describe_new(item: PlanItem, has_run: bool) -> str:
    text = (item.statement.text if item.statement else "").split("\n")[0]
    how = (
        "has run, and a person went back to it or before it"
        if has_run
        else "is new, was moved, or ran with another text"
    )
    return f"statement {item.label} {how}: `{text}`"
