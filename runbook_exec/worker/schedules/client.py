"""Makes, lists, moves and removes schedules on a server."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from temporalio.api.schedule.v1 import Schedule as ScheduleMessage
from temporalio.api.workflowservice.v1 import DescribeScheduleRequest, UpdateScheduleRequest
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleDescription,
    ScheduleHandle,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
    WorkflowFailureError,
    WorkflowQueryFailedError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from ...errors import Refused
from ..orders import CONTROL_QUEUE, DueView, Order, ScheduleMove

_WORKFLOW = "RunbookDue1"

_PATIENCE = 10.0  # seconds for an answer of a worker

_TICK = 0.3  # seconds between two looks at what has come of a time, or of a change

_MOVES = 10  # how often a change is tried

_ASKED = ("running", "not due", "ended")  # phases after the host has answered


@dataclass(frozen=True)
class KnownSchedule:
    """A schedule on the server."""

    id: str
    page: str
    host: str
    every: float  # seconds
    next: datetime | None  # None if it is paused
    paused: bool
    note: str  # why it is paused, or who has made it
    latest: DueView | None  # what has come of its last time; None if that is not known


async def create_schedule(client: Client, order: Order, every: float, *, replaces: bool) -> None:
    """Make a schedule that orders runs; or change one with this id, if it may replace one. Raises Refused."""
    schedule = _make_schedule(order, every)
    try:
        await client.create_schedule(order.schedule, schedule)
        return
    except ScheduleAlreadyRunningError:
        if not replaces:
            raise Refused(
                f"schedule `{order.schedule}` exists already; `--replace` changes it, `--id` names another"
            ) from None
    except RPCError as error:
        raise _explain_error(error, order.schedule) from None

    def change(now: ScheduleUpdateInput) -> ScheduleUpdate:
        return ScheduleUpdate(replace(schedule, state=now.description.schedule.state))

    await _try(client.get_schedule_handle(order.schedule).update(change), order.schedule)


def _make_schedule(order: Order, every: float) -> Schedule:
    cadence = timedelta(seconds=every)
    action = ScheduleActionStartWorkflow(
        _WORKFLOW,
        order,
        id=order.schedule,
        task_queue=CONTROL_QUEUE,
        static_summary=f"{order.page} on {order.host}",
    )
    policy = SchedulePolicy(ScheduleOverlapPolicy.SKIP, catchup_window=cadence, pause_on_failure=True)
    return Schedule(action=action, spec=_make_spec(every, datetime.now(UTC)), policy=policy)


def _make_spec(every: float, succeeded: datetime) -> ScheduleSpec:
    """Return times that are a cadence apart, from a success on: a server counts them from 1970."""
    return ScheduleSpec(
        intervals=[ScheduleIntervalSpec(timedelta(seconds=every), _find_offset(every, succeeded))]
    )


def _find_offset(every: float, succeeded: datetime) -> timedelta:
    return timedelta(seconds=int(succeeded.timestamp()) % max(1, int(every)))


async def move_schedule(client: Client, move: ScheduleMove) -> None:
    """Let a schedule be due a cadence after its last success. Raises RPCError; a removed one is left.

    The server drops a change of what is no longer so: somebody may pause the schedule at the same moment, or
    let it go on. The change is made again then. The client library leaves out the token that this needs.
    """
    place, name = client.namespace, move.schedule
    try:
        for _ in range(_MOVES):
            known = await client.workflow_service.describe_schedule(
                DescribeScheduleRequest(namespace=place, schedule_id=name)
            )
            changed = _move_spec(known.schedule, move)
            if changed == known.schedule:
                return
            update = UpdateScheduleRequest(
                namespace=place,
                schedule_id=name,
                schedule=changed,
                conflict_token=known.conflict_token,
                identity=client.identity,
                request_id=str(uuid.uuid4()),
            )
            await client.workflow_service.update_schedule(update)
            await asyncio.sleep(_TICK)
    except RPCError as error:
        if error.status not in (RPCStatusCode.NOT_FOUND, RPCStatusCode.UNIMPLEMENTED):
            raise


def _move_spec(schedule: ScheduleMessage, move: ScheduleMove) -> ScheduleMessage:
    """Return a schedule as the server has it, with other times."""
    changed = ScheduleMessage()
    changed.CopyFrom(schedule)
    (interval,) = changed.spec.interval
    every = timedelta(seconds=move.every) if move.every else interval.interval.ToTimedelta()
    succeeded = datetime.fromisoformat(move.succeeded)
    interval.interval.FromTimedelta(every)
    interval.phase.FromTimedelta(_find_offset(every.total_seconds(), succeeded))
    changed.policies.catchup_window.FromTimedelta(every)
    return changed


def find_interval(schedule: Schedule) -> float:
    """Return the cadence of a schedule in seconds."""
    return next((each.every.total_seconds() for each in schedule.spec.intervals), 0.0)


async def trigger_schedule(client: Client, schedule: str, *, by: str = "") -> DueView | None:
    """Let a schedule check now whether its page is due, and return what comes of that.

    A paused schedule goes on if `by` names the person who wants that. While a run of the schedule is open,
    the state of that run is returned. None is returned if the host has not answered so far. Raises Refused,
    also if the host refuses.
    """
    handle = client.get_schedule_handle(schedule)
    description = await _describe(handle)
    known = _list_started(description)
    before = description.schedule.state
    if by:
        await _unpause(handle, by, before.note)
    if description.info.running_actions:
        return await _find_view(client, known[-1], is_final=False)
    await _try(handle.trigger(overlap=ScheduleOverlapPolicy.SKIP), schedule)
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        new = [each for each in _list_started(await _describe(handle)) if each not in known]
        if new and (view := await _find_view(client, new[-1], is_final=False)) and view.phase in _ASKED:
            if by:  # a server was seen to pause it again for a failure of seconds ago
                await _unpause(handle, by, before.note)
            return view
        await asyncio.sleep(_TICK)
    return None


async def _unpause(handle: ScheduleHandle, by: str, note: str | None) -> None:
    """Let a schedule go on that is paused for the reason of this note; raises Refused."""
    state = (await _describe(handle)).schedule.state
    if state.paused and state.note == note:
        await _try(handle.unpause(note=f"unpaused by {by}"), handle.id)


def _list_started(description: ScheduleDescription) -> list[str]:
    """Return the ids of the workflows that a schedule has started last, oldest first."""
    info = description.info
    actions = [*(each.action for each in info.recent_actions), *info.running_actions]
    known = (each.workflow_id for each in actions if isinstance(each, ScheduleActionExecutionStartWorkflow))
    return list(dict.fromkeys(known))


async def _find_view(client: Client, workflow: str, *, is_final: bool) -> DueView | None:
    """Return what has come of a time; None if no worker answers. Raises Refused if it failed at once.

    With `is_final` a failure is an outcome.
    """
    handle = client.get_workflow_handle(workflow, result_type=DueView)
    try:
        view: DueView = await asyncio.wait_for(handle.query("state", result_type=DueView), _PATIENCE)
        if view.phase not in ("asking",) or (await handle.describe()).status == 1:  # 1: running
            return view
        await handle.result()
    except WorkflowFailureError as error:
        cause = error.cause
        why = cause.message if isinstance(cause, ApplicationError) else str(cause)
        if not is_final:
            raise Refused(why) from None
        return DueView("ended", outcome=f"refused: {why}")
    except (TimeoutError, WorkflowQueryFailedError, RPCError):
        pass
    return None


async def list_schedules(client: Client, schedule: str = "") -> list[KnownSchedule]:
    """Return our schedules by name, or the one with this id; raises Refused if there is none with it."""
    if schedule:
        handle = client.get_schedule_handle(schedule)
        return [await _make_known(client, await _describe(handle))]
    found = []
    try:
        names = [each.id async for each in await client.list_schedules()]
    except RPCError as error:
        raise _explain_error(error, schedule) from None
    for name in sorted(names):
        description = await _describe(client.get_schedule_handle(name))
        action = description.schedule.action
        if isinstance(action, ScheduleActionStartWorkflow) and action.workflow == _WORKFLOW:
            found.append(await _make_known(client, description))
    return found


async def _make_known(client: Client, description: ScheduleDescription) -> KnownSchedule:
    schedule, started = description.schedule, _list_started(description)
    action = description.raw_description.schedule.action.start_workflow
    (order,) = await client.data_converter.decode(action.input.payloads, [Order])
    times = description.info.next_action_times
    return KnownSchedule(
        description.id,
        order.page,
        order.host,
        find_interval(schedule),
        times[0] if times and not schedule.state.paused else None,
        schedule.state.paused,
        schedule.state.note or "",
        await _find_view(client, started[-1], is_final=True) if started else None,
    )


async def pause_schedule(client: Client, schedule: str, note: str) -> None:
    """Let a schedule start nothing; raises Refused."""
    await _try(client.get_schedule_handle(schedule).pause(note=note), schedule)


async def remove_schedule(client: Client, schedule: str) -> None:
    """Remove a schedule; its open run goes on. Raises Refused."""
    await _try(client.get_schedule_handle(schedule).delete(), schedule)


async def _describe(handle: ScheduleHandle) -> ScheduleDescription:
    try:
        return await handle.describe()
    except RPCError as error:
        raise _explain_error(error, handle.id) from None


async def _try(request: Awaitable[None], schedule: str) -> None:
    try:
        await request
    except RPCError as error:
        raise _explain_error(error, schedule) from None


def _explain_error(error: RPCError, schedule: str) -> Refused:
    if error.status == RPCStatusCode.NOT_FOUND:
        return Refused(f"no schedule `{schedule}`; `runbook-exec schedule --list` lists them")
    if error.status == RPCStatusCode.UNIMPLEMENTED:
        return Refused("this server has no schedules; they need Temporal 1.17 or later")
    return Refused(f"schedule {schedule}: the server refused: {error.message}")
