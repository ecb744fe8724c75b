"""Answers the questions of a run that options have decided in advance."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping

from ..engine.questions import (
    AfterFailure,
    Answer,
    BeforeStatement,
    Confirmation,
    Decide,
    Doubt,
    LostState,
    NewStatement,
    Question,
    Reentry,
    SecretLoss,
)
from ..system.signals import take_interrupt, watch_signals
from .answers.external import PendingAnswer
from .options import RunOptions

ASSUMPTIONS = ("done", "again", "run", "skip")

_MEANINGS: Mapping[type[Question], Mapping[str, str]] = {
    Doubt: {"done": "done", "again": "again", "run": "again"},
    Reentry: {"again": "run", "run": "run"},
    NewStatement: {"done": "done", "run": "run", "again": "run", "skip": "skip"},
}


def make_decide(options: RunOptions, pending: PendingAnswer | None, *, attended: bool) -> Decide:
    """Return a function that answers a question without a person, or returns None if one is needed.

    `pending` is an answer from elsewhere to the question at which the run has waited. After a signal that
    ends the program, nothing more is begun: each question of a run without a person is answered with quit.
    """
    should_end = _watch_end(attended)
    assumed = {statement: decision for decision, statement in options.assume}
    stops = options.on_failure == "stop" or not (attended or options.on_failure)

    def decide(question: Question) -> Answer | None:
        interrupted = take_interrupt()
        if should_end():
            return None if attended else Answer("quit", note="told to end by a signal")
        if pending is not None and (answer := pending.take(question)) is not None:
            return answer
        if choice := _MEANINGS.get(type(question), {}).get(assumed.get(question.item.label, "")):
            return Answer(choice, note="decided with --assume")
        if isinstance(question, AfterFailure) and stops:
            return Answer("quit", note=question.problem)
        if isinstance(question, BeforeStatement) and options.yes and not (interrupted and attended):
            return Answer("run")
        if isinstance(question, SecretLoss):
            return None if attended else Answer("quit")
        return _decide_in_advance(question, options)

    return decide


def _watch_end(attended: bool) -> Callable[[], bool]:
    numbers = (signal.SIGTERM, signal.SIGHUP)
    return watch_signals(*numbers) if attended else watch_signals(signal.SIGINT, *numbers)


def _decide_in_advance(question: Question, options: RunOptions) -> Answer | None:
    match question:
        case Confirmation() if not question.item.names.isdisjoint(options.confirmed):
            return Answer("run", note="confirmed with --confirmed")
        case LostState() if options.accept_lost:
            return Answer("run", note="accepted with --accept-lost")
        case _:
            return None
