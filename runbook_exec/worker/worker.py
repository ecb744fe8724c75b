"""Serves a host, or the workflows of all hosts: polls the server until it is told to end."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Coroutine, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from .. import __version__
from ..errors import Refused
from ..text.ansi import escape_unprintable
from .child_process import end_leg, find_leg_files
from .fetches.pieces import read_piece
from .fetches.workflow import RunbookFetch1
from .fleets.workflow import RunbookFleet1
from .leg_cleanup import remove_old_legs
from .legs import LegConductor, LegDied, LegHost, WrongPlace
from .notices import send_notice
from .orders import (
    CONTROL_QUEUE,
    DAY,
    NOT_DUE,
    DueFacts,
    FetchRequest,
    HostPlace,
    JournalPiece,
    Leg,
    LegResult,
    Order,
    OrderHead,
    RunNotice,
    ScheduleMove,
    name_queue,
)
from .places import read_place
from .schedules.client import move_schedule
from .schedules.due_check import find_due_facts
from .schedules.workflow import RunbookDue1
from .seals import format_public_key, obtain_host_key
from .workflows import RunbookRun1

_T = TypeVar("_T")

_TICK = 0.2  # seconds between two looks at a journal

_SHOWN = 200  # characters of output in a heartbeat


class HostActivities:
    """What a host does for the workflows of its runs."""

    def __init__(self, client: Client, host: LegHost) -> None:
        self._client = client
        self._host = host
        self._cancelled: set[str] = set()  # the runs that were told to end

    @activity.defn(name="claim")
    async def claim_run(self, head: OrderHead) -> HostPlace:
        """Return which state folder the run gets; it stays there."""
        try:
            key = format_public_key(obtain_host_key(self._host.state))
            return HostPlace(read_place(self._host.state), __version__, key)
        except Refused as refused:
            raise _make_refusal(refused) from None

    @activity.defn(name="due")
    async def check_due(self, order: Order) -> DueFacts:
        """Return whether the page of a schedule is due here."""
        try:
            if order.host != self._host.name:
                raise Refused(f"the schedule is for host {order.host}, and this is {self._host.name}")
            state, pages = self._host.state, self._host.pages
            facts = await asyncio.to_thread(find_due_facts, order, state, pages, datetime.now(UTC))
        except Refused as refused:
            _report(order.schedule, f"refused: {refused}")
            raise _make_refusal(refused) from None
        _report(order.schedule, "is due" if facts.is_due else f"is not due: succeeded {facts.succeeded}")
        return facts

    @activity.defn(name="fetch")
    async def fetch_piece(self, request: FetchRequest) -> JournalPiece:
        """Return a piece of the journal of a run."""
        host = self._host
        try:
            return await asyncio.to_thread(read_piece, request, host.name, host.state, host.signers)
        except Refused as refused:
            _report(request.run, f"refused: {refused}")
            raise _make_refusal(refused) from None

    @activity.defn(name="leg")
    async def run_leg(self, leg: Leg) -> LegResult:
        """Do a leg of a run."""
        run = leg.order.run
        _report(run, f"leg from event {leg.seen + 1}, attempt {activity.info().attempt}")
        try:
            conductor = LegConductor(leg, self._host)
            while True:
                step = await self._finish(asyncio.to_thread(conductor.advance), run)
                if isinstance(step, LegResult):
                    _report(run, f"{step.outcome}{f': {step.reason}' if step.reason else ''}")
                    return step
                activity.heartbeat(step.seq, step.statement, step.output[-_SHOWN:], step.quiet)
                await self._finish(asyncio.sleep(_TICK), run)
        except Refused as refused:
            _report(run, f"refused: {refused}")
            raise _make_refusal(refused) from None
        except (WrongPlace, LegDied, OSError) as error:
            _report(run, str(error))
            raise ApplicationError(str(error), type=type(error).__name__) from None

    async def _finish(self, work: Coroutine[Any, Any, _T], run: str) -> _T:
        """Return the result of some work, even if the run is cancelled meanwhile: then it is told to end.

        Raises asyncio.CancelledError if this worker is to leave the run alone.
        """
        task = asyncio.ensure_future(work)
        while True:
            try:
                return await asyncio.shield(task)
            except asyncio.CancelledError:
                if run in self._cancelled or not await self._is_cancelled(run):
                    raise
                self._cancelled.add(run)
                _report(run, "cancelled: told to end")
                await asyncio.to_thread(end_leg, find_leg_files(self._host.state, run))

    async def _is_cancelled(self, run: str) -> bool:
        """Return whether the run was cancelled or terminated; False if another attempt has its leg."""
        details = activity.cancellation_details()
        if details is None or details.worker_shutdown:
            return False
        if details.cancel_requested:
            return True
        if not details.not_found:
            return False
        description = await self._client.get_workflow_handle(activity.info().workflow_id or run).describe()
        return description.status != WorkflowExecutionStatus.RUNNING


def _report(run: str, text: str) -> None:
    print(escape_unprintable(f"run {run}: {text}"), flush=True)


def _make_refusal(problem: object) -> ApplicationError:
    return ApplicationError(str(problem), type="Refused", non_retryable=True)


class ControlActivities:
    """What is done for workflows where they run."""

    def __init__(self, client: Client, targets: Sequence[str]) -> None:
        self._client = client
        self._targets = targets

    @activity.defn(name="notify")
    async def notify_people(self, notice: RunNotice) -> None:
        """Tell people about a run."""
        if notice.state == NOT_DUE:
            return  # nothing has happened
        for problem in await asyncio.to_thread(send_notice, self._targets, notice):
            _report(notice.run, problem)

    @activity.defn(name="move-schedule")
    async def move(self, move: ScheduleMove) -> None:
        """Let a schedule be due a cadence after its last success."""
        await move_schedule(self._client, move)


async def serve(
    client: Client,
    hosts: Sequence[LegHost],
    greeting: str,
    *,
    control: bool,
    at_once: int,
    notify: Sequence[str] = (),
) -> None:
    """Serve hosts, the workflows, or both, until this process is told to end by a signal."""
    workers = []
    for host in hosts:
        activities = HostActivities(client, host)
        workers.append(
            Worker(
                client,
                task_queue=name_queue(host.name),
                activities=[
                    activities.claim_run,
                    activities.run_leg,
                    activities.check_due,
                    activities.fetch_piece,
                ],
                max_concurrent_activities=at_once,
            )
        )
    if control:
        # without a cache, no server waits for the one worker that has a workflow in it and may be dead
        control_activities = ControlActivities(client, notify)
        workers.append(
            Worker(
                client,
                task_queue=CONTROL_QUEUE,
                workflows=[RunbookRun1, RunbookDue1, RunbookFleet1, RunbookFetch1],
                activities=[control_activities.notify_people, control_activities.move],
                max_cached_workflows=0,
            )
        )
    logging.getLogger("temporalio").setLevel(logging.CRITICAL)  # a failed leg is reported by us
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    print(greeting, flush=True)
    async with asyncio.TaskGroup() as tasks:
        for each in workers:
            tasks.create_task(each.run())
        cleaning = tasks.create_task(_clean_up({host.state for host in hosts}))
        await stop.wait()
        cleaning.cancel()
        for each in workers:
            tasks.create_task(each.shutdown())


async def _clean_up(states: Iterable[Path]) -> None:
    """Remove what the legs of old runs have left, now and each day."""
    while True:
        for state in states:
            for run in await asyncio.to_thread(remove_old_legs, state, time.time()):
                _report(run, "ended long ago: the files of its legs are removed, its journal is kept")
        await asyncio.sleep(DAY)
