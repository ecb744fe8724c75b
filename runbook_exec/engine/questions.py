"""Defines the questions of a run and their answers; the engine does not know who answers."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from ..document.model import Input
from ..light_classes import NamedTuple
from ..plan.model import Plan, PlanItem
from ..plan.suggestions import Suggestion


class Choice(StrEnum):
    """The possible answers; each question lists its own.

    `wait` means that no person is present.
    """

    RUN = "run"
    VALUE = "value"
    VALUES = "values"
    SKIP = "skip"
    SHELL = "shell"
    EDIT = "edit"
    DONE = "done"
    AGAIN = "again"
    RETRY = "retry"
    REPEAT = "repeat"
    CHOOSE = "choose"
    LATER = "later"
    QUIT = "quit"
    BACK = "back"
    RETURN = "return"
    WAIT = "wait"


class BeforeStatement(NamedTuple):
    """Shall this run?

    Answers: run, values (to change them), skip, shell, edit, return (to an earlier statement), quit, wait.
    """

    item: PlanItem
    text: str  # as it will run, secrets masked, placeholders without a value unchanged


class ValueNeeded(NamedTuple):
    """What is the value of this placeholder or variable?

    Answers: value (with the value), back (if it has one already: keep it), skip, shell, edit, quit, wait.
    """

    item: PlanItem
    text: str
    name: str
    input: Input | None
    secret: bool
    suggestions: tuple[Suggestion, ...]
    problem: str = ""  # why the previous value was refused
    present: str = ""  # the value that it has now, as a person may see it; "" if it has none
    variable: str = ""  # the shell's variable that gets the value; "" for a placeholder
    also: tuple[str, ...] = ()  # other placeholders and variables that are missing before anything runs

    @property
    def label(self) -> str:
        """Return the placeholder or the variable as it is written."""
        return f"${self.variable}" if self.variable else f"<{self.name}>"


class ManualStep(NamedTuple):
    """Has a person done this step? Answers: done (with a note), skip, shell, edit, quit, wait."""

    item: PlanItem


class AfterFailure(NamedTuple):
    """The statement failed.

    Answers: retry, repeat (until it succeeds), values (to change them), skip, done (if it may count), shell,
    edit, quit.
    """

    item: PlanItem
    text: str
    status: int
    problem: str
    duration: float  # seconds
    output: str  # its end, secrets masked
    alive: bool  # whether the shell is still alive
    interrupted: bool  # ^C was typed while it ran
    may_count: bool = False  # whether it runs until it is ended, so that it may count as done


class Alternatives(NamedTuple):
    """Which of these alternatives? Answers: choose, skip, edit, quit, wait.

    They are in one block, or with a positive `group` in several. The value of `choose` is the number of the
    alternative.
    """

    item: PlanItem
    labels: tuple[str, ...]
    texts: tuple[str, ...] = ()  # the commands of each
    group: int = 0


class Confirmation(NamedTuple):
    """Does a person confirm this statement? Answers: run, skip, edit, quit, wait."""

    item: PlanItem
    text: str
    question: str


class Doubt(NamedTuple):
    """Did this statement, which ran when its run was killed, succeed?

    Answers: done, again, shell, quit, wait.
    """

    item: PlanItem
    text: str
    output: str  # the end of its output, secrets masked


class NewStatement(NamedTuple):
    """Does this statement run, which an edit put before finished ones or in the place of one?

    It is also asked about a statement that has run, after a person went back to it or before it.
    Answers: run, done (what ran before counts), skip, edit, return, quit, wait.
    """

    item: PlanItem
    text: str
    has_run: bool = False  # whether it is the same statement, which has run before


class TypedStatement(NamedTuple):
    """Has a person typed this statement into the program that it is for?

    Answers: done, skip, shell, edit, quit, wait.
    """

    item: PlanItem
    text: str
    program: str


class Reentry(NamedTuple):
    """Run this statement again, because the shell that it opens is needed?

    Answers: run, skip, edit, quit, wait. Without it, the statements that are for that shell do not run.
    """

    item: PlanItem
    text: str
    question: str


class SecretLoss(NamedTuple):
    """Quit, although captured secrets that later statements need cannot be kept? Answers: quit, back."""

    item: PlanItem
    names: tuple[str, ...]


class LostState(NamedTuple):
    """Continue, although parts of the shell's state did not come back? Answers: run, shell, quit, wait."""

    item: PlanItem  # the next one
    things: tuple[str, ...]  # with the statements that depend on each; secrets masked


Question = (
    BeforeStatement
    | ValueNeeded
    | ManualStep
    | AfterFailure
    | Alternatives
    | Confirmation
    | Doubt
    | NewStatement
    | TypedStatement
    | Reentry
    | SecretLoss
    | LostState
)


class Answer(NamedTuple):
    """An answer to a question."""

    choice: str  # a Choice
    value: str = ""  # with `return`, the item to return to as `str(item.where)` has it
    note: str = ""
    plan: Plan | None = None  # after edit: the plan of the edited document
    by: str = ""  # the person who answered; "" for an option given in advance
    id: str = ""  # of the question that was answered, if it was asked by an earlier process

    def __repr__(self) -> str:
        """Return the answer without its value, which may be a secret."""
        return f"Answer({self.choice})"


Ask = Callable[[Question], Answer]

Decide = Callable[[Question], Answer | None]  # the answer of an option; None if a person is needed
