"""Reads an answer that does not come from the run's own terminal, and checks it against the open question."""

from __future__ import annotations

import json
from collections.abc import Iterable

from ...engine.events import Asked
from ...engine.question_events import describe_question, name_question
from ...engine.questions import Alternatives, Answer, BeforeStatement, Choice, LostState, Question
from ...errors import Refused
from ...light_classes import NamedTuple

_FIELDS = ("id", "choice", "value", "note", "by")

_LETS_RUN = (Choice.RUN, Choice.RETRY, Choice.AGAIN)

_EXPECTED = "expected `ID=CHOICE` or `ID=CHOICE:TEXT`, such as `confirm:3.1:27=run`"


class ExternalAnswer(NamedTuple):
    """An answer to the question with this `id`; `by` is the person, as the sender names them."""

    id: str
    choice: str
    value: str = ""
    note: str = ""
    by: str = ""
    is_visible: bool = False  # whether it was an argument, which every user of the machine can see

    def __repr__(self) -> str:
        """Return the answer without its value, which may be a secret."""
        return f"ExternalAnswer({self.id}={self.choice})"


def parse_answer(text: str) -> ExternalAnswer:
    """Return the answer in `ID=CHOICE[:TEXT]`; raises Refused.

    TEXT is the value for the choices `value` and `choose`, and a note for the others.
    """
    identity, given, answer = text.partition("=")
    choice, _, more = answer.partition(":")
    if not given or not identity or not choice:
        raise Refused(f"`--answer`: {_EXPECTED}, got `{text}`")
    if choice in (Choice.VALUE, Choice.CHOOSE):
        return ExternalAnswer(identity, choice, value=more)
    return ExternalAnswer(identity, choice, note=more)


def read_json_answer(data: str) -> ExternalAnswer:
    """Return the answer in an object of JSON with `id`, `choice`, and `value`, `note` or `by`.

    Raises Refused.
    """
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict) or not all(isinstance(text, str) for text in fields.values()):
        raise Refused('`--answer -`: expected an object such as {"id": "confirm:3.1:27", "choice": "run"}')
    if unknown := [name for name in fields if name not in _FIELDS]:
        raise Refused(f"`--answer -`: expected {_list_words(_FIELDS, 'and')}, got `{unknown[0]}`")
    if not fields.get("id") or not fields.get("choice"):
        raise Refused("`--answer -`: expected `id` and `choice`")
    return ExternalAnswer(**fields)


def check_answer(answer: ExternalAnswer, asked: Asked | None, run: str) -> Answer:
    """Return the answer for the engine; `asked` is the question that the run asks now.

    Raises Refused if the answer is to another question, such as an older one, or if it does not answer this.
    """
    if asked is None:
        raise Refused(f"{_name_run(run)} asks no question; `{answer.id}` is answered, or was never asked")
    if answer.id != asked.id:
        raise Refused(f"{_name_run(run)} does not ask `{answer.id}`; it asks `{asked.id}`")
    if answer.choice not in asked.choices:
        expected = _list_words(asked.choices, "or")
        raise Refused(f"`{asked.id}`: expected {expected}, got `{answer.choice}`")
    if asked.secret and answer.is_visible and answer.choice == Choice.VALUE:
        raise Refused(
            f"`{asked.id}`: <{asked.name}> is a secret, and every user of this machine can see an argument; "
            "give it with `--answer -` on standard input"
        )
    value = _number_alternative(answer.value, asked) if answer.choice == Choice.CHOOSE else answer.value
    if value and answer.choice not in (Choice.VALUE, Choice.CHOOSE):
        raise Refused(f"`{asked.id}`: `{answer.choice}` takes no value")
    return Answer(answer.choice, value, answer.note, by=answer.by, id=asked.id)


def _name_run(run: str) -> str:
    return f"run {run}" if run else "the run"


def name_giver(by: str, place: str) -> str:
    """Return who gave an answer: the person that was named, if any, and the account that it came from."""
    return f"{by} via {place}" if by and by != place else place


def _number_alternative(text: str, asked: Asked) -> str:
    """Return the number of the alternative with this number or label; raises Refused."""
    numbers = {str(n): str(n) for n in range(1, len(asked.labels) + 1)}
    known = {**{label: str(n) for n, label in enumerate(asked.labels, 1)}, **numbers}
    if text not in known:
        listed = ", ".join(f"{n}: {label}" for n, label in enumerate(asked.labels, 1))
        raise Refused(
            f"`{asked.id}`: expected `choose:LABEL` with the number or the label of one of {listed}"
        )
    return known[text]


def _list_words(words: Iterable[str], last: str) -> str:
    *first, final = (f"`{word}`" for word in words)
    return f"{', '.join(first)} {last} {final}" if first else final


class PendingAnswer:
    """An answer to the question at which a run has waited, for the same question of its next process."""

    def __init__(self, asked: Asked, answer: Answer) -> None:
        self._asked: Asked | None = asked
        self._answer = answer
        self._agreed = ""  # the label of the statement that the answer lets run

    def take(self, question: Question) -> Answer | None:
        """Return the answer if this is its question, once; None for any other question."""
        if self._agreed == question.item.label and isinstance(question, BeforeStatement):
            self._agreed = ""
            return Answer(Choice.RUN, by=self._answer.by, id=self._answer.id)
        if self._asked is None or not _is_same(self._asked, question):
            return None
        self._asked = None
        if self._answer.choice in _LETS_RUN and not isinstance(question, BeforeStatement):
            self._agreed = question.item.label
        return self._answer


def _is_same(asked: Asked, question: Question) -> bool:
    """Return whether a question is the one that was asked: about the same statement with the same text."""
    kind, name = name_question(question)
    if (kind, question.item.label) != (asked.question, asked.id.split(":")[1]) or name != asked.name:
        return False
    if isinstance(question, Alternatives):
        return question.labels == asked.labels
    if isinstance(question, LostState):
        return "; ".join(question.things) == asked.asks
    return describe_question(question)[0] == asked.text
