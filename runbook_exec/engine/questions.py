"""What a run asks, and what it may be told; the engine does not know who answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from ..document.model import Input
from ..plan.model import Plan, PlanItem
from ..plan.suggestions import Suggestion


class Choice(StrEnum):
    """What may be answered; each question lists its own. `wait` means that nobody is there who could."""

    RUN = "run"
    VALUE = "value"
    VALUES = "values"
    SKIP = "skip"
    SHELL = "shell"
    EDIT = "edit"
    DONE = "done"
    AGAIN = "again"
    RETRY = "retry"
    CHOOSE = "choose"
    QUIT = "quit"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class BeforeStatement:
    """Shall this run? Answers: run, values (to be asked for anew), skip, shell, edit, quit, wait."""

    item: PlanItem
    text: str  # as it will run, secrets masked, placeholders without a value as they stand


@dataclass(frozen=True, slots=True)
class ValueNeeded:
    """What is the value of this placeholder? Answers: value (with the value), edit, quit, wait."""

    item: PlanItem
    text: str
    name: str
    input: Input | None
    secret: bool
    suggestions: tuple[Suggestion, ...]
    problem: str = ""  # why the value before would not do


@dataclass(frozen=True, slots=True)
class ManualStep:
    """Has a person done this step? Answers: done (with a note), skip, shell, edit, quit, wait."""

    item: PlanItem


@dataclass(frozen=True, slots=True)
class AfterFailure:
    """The statement failed. Answers: retry, values (to be asked for anew), skip, shell, edit, quit."""

    item: PlanItem
    text: str
    status: int
    problem: str
    duration: float  # seconds
    output: str  # the end of it, secrets masked
    alive: bool  # whether the shell is still there
    interrupted: bool  # ^C was typed while it ran


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Which of a block's alternatives? Answers: choose (its number is the value), skip, edit, quit, wait."""

    item: PlanItem
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A statement that its author wants confirmed. Answers: run, skip, edit, quit, wait."""

    item: PlanItem
    text: str
    question: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """A statement that was running when its run died. Answers: done, again, shell, quit, wait."""

    item: PlanItem
    text: str
    output: str  # the end of what it had printed, secrets masked


Question = BeforeStatement | ValueNeeded | ManualStep | AfterFailure | Alternatives | Confirmation | Doubt


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered."""

    choice: str  # a Choice
    value: str = ""
    note: str = ""
    plan: Plan | None = None  # after edit: the plan for the document as it now is

    def __repr__(self) -> str:
        """Tells no value: it may be a secret."""
        return f"Answer({self.choice})"


Ask = Callable[[Question], Answer]
