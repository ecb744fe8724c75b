"""The workflow that a schedule starts: it asks whether the page is due, and then runs it.

As in `workflows`, what is released is never edited.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    CancelledError,
    ChildWorkflowError,
    TimeoutError,
    TimeoutType,
)

with workflow.unsafe.imports_passed_through():
    from ..orders import (
        CONTROL_QUEUE,
        NOT_DUE,
        DueFacts,
        DueView,
        LegResult,
        Order,
        RunNotice,
        ScheduleMove,
        name_queue,
    )

_RETRY = RetryPolicy(maximum_interval=timedelta(seconds=30), non_retryable_error_types=["Refused"])


@workflow.defn(name="RunbookDue1")
class RunbookDue1:
    """A time at which a schedule is due: its run, or nothing where the page has succeeded meanwhile."""

    @workflow.init
    def __init__(self, order: Order) -> None:
        self._order = order
        self._view = DueView("asking")

    @workflow.run
    async def run(self, order: Order) -> DueView:
        """Run the page if it is due, and move the schedule to its next time.

        Raises ApplicationError if the run fails, which pauses the schedule.
        """
        facts = await self._ask_host()
        if facts is not None:
            self._view = replace(self._view, every=facts.every, succeeded=facts.succeeded)
            if not facts.is_due:
                return await self._finish(NOT_DUE)
        run = f"{order.schedule}.{workflow.info().start_time.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        outcome = await self._run_page(run)
        if outcome == "succeeded":
            now = workflow.now().astimezone(UTC).replace(microsecond=0)
            self._view = replace(self._view, succeeded=now.isoformat())
        return await self._finish(outcome)

    @workflow.query
    def state(self) -> DueView:
        """Return what has come of it so far."""
        return self._view

    async def _ask_host(self) -> DueFacts | None:
        """Return whether the page is due; None if the host is away: then the run asks a person about that."""
        order = self._order
        try:
            facts: DueFacts = await workflow.execute_activity(
                "due",
                order,
                result_type=DueFacts,
                task_queue=name_queue(order.host),
                schedule_to_start_timeout=timedelta(seconds=order.patience),
                start_to_close_timeout=timedelta(seconds=60),
                retry_policy=_RETRY,
            )
            return facts
        except ActivityError as error:
            cause = error.cause
            if isinstance(cause, TimeoutError) and cause.type == TimeoutType.SCHEDULE_TO_START:
                return None
            if isinstance(cause, ApplicationError) and cause.type == "Refused":
                await self._notify_refusal(cause.message)
                raise ApplicationError(cause.message, type="refused", non_retryable=True) from None
            raise

    async def _run_page(self, run: str) -> str:
        """Run the page, and return the outcome; raises ApplicationError if that is a failure."""
        order = replace(self._order, run=run)
        try:
            child: workflow.ChildWorkflowHandle[object, LegResult] = await workflow.start_child_workflow(
                "RunbookRun1",
                order,
                id=run,
                task_queue=CONTROL_QUEUE,
                result_type=LegResult,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                static_summary=f"{order.page} on {order.host}",
            )
            self._view = replace(self._view, phase="running", run=run)  # not before it can be asked
            return (await child).outcome
        except ChildWorkflowError as error:
            cause = error.cause
            if workflow.cancellation_reason() is not None:
                raise
            if isinstance(cause, ApplicationError) and cause.type == NOT_DUE:
                return NOT_DUE
            outcome, why = "failed", str(cause)
            if isinstance(cause, CancelledError):
                outcome, why = "stopped", "it was cancelled"
            elif isinstance(cause, ApplicationError):
                outcome, why = cause.type or outcome, cause.message
            self._view = replace(self._view, phase="ended", outcome=outcome)
            raise ApplicationError(f"run {run} {outcome}: {why}", type=outcome, non_retryable=True) from None

    async def _finish(self, outcome: str) -> DueView:
        """Return the result, after the schedule has its next time."""
        phase = NOT_DUE if outcome == NOT_DUE else "ended"
        view = self._view = replace(self._view, phase=phase, outcome=outcome)
        if view.succeeded:
            with contextlib.suppress(ActivityError):  # the next time is early then, and not due
                await workflow.execute_activity(
                    "move-schedule",
                    ScheduleMove(self._order.schedule, view.every, view.succeeded),
                    task_queue=CONTROL_QUEUE,
                    start_to_close_timeout=timedelta(seconds=60),
                    schedule_to_close_timeout=timedelta(minutes=10),
                    retry_policy=_RETRY,
                )
        return view

    async def _notify_refusal(self, why: str) -> None:
        """Tell people that nothing ran; a run tells them itself how it ends."""
        order = self._order
        with contextlib.suppress(ActivityError):
            await workflow.execute_activity(
                "notify",
                RunNotice(order.schedule, order.host, order.page, "refused", why),
                task_queue=CONTROL_QUEUE,
                start_to_close_timeout=timedelta(seconds=60),
                schedule_to_close_timeout=timedelta(minutes=5),
                retry_policy=RetryPolicy(maximum_attempts=3),
            )
