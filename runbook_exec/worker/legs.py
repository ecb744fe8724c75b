"""Does a leg of a run on this host: once, however often and by however many workers it is asked for.

The journal of the run decides what is left to do. A leg that was delivered twice, or again after the death of
a worker, a shell or the machine, finds there what has happened.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection
from dataclasses import asdict, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from ..engine.events import Outcome
from ..engine.questions import Choice
from ..errors import Refused
from ..light_classes import NamedTuple
from ..live.client import send_answer
from ..runner.options import parse_identity
from .child_process import LegChild, LegFiles, LegLock, find_leg_files, start_leg
from .journal_view import JournalView, RunFacts, read_seal
from .order_texts import keep_text, make_change_question
from .orders import NOT_DUE, Leg, LegResult, OpenQuestion, RemoteAnswer
from .places import read_place
from .schedules.due_check import find_due_facts
from .seals import obtain_host_key, open_seal
from .signatures import find_signer, make_answer_text, make_order_text, name_purpose, require_fresh

_PATIENCE = 5.0  # seconds for a live run to take an answer

_ENDED = (Outcome.SUCCEEDED, Outcome.PARTIAL, Outcome.FAILED, Outcome.STOPPED)

_REFUSED, _WAITS = 2, 3  # exit statuses


class WrongPlace(Exception):
    """Another machine with the name of this host has the journal of the run."""


class LegDied(Exception):
    """The process of the leg has ended without an end of the run; the next attempt resumes the run."""


class LegAction(StrEnum):
    """What is to be done for a leg."""

    LEAVE = "leave"  # it belongs to another machine
    ASK_LOSS = "ask about the loss"  # the journal has less than it had
    RETURN = "return"  # what the journal says
    HAND_IN = "hand in"  # the answer, to the run that keeps its shell
    ATTACH = "attach"  # wait for the process that runs it
    BEGIN = "begin"
    RESUME = "resume"


class LegProgress(NamedTuple):
    """How far a leg is."""

    seq: int
    statement: str
    output: str  # the end of it, secrets masked
    quiet: float  # seconds since something has come


class LegHost(NamedTuple):
    """What the host has for its legs."""

    name: str
    state: Path  # the folder of journals and all that belongs to them
    pages: Path | None = None  # where its own pages are
    signers: Path | None = None  # a file of those whose signatures count; without it nothing needs one


def choose_action(facts: RunFacts, seen: int, answered: Collection[str], *, is_here: bool) -> LegAction:
    """Return what is to be done for a leg; `answered` are the ids of the questions with an answer."""
    if not is_here:
        return LegAction.LEAVE
    if facts.seq < seen and not any(name_loss(seen, had) in answered for had in range(facts.seq + 1)):
        return LegAction.ASK_LOSS
    waits = facts.question is not None and facts.question.id not in answered
    if facts.is_running:
        if facts.is_held and facts.question is not None:
            return LegAction.RETURN if waits else LegAction.HAND_IN
        return LegAction.ATTACH
    if not facts.seq:
        return LegAction.BEGIN
    if facts.outcome in _ENDED or (facts.outcome == Outcome.WAITING and waits):
        return LegAction.RETURN
    return LegAction.RESUME


def name_loss(seen: int, seq: int) -> str:
    """Return the id of the question about a journal that has `seq` events of the `seen` ones."""
    return f"lost:{seen}:{seq}"


def _make_answer_fields(answer: RemoteAnswer) -> dict[str, str]:
    """Return what a run takes of an answer."""
    return {name: str(text) for name, text in asdict(answer).items() if name not in ("signature", "sealed")}


class LegConductor:
    """One delivery of a leg to this host."""

    def __init__(self, leg: Leg, host: LegHost) -> None:
        """Take a leg; raises Refused, and WrongPlace if another machine has the run."""
        if not parse_identity(leg.order.run):  # it becomes the name of a file
            raise Refused("an order needs the id of a run")
        if leg.order.host != host.name:
            raise Refused(f"the order is for host {leg.order.host}, and this is {host.name}")
        if read_place(host.state) != leg.place:
            raise WrongPlace(f"another machine with the name {leg.order.host} has the journal of the run")
        self._leg = leg
        self._host = host
        self._files: LegFiles = find_leg_files(host.state, leg.order.run)
        self._view = JournalView(host.state / "runs", leg.order.run, leg.seen)
        self._answers: dict[str, RemoteAnswer] = {}
        self._secrets: dict[str, str] = {}  # values that were given in earlier legs
        self._is_checked = False  # whether order and answers have the signatures that this host wants
        self._child: LegChild | None = None
        self._begun_at = 0  # the number of the last event when the child was started
        self._handed: dict[str, float] = {}  # when an answer was handed in, by its question
        self._problem = ""  # why an answer was refused
        self._changed_at = time.monotonic()  # when the last event came

    def advance(self) -> LegProgress | LegResult:
        """Do what is to be done now, and return the result once there is one. Call it until then.

        Raises LegDied, after which another delivery may go on, and Refused.
        """
        if not self._is_checked:
            self._check_signatures()
            self._is_checked = True
        seq = self._view.seq
        result = self._advance()
        if self._view.seq != seq:
            self._changed_at = time.monotonic()
        quiet = time.monotonic() - self._changed_at
        return result or LegProgress(self._view.seq, self._view.statement, self._view.output, quiet)

    def _check_signatures(self) -> None:
        """Take the answers that count. Raises Refused for an order that does not.

        To stop a run, nobody needs a signature.
        """
        order, signers = self._leg.order, self._host.signers
        if signers is not None:
            try:
                find_signer(make_order_text(order), order.signature, signers)
                if not self._leg.seen:
                    require_fresh(order)
            except Refused as refused:
                raise Refused(f"host {order.host}: the order of {order.page}: {refused}") from None
        for answer in self._leg.answers:
            try:
                self._answers[answer.id] = self._find_signed(answer, signers)
            except Refused as refused:
                self._problem = str(refused)
        for name, answer in self._leg.secrets.items():
            with contextlib.suppress(Refused):  # the host has another key now, and asks for the value again
                self._secrets[name] = self._find_signed(answer, signers).value

    def _find_signed(self, answer: RemoteAnswer, signers: Path | None) -> RemoteAnswer:
        """Return an answer with the name of the one who has signed it, and its value; raises Refused."""
        run = self._leg.order.run
        if signers is not None and answer.choice != Choice.QUIT:
            signer = find_signer(make_answer_text(run, answer), answer.signature, signers)
            answer = replace(answer, by=signer)
        if not answer.sealed:
            return answer
        value = open_seal(answer.value, obtain_host_key(self._host.state), name_purpose(run, answer.id))
        return replace(answer, value=value)

    def _advance(self) -> LegResult | None:
        lock = LegLock.take(self._files.lock)
        try:
            facts = self._view.update()
            facts = facts._replace(is_running=facts.is_running or lock is None)
            action = choose_action(facts, self._leg.seen, self._answers, is_here=True)
            if action is LegAction.ASK_LOSS:
                return self._make_loss(facts)
            if lock is not None and (asked := self._ask_about_text(facts)):
                return asked
            if action is LegAction.RETURN:
                return self._make_result(facts)
            if action is LegAction.HAND_IN and facts.question is not None:
                return self._hand_in(facts, self._answers[facts.question.id])
            if action is LegAction.ATTACH or lock is None:
                return None
            if self._child is not None and self._child.find_status() is not None:
                return self._explain_end(self._child, facts)
            if action is LegAction.BEGIN and self._leg.order.schedule and not self._is_due():
                return LegResult(NOT_DUE, reason=f"{self._leg.order.page} has succeeded meanwhile")
            self._start(action, facts, lock)
            return None
        finally:
            if lock is not None:
                lock.release()

    def _ask_about_text(self, facts: RunFacts) -> LegResult | None:
        """Return the question about a text that has replaced that of the run, until a person agrees.

        Then the text is kept for what follows. Raises Refused.
        """
        order, path = self._leg.order, self._files.text
        if not order.amended or not facts.seq or facts.outcome in _ENDED:
            return None
        question = make_change_question(path, order)
        answer = self._answers.get(question.id) if question else None
        if question is None or (answer is not None and answer.choice != Choice.RUN):
            return None
        if answer is None:
            asked = replace(question, problem=self._problem)
            return LegResult(Outcome.WAITING, max(facts.seq, self._leg.seen), asked)
        keep_text(path, order.text)
        return None

    def _is_due(self) -> bool:
        """Return whether the page of a schedule is due, whatever the server says; raises Refused."""
        host = self._host
        return find_due_facts(self._leg.order, host.state, host.pages, datetime.now(UTC)).is_due

    def _start(self, action: LegAction, facts: RunFacts, lock: LegLock) -> None:
        if action is LegAction.BEGIN:
            self._view.remove_empty()
        answer = self._find_answer(facts)
        self._begun_at = facts.seq
        task = {
            "order": asdict(self._leg.order),
            "resume": str(self._view.path) if action is LegAction.RESUME else "",
            "answer": _make_answer_fields(answer) if answer else None,
            "pages": str(self._host.pages) if self._host.pages else "",
            "text": str(self._files.text),
            "secrets": self._secrets,
            "is_signed": self._host.signers is not None,
            "is_amended": bool(self._leg.order.amended),
        }
        self._child = start_leg(task, self._files, lock)

    def _find_answer(self, facts: RunFacts) -> RemoteAnswer | None:
        """Return the answer for the run itself: some questions only say that it may go on."""
        if facts.question is None or facts.question.kind == "resume":
            return None
        return self._answers.get(facts.question.id)

    def _hand_in(self, facts: RunFacts, answer: RemoteAnswer) -> LegResult | None:
        """Give the answer to the run that keeps its shell; return the question again if it refuses it."""
        if answer.id not in self._handed:
            self._handed[answer.id] = time.monotonic()
            try:
                send_answer(self._view.socket, _make_answer_fields(answer))
            except Refused as refused:
                self._problem = str(refused)
        elif time.monotonic() - self._handed[answer.id] > _PATIENCE:
            return self._make_result(facts)
        return None

    def _explain_end(self, child: LegChild, facts: RunFacts) -> LegResult:
        """Return the question again if the answer was refused.

        Raises Refused if the run could not begin, and LegDied if its process has died.
        """
        status, log = child.find_status(), child.read_log()
        if facts.seq > self._begun_at or status not in (_REFUSED, _WAITS):
            told = log.rpartition("\n")[2]
            raise LegDied(f"the process of the run ended with {status}{f': {told}' if told else ''}")
        if facts.question is not None and facts.question.id in self._answers:
            self._problem = log.removeprefix("error: ")
            return self._make_result(facts)
        raise Refused(f"host {self._host.name}: {log.removeprefix('error: ') or 'the run could not begin'}")

    def _make_result(self, facts: RunFacts) -> LegResult:
        view = self._view
        waits = facts.question is not None and facts.outcome not in _ENDED
        question = facts.question if waits else None
        if question is not None and self._problem:
            question = replace(question, problem=self._problem)
        return LegResult(
            Outcome.WAITING if question else facts.outcome,
            facts.seq,
            question,
            view.reason,
            tuple(view.events),
            view.output if view.has_failed else "",
            read_seal(view.path) if view.path and not question else "",
        )

    def _make_loss(self, facts: RunFacts) -> LegResult:
        """Return the question about a journal that has lost events."""
        had = f"has {facts.seq} of {self._leg.seen} events" if facts.seq else "is gone"
        asks = (
            f"the journal on {self._host.name} {had}; `again` runs what it does not have, even if that "
            "has happened"
        )
        identity = name_loss(self._leg.seen, facts.seq)
        return LegResult(
            Outcome.WAITING, self._leg.seen, OpenQuestion(identity, "lost", ("again", "quit"), asks=asks)
        )
