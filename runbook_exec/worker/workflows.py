"""The workflows: what a server keeps of a run between its legs.

A workflow that is released is never edited: runs of it are open for weeks, and their histories must replay.
Another shape gets another number, and workers serve both. `tests/worker/histories` has what must replay.
"""

from __future__ import annotations

import asyncio
import builtins
import contextlib
from dataclasses import replace
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, TimeoutError, TimeoutType

with workflow.unsafe.imports_passed_through():
    from .orders import (
        CONTROL_QUEUE,
        HostPlace,
        Leg,
        LegResult,
        OpenQuestion,
        Order,
        OrderHead,
        RemoteAnswer,
        RunNotice,
        RunView,
        name_queue,
    )

_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=30),
    non_retryable_error_types=["Refused"],
)

_LONGEST_LEG = timedelta(days=30)

_GOOD = ("succeeded", "partial")


@workflow.defn(name="RunbookRun1")
class RunbookRun1:
    """A run on a host: its legs, and the answers between them."""

    @workflow.init
    def __init__(self, order: Order) -> None:
        self._order = order
        self._phase = "queued"
        self._question: OpenQuestion | None = None
        self._answer: RemoteAnswer | None = None
        self._given: tuple[RemoteAnswer, ...] = ()
        self._place = self._key = ""
        self._secrets: dict[str, RemoteAnswer] = {}
        self._amended: Order | None = None  # an order with another text, which the host has not seen
        self._before = order  # what was ordered before that

    @workflow.run
    async def run(self, order: Order) -> LegResult:
        """Run the legs one after another until the run has ended."""
        seen = 0
        answers: tuple[RemoteAnswer, ...] = ()
        while True:
            result = await self._run_leg(seen, answers)
            if result.question is None:
                return await self._finish(result)
            seen = result.seen
            answer = await self._wait_for_answer(result.question)
            if answer is None:  # the host asks about the other text, and then the same question again
                answers = ()
                continue
            if result.question.kind == "changed" and answer.choice != "run":
                self._order = self._before
            if answer.choice == "quit" and result.question.kind in ("away", "lost"):
                return await self._finish(LegResult("stopped", seen, reason=f"given up by {answer.by}"))
            if result.question.kind != "away":  # the answer that the host did not get is still to come
                answers = (answer,)

    @workflow.query
    def state(self) -> RunView:
        """Return where the run is."""
        order = self._order
        return RunView(
            order.run,
            order.host,
            order.page,
            self._phase,
            self._question,
            self._given,
            self._place,
            order.by,
            self._key,
        )

    @workflow.update
    async def answer(self, answer: RemoteAnswer) -> str:
        """Take the answer to the open question, and return its id."""
        self._answer = answer
        self._given = (*self._given, replace(answer, value=""))
        return answer.id

    @answer.validator
    def check_answer(self, answer: RemoteAnswer) -> None:
        """Refuse an answer that does not fit the open question: it leaves no trace in the history."""
        question = self._question
        if question is None or self._answer is not None:
            raise ApplicationError(f"run {self._order.run} asks no question now")
        if answer.id != question.id:
            raise ApplicationError(f"the run does not ask `{answer.id}`; it asks `{question.id}`")
        if answer.choice not in question.choices:
            expected = ", ".join(f"`{choice}`" for choice in question.choices)
            raise ApplicationError(f"`{question.id}`: expected one of {expected}, got `{answer.choice}`")
        if question.secret and answer.choice == "value" and not answer.sealed:
            raise ApplicationError(f"`{question.id}`: expected a value that is sealed to the host")
        if not answer.by:
            raise ApplicationError(f"`{question.id}`: expected the name of the person who answers")

    @workflow.query
    def order(self) -> Order:
        """Return what was ordered, with its last text."""
        return self._order

    @workflow.update
    async def amend(self, order: Order) -> int:
        """Take an order with another text; return how often the text was replaced."""
        self._amended = order
        return order.amended

    @amend.validator
    def check_amendment(self, order: Order) -> None:
        """Refuse an order that differs in more than its text, and any while the run does not wait."""
        question, now = self._question, self._order
        if question is None or self._answer is not None or self._amended is not None:
            raise ApplicationError(f"run {now.run} is {self._phase}; amend it when it waits for a person")
        if question.kind in ("away", "lost", "changed"):
            raise ApplicationError(f"run {now.run} asks `{question.id}` first")
        same = replace(now, text=order.text, by=order.by, issued=order.issued, signature=order.signature)
        if replace(same, amended=now.amended + 1) != order:
            raise ApplicationError(f"run {now.run}: only the text of its page can be amended")

    async def _run_leg(self, seen: int, answers: tuple[RemoteAnswer, ...]) -> LegResult:
        """Run a leg on the host; a host that is away for too long becomes a question."""
        order, self._phase = self._order, "running" if self._place else "queued"
        queue, patience = name_queue(order.host), timedelta(seconds=order.patience)
        try:
            if not self._place:
                place = await workflow.execute_activity(
                    "claim",
                    OrderHead(order.run, order.host, order.page),
                    result_type=HostPlace,
                    task_queue=queue,
                    schedule_to_start_timeout=patience,
                    start_to_close_timeout=timedelta(seconds=30),
                    retry_policy=_RETRY,
                )
                self._place, self._key, self._phase = place.id, place.key, "running"
            result: LegResult = await workflow.execute_activity(
                "leg",
                Leg(order, self._place, seen, answers, self._secrets),
                result_type=LegResult,
                task_queue=queue,
                schedule_to_start_timeout=patience,
                start_to_close_timeout=_LONGEST_LEG,
                heartbeat_timeout=timedelta(seconds=order.heartbeat),
                cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
                retry_policy=_RETRY,
            )
            return result
        except ActivityError as error:
            return await self._explain_failure(error, seen)

    async def _explain_failure(self, error: ActivityError, seen: int) -> LegResult:
        """Return the question about a host that is away. Raises ApplicationError if the host refused."""
        cause = error.cause
        if workflow.cancellation_reason() is not None:
            raise asyncio.CancelledError
        if isinstance(cause, TimeoutError) and cause.type == TimeoutType.SCHEDULE_TO_START:
            asks = f"host {self._order.host} was away for {self._order.patience:.0f} s; `again` waits on"
            identity = f"away:{seen}:{workflow.info().get_current_history_length()}"
            question = OpenQuestion(identity, "away", ("again", "quit"), asks=asks)
            return LegResult("waiting", seen, question)
        if isinstance(cause, ApplicationError) and cause.type == "Refused":
            self._phase = "ended"
            await self._notify("refused", cause.message)
            raise ApplicationError(cause.message, type="refused", non_retryable=True) from None
        raise error

    async def _wait_for_answer(self, question: OpenQuestion) -> RemoteAnswer | None:
        """Return the answer to a question, or None if the run got another text meanwhile.

        A run that is cancelled meanwhile gets `quit`.
        """
        self._question, self._answer, self._phase = question, None, "waiting"
        within = timedelta(seconds=self._order.answer_within)
        try:
            await self._notify("waits", question=question)
            await workflow.wait_condition(lambda: bool(self._answer or self._amended), timeout=within)
        except builtins.TimeoutError:
            self._phase = "ended"
            why = f"no one answered `{question.id}`"
            raise ApplicationError(why, type="waiting", non_retryable=True) from None
        except asyncio.CancelledError:
            self._answer = self._amended = None
        if self._amended is not None and self._answer is None:
            self._before, self._order = self._order, self._amended
            self._amended = self._question = None
            return None
        answer = self._answer or RemoteAnswer(question.id, "quit", by="the one who cancelled it")
        self._question, self._phase = None, "running"
        if answer.sealed:  # a later leg may find that the host has forgotten it
            self._secrets[question.name] = answer
        return answer

    async def _notify(self, state: str, reason: str = "", question: OpenQuestion | None = None) -> None:
        """Tell people about the run; that they cannot be reached changes nothing in it."""
        order = self._order
        with contextlib.suppress(ActivityError):
            await workflow.execute_activity(
                "notify",
                RunNotice(order.run, order.host, order.page, state, reason, question),
                task_queue=CONTROL_QUEUE,
                start_to_close_timeout=timedelta(seconds=60),
                schedule_to_close_timeout=timedelta(minutes=5),
                retry_policy=RetryPolicy(maximum_attempts=3),
            )

    async def _finish(self, result: LegResult) -> LegResult:
        """Return the result of a run that has done its work; raises ApplicationError for any other."""
        self._phase = "ended"
        await self._notify(result.outcome, result.reason)
        if result.outcome in _GOOD:
            return result
        if workflow.cancellation_reason() is not None:
            raise asyncio.CancelledError
        raise ApplicationError(
            result.reason or result.outcome,
            replace(result, events=()),
            type=result.outcome,
            non_retryable=True,
        )
