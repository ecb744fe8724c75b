"""Makes the `asked` event of a question, which anyone can answer without the run's terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .event_log import EventLog
from .events import Asked
from .questions import (
    AfterFailure,
    Alternatives,
    BeforeStatement,
    Choice,
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
from .shell_io import place_of

_NEW = "this statement is new, was moved, or ran with another text"

_RAN = "this statement has run, and a person went back to it or before it; run it again?"

_DOUBT = "this was running when the run died; did it happen?"

KINDS: Mapping[type[Question], tuple[str, tuple[Choice, ...]]] = {
    BeforeStatement: ("run", (Choice.RUN, Choice.SKIP, Choice.QUIT)),
    Confirmation: ("confirm", (Choice.RUN, Choice.SKIP, Choice.QUIT)),
    ManualStep: ("manual", (Choice.DONE, Choice.SKIP, Choice.QUIT)),
    ValueNeeded: ("value", (Choice.VALUE, Choice.SKIP, Choice.QUIT)),
    AfterFailure: ("failed", (Choice.RETRY, Choice.SKIP, Choice.QUIT)),
    Alternatives: ("choose", (Choice.CHOOSE, Choice.SKIP, Choice.QUIT)),
    Doubt: ("doubt", (Choice.DONE, Choice.AGAIN, Choice.QUIT)),
    NewStatement: ("new", (Choice.RUN, Choice.DONE, Choice.SKIP, Choice.QUIT)),
    TypedStatement: ("manual", (Choice.DONE, Choice.SKIP, Choice.QUIT)),
    Reentry: ("enter", (Choice.RUN, Choice.SKIP, Choice.QUIT)),
    LostState: ("state", (Choice.RUN, Choice.QUIT)),
    SecretLoss: ("loss", (Choice.QUIT, Choice.BACK)),
}  # by the type of a question: its kind, and the answers that need no terminal


def name_question(question: Question) -> tuple[str, str]:
    """Return the kind of a question, and the name of the value or the variable that it asks for."""
    kind, _ = KINDS[type(question)]
    return kind, question.variable or question.name if isinstance(question, ValueNeeded) else ""


def make_asked(question: Question, log: EventLog, mask: Callable[[str], str], output: str) -> Asked:
    """Return the event of a question; `output` is the end of the last output."""
    choices = KINDS[type(question)][1]
    kind, name = name_question(question)
    item = question.item
    text, asks = describe_question(question)
    printed = question.output if isinstance(question, AfterFailure | Doubt) else output
    return log.make_event(
        Asked,
        question=kind,
        id=f"{kind}:{item.label}:{log.seq + 1}",
        choices=tuple(str(choice) for choice in choices),
        text=mask(text),
        asks=mask(asks),
        labels=question.labels if isinstance(question, Alternatives) else (),
        name=name,
        secret=isinstance(question, ValueNeeded) and question.secret,
        output=mask(printed),
        **place_of(item),
    )


def describe_question(question: Question) -> tuple[str, str]:
    """Return the text that is shown with a question, and its words."""
    item = question.item
    match question:
        case Confirmation():
            return question.text, question.question
        case ValueNeeded():
            about = question.input.help if question.input else None
            return question.text, question.problem or about or ""
        case AfterFailure():
            return question.text, question.problem
        case Doubt():
            return question.text, _DOUBT
        case NewStatement():
            return question.text, _RAN if question.has_run else _NEW
        case BeforeStatement():
            return question.text, ""
        case TypedStatement():
            return question.text, f"type this into `{question.program}`"
        case Reentry():
            return question.text, question.question
        case LostState():
            return item.statement.text if item.statement else "", "; ".join(question.things)
        case Alternatives():
            return "\n\n".join(question.texts), ""
        case SecretLoss():
            return "", ", ".join(f"<{name}>" for name in question.names)
        case ManualStep():
            return item.step.title, ""
