"""Asks a server to run pages, and asks what their runs wait for."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from temporalio.api.enums.v1 import WorkflowExecutionStatus as Status
from temporalio.api.filter.v1 import WorkflowTypeFilter
from temporalio.api.workflowservice.v1 import ListOpenWorkflowExecutionsRequest
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import (
    ApplicationError,
    CancelledError,
    TerminatedError,
    WorkflowAlreadyStartedError,
)
from temporalio.service import RPCError, RPCStatusCode

from ..errors import Refused
from .orders import CONTROL_QUEUE, LegResult, Order, RemoteAnswer, RunView
from .seals import check_pin, seal_text
from .signatures import make_answer_text, name_purpose, sign_text

_WORKFLOW = "RunbookRun1"

_MANY = 5  # attempts at a leg after which `asks` shows why it failed last

_QUIET = 5.0  # seconds without output after which an unfinished line is taken for a question

_QUERY = f"WorkflowType='{_WORKFLOW}' AND ExecutionStatus='Running'"

_AWAY = (RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED)

_PATIENCE = 10.0  # seconds for an answer of a worker


class AlreadyOrdered(Refused):
    """Raised if there is or was a run with the id of an order."""


class OrderNotTaken(Refused):
    """Raised if the server cannot take an order now."""


@dataclass(frozen=True)
class OpenRun:
    """A run that has not ended."""

    run: str
    began: datetime
    view: RunView | None  # None if no worker serves the workflows
    attempts: int = 0  # at the present leg
    failure: str = ""  # of the last attempt
    statement: str = ""  # that runs now, as far as it is known
    output: str = ""  # the end of its output; secrets masked
    quiet: float = 0.0  # seconds without output, as of the last heartbeat

    @property
    def waits_for_key(self) -> bool:
        """Return whether a program seems to wait for a person who types: it has asked in the last line."""
        unfinished = bool(self.output) and not self.output.endswith("\n")
        return bool(self.statement) and unfinished and self.quiet >= _QUIET


async def submit_order(client: Client, order: Order) -> None:
    """Order a run; raises AlreadyOrdered and OrderNotTaken."""
    try:
        await client.start_workflow(
            _WORKFLOW,
            order,
            id=order.run,
            task_queue=CONTROL_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            static_summary=f"{order.page} on {order.host}",
        )
    except WorkflowAlreadyStartedError:
        raise AlreadyOrdered(
            f"run `{order.run}` was ordered already; another `--id` orders a new one"
        ) from None
    except RPCError as error:
        raise OrderNotTaken(f"the server took no order: {error.message}") from None


async def is_run_open(client: Client, run: str) -> bool:
    """Return whether a run has not ended; raises OrderNotTaken if the server does not answer."""
    try:
        description = await client.get_workflow_handle(run).describe()
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            return False
        raise OrderNotTaken(f"the server does not answer: {error.message}") from None
    return description.status == WorkflowExecutionStatus.RUNNING


async def wait_for_result(client: Client, run: str) -> LegResult:
    """Wait for the end of a run, and return how it ended; raises Refused if the host refused it."""
    handle = client.get_workflow_handle(run, result_type=LegResult)
    try:
        while True:
            try:
                result: LegResult = await handle.result()
                return result
            except RPCError as error:
                if error.status not in _AWAY:
                    raise Refused(f"run {run}: the server has no result: {error.message}") from None
                await asyncio.sleep(1)
    except WorkflowFailureError as error:
        cause = error.cause
        if isinstance(cause, CancelledError | TerminatedError):
            return LegResult("stopped", reason="it was cancelled")
        if isinstance(cause, ApplicationError) and cause.type == "refused":
            raise Refused(cause.message) from None
        if isinstance(cause, ApplicationError):
            return LegResult(cause.type or "failed", reason=cause.message)
        return LegResult("failed", reason=str(cause))


async def watch_run(client: Client, run: str) -> AsyncIterator[RunView]:
    """Yield the state of a run whenever its phase or its question changes, until the run has ended."""
    last = None
    while True:
        view = await query_view(client, run)
        now = (view.phase, view.question.id if view.question else "") if view else None
        if view is not None and now != last:
            yield view
            last = now
        if view is None and not await _may_be_open(client, run):
            return
        if view is not None and view.phase == "ended":
            return
        await asyncio.sleep(0.5)


async def _may_be_open(client: Client, run: str) -> bool:
    """Return whether a run has not ended, or the server is away, which ends none."""
    try:
        return await is_run_open(client, run)
    except OrderNotTaken:
        return True


async def query_view(client: Client, run: str) -> RunView | None:
    """Return the state of a run; None without a worker that serves it. Raises Refused for no such run."""
    handle = client.get_workflow_handle(run)
    try:
        view: RunView = await asyncio.wait_for(handle.query("state", result_type=RunView), _PATIENCE)
        return view
    except (TimeoutError, WorkflowQueryFailedError):
        return None
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            raise Refused(
                f"no run `{run}` was ordered; `runbook-exec asks --all` lists the open ones"
            ) from None
        return None


async def list_open_runs(client: Client, run: str = "") -> list[OpenRun]:
    """Return the runs that have not ended, oldest first, or the one with this id. Raises Refused."""
    found = []
    for identity, began in await _list_open(client):
        if run and identity != run:
            continue
        try:
            view = await query_view(client, identity)
        except Refused:
            continue  # it has ended meanwhile, and was removed
        found.append(await _add_activity(client, OpenRun(identity, began, view)))
    return sorted(found, key=lambda each: each.began)


async def _list_open(client: Client) -> list[tuple[str, datetime]]:
    try:
        return [(each.id, each.start_time) async for each in client.list_workflows(_QUERY)]
    except RPCError as error:
        if error.status != RPCStatusCode.UNIMPLEMENTED:
            raise Refused(f"the server lists no runs: {error.message}") from None
    listed = []  # an old server
    request = ListOpenWorkflowExecutionsRequest(
        namespace=client.namespace, type_filter=WorkflowTypeFilter(name=_WORKFLOW)
    )
    while True:
        page = await client.workflow_service.list_open_workflow_executions(request)
        for each in page.executions:
            if each.type.name == _WORKFLOW and each.status == Status.WORKFLOW_EXECUTION_STATUS_RUNNING:
                listed.append((each.execution.workflow_id, each.start_time.ToDatetime(UTC)))
        if not page.next_page_token:
            return listed
        request.next_page_token = page.next_page_token


async def _add_activity(client: Client, run: OpenRun) -> OpenRun:
    """Return a run with what its present leg does, and why that failed if it did many times."""
    try:
        raw = (await client.get_workflow_handle(run.run).describe()).raw_description
    except RPCError:
        return run
    for each in raw.pending_activities[:1]:
        run = replace(run, attempts=each.attempt)
        if each.attempt > _MANY:
            failure = await client.data_converter.decode_failure(each.last_failure)
            run = replace(run, failure=str(failure))
        if each.HasField("heartbeat_details"):
            details = await client.data_converter.decode(each.heartbeat_details.payloads)
            _, statement, output, quiet = [*details, 0.0][:4]  # an older worker does not tell the last
            run = replace(run, statement=statement, output=output, quiet=quiet)
    return run


async def answer_run(
    client: Client, run: str, answer: RemoteAnswer, key: str = "", *, is_visible: bool = False
) -> str:
    """Answer the question that a run asks, and return the id of the question.

    An answer without an id is one to the present question. It is signed with `key` if that is given. The
    value of a secret is sealed to the host, unless it `is_visible`. Raises Refused.
    """
    view = await query_view(client, run)
    if view is None:
        raise Refused(f"run {run}: no worker with `--control` answers; start one, and try again")
    if view.question is None:
        raise Refused(f"run {run} asks no question now; it is {view.phase}")
    question = view.question
    given = replace(answer, id=answer.id or question.id)
    if question.secret and answer.choice == "value":
        if is_visible:
            raise Refused(
                f"`{question.id}`: <{question.name}> is a secret, and every user of this machine can see an "
                "argument; give it with `--value -` on standard input"
            )
        if check_pin(view.host, view.key, os.environ):
            print(f"host {view.host}: its key is new here, and noted", file=sys.stderr)
        sealed = seal_text(answer.value, view.key, name_purpose(run, given.id))
        given = replace(given, value=sealed, sealed=True)
    if key:
        given = replace(given, signature=sign_text(make_answer_text(run, given), key))
    try:
        await client.get_workflow_handle(run).execute_update("answer", given, result_type=str)
    except WorkflowUpdateFailedError as error:
        cause = error.cause
        raise Refused(cause.message if isinstance(cause, ApplicationError) else str(cause)) from None
    except RPCError as error:
        raise Refused(f"run {run} took no answer: {error.message}") from None
    return given.id


async def cancel_run(client: Client, run: str) -> None:
    """Ask a run to stop: its statement gets ^C. Raises Refused."""
    try:
        await client.get_workflow_handle(run).cancel()
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            raise Refused(f"no open run `{run}`; `runbook-exec asks --all` lists them") from None
        raise Refused(f"run {run} cannot be stopped: {error.message}") from None


async def read_order(client: Client, run: str) -> Order:
    """Return what was ordered as a run; raises Refused."""
    handle = client.get_workflow_handle(run)
    try:
        order: Order = await asyncio.wait_for(handle.query("order", result_type=Order), _PATIENCE)
        return order
    except (TimeoutError, WorkflowQueryFailedError):
        raise Refused(f"run {run}: no worker with `--control` answers; start one, and try again") from None
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            raise Refused(f"no run `{run}` was ordered") from None
        raise Refused(f"run {run}: the server does not answer: {error.message}") from None


async def amend_run(client: Client, order: Order) -> None:
    """Send an order with another text to its run, which waits for a person. Raises Refused."""
    try:
        await client.get_workflow_handle(order.run).execute_update("amend", order, result_type=int)
    except WorkflowUpdateFailedError as error:
        cause = error.cause
        raise Refused(cause.message if isinstance(cause, ApplicationError) else str(cause)) from None
    except RPCError as error:
        raise Refused(f"run {order.run} took no other text: {error.message}") from None
