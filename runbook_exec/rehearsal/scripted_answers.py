"""Answers the questions of a rehearsal from its transcript; a missing answer is a finding."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ..document.model import Step
from ..engine.questions import (
    AfterFailure,
    Alternatives,
    Answer,
    Doubt,
    ManualStep,
    NewStatement,
    Question,
    SecretLoss,
    TypedStatement,
    ValueNeeded,
)
from ..light_classes import dataclass, field
from ..plan.alternatives import chosen_alternative
from ..plan.model import Plan, Value
from ..plan.templates import render_default
from .findings import VALUE_MISSING, RehearsalFinding
from .transcript.model import Transcript


def step_names(step: Step) -> list[str]:
    """Return the names that a transcript may use for a step."""
    return [name for name in (step.label, step.anchor, step.annotation.id) if name]


@dataclass(slots=True)
class ScriptedAnswers:
    """Answers the questions of one rehearsal, and collects findings."""

    plan: Plan
    transcript: Transcript
    findings: list[RehearsalFinding] = field(default_factory=list)
    interrupted: bool = False  # ^C was pressed: the whole rehearsal ends

    def find_value(self, name: str, plan: Plan, values: Mapping[str, Value]) -> Value | None:
        """Return the value of a placeholder from the transcript, else its default in the runbook."""
        secret = plan.is_secret(name)
        if name in self.transcript.settings.values:
            return Value(self.transcript.settings.values[name], secret, "transcript")
        known = plan.inputs.get(name)
        if known is None or known.default is None or known.source:
            return None  # a rehearsal asks no real source
        public = {name: value.text for name, value in values.items() if not value.secret}
        return Value(render_default(known.default, public, datetime.now()), secret, "default")

    def answer_question(self, question: Question) -> Answer:
        """Answer a question of the run."""
        step = question.item.step
        settings = self.transcript.settings
        names = step_names(step)
        match question:
            case ManualStep():
                note = next((settings.done[name] for name in names if name in settings.done), None)
                if note is None:
                    message = f"step {step.label} is for a person to do; the transcript says nothing of it"
                    self.add_finding(
                        question, message, f"`done: {{{step.label}: what was seen}}` in its front matter"
                    )
                return Answer("done", note=note or "")
            case ValueNeeded():
                why = f": {question.problem}" if question.problem else ""
                message = f"expected a value for `{question.label}`{why}"
                self.add_finding(
                    question, message, f"`values: {{{question.name}: …}}` in its front matter gives one"
                )
                return Answer("wait")
            case Alternatives():
                wanted = next((settings.choose[name] for name in names if name in settings.choose), None)
                number = chosen_alternative(question.labels, wanted)
                if number:
                    return Answer("choose", value=str(number))
                labels = ", ".join(f"{n}: {label}" for n, label in enumerate(question.labels, 1))
                message = f"step {step.label} has alternatives ({labels}); the transcript chooses none"
                self.add_finding(
                    question, message, f"`choose: {{{step.label}: 1}}` in its front matter takes the first"
                )
                return Answer("wait")
            case AfterFailure():
                self.interrupted |= question.interrupted
                return Answer("quit", note=question.problem)
            case Doubt() | NewStatement():
                return Answer("wait")
            case TypedStatement():
                return Answer("done", note="not rehearsed: it is typed into a program")
            case SecretLoss():
                return Answer("quit")
            case _:
                return Answer("run")

    def add_finding(self, question: Question, message: str, hint: str) -> None:
        """Add a finding for a question without an answer, at its statement or its step."""
        item = question.item
        span = item.statement.span if item.statement else item.step.span
        self.findings.append(RehearsalFinding(VALUE_MISSING, message, hint, span))
