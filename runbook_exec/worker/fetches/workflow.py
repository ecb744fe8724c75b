"""The workflow that fetches a piece of a journal. As other workflows, a released one is never edited."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from ..orders import FetchRequest, JournalPiece, name_queue


@workflow.defn(name="RunbookFetch1")
class RunbookFetch1:
    """One piece of a journal, from its host."""

    @workflow.run
    async def run(self, request: FetchRequest) -> JournalPiece:
        """Return the piece; raises ApplicationError if the host refuses, or does not answer in a minute."""
        try:
            piece: JournalPiece = await workflow.execute_activity(
                "fetch",
                request,
                result_type=JournalPiece,
                task_queue=name_queue(request.host),
                start_to_close_timeout=timedelta(seconds=20),
                schedule_to_close_timeout=timedelta(seconds=60),
                retry_policy=RetryPolicy(non_retryable_error_types=["Refused"]),
            )
            return piece
        except ActivityError as error:
            cause = error.cause
            if isinstance(cause, ApplicationError):
                raise ApplicationError(cause.message, type="refused", non_retryable=True) from None
            why = f"host {request.host} did not answer within a minute"
            raise ApplicationError(why, type="refused", non_retryable=True) from None
