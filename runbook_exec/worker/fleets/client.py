"""Orders fleets, and watches how far they are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from temporalio.client import Client, WorkflowFailureError, WorkflowQueryFailedError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from ...errors import Refused
from ..orders import CONTROL_QUEUE, FleetOrder, FleetProgress, OpenQuestion, RunView

_WORKFLOW = "RunbookFleet1"

_PATIENCE = 10.0  # seconds for an answer of a worker

_TICK = 1.0  # seconds between two looks

MOST_HOSTS = 500  # of one fleet: a server keeps a history of limited length

_MOST_TEXT = 20 << 20  # bytes of a page times its hosts


async def submit_fleet(client: Client, fleet: FleetOrder) -> None:
    """Order a page on many hosts; raises Refused if the fleet exists or is too large."""
    count = len(fleet.targets)
    if count > MOST_HOSTS:
        raise Refused(
            f"expected at most {MOST_HOSTS} hosts in a fleet of a server, got {count}; begin several"
        )
    if count * len(fleet.order.text.encode()) > _MOST_TEXT:
        raise Refused(
            f"the page is too long for {count} hosts: expected {_MOST_TEXT >> 20} MiB for all of them"
        )
    try:
        await client.start_workflow(
            _WORKFLOW,
            fleet,
            id=fleet.fleet,
            task_queue=CONTROL_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            static_summary=f"{fleet.order.page} on {count} hosts",
        )
    except WorkflowAlreadyStartedError:
        raise Refused(f"fleet `{fleet.fleet}` was ordered already") from None
    except RPCError as error:
        raise Refused(f"the server took no order: {error.message}") from None


async def watch_fleet(client: Client, fleet: str) -> AsyncIterator[FleetProgress]:
    """Yield how far a fleet is, from time to time, until it has ended: what is yielded last has all outcomes.

    While no worker answers, nothing is yielded. Raises Refused.
    """
    handle = client.get_workflow_handle(fleet, result_type=FleetProgress)
    while True:
        try:
            view: FleetProgress = await asyncio.wait_for(
                handle.query("state", result_type=FleetProgress), _PATIENCE
            )
            yield view
            if view.has_ended:
                return
            if (await handle.describe()).status != 1:  # 1: running
                yield await handle.result()
                return
        except WorkflowFailureError:
            raise Refused(f"fleet {fleet} was cancelled") from None
        except (TimeoutError, WorkflowQueryFailedError):
            pass
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                raise Refused(f"no fleet `{fleet}` was ordered on this server") from None
        await asyncio.sleep(_TICK)


async def find_questions(
    client: Client, progress: FleetProgress, describe: Callable[[str, OpenQuestion], list[str]]
) -> list[tuple[str, list[str]]]:
    """Return the runs of a fleet that wait for a person, with the lines that `describe` makes of each."""
    found = []
    for host in progress.hosts:
        if host.outcome or not host.has_begun:
            continue
        handle = client.get_workflow_handle(host.run)
        try:
            view = await asyncio.wait_for(handle.query("state", result_type=RunView), _PATIENCE)
        except (TimeoutError, WorkflowQueryFailedError, RPCError):
            continue  # it has not begun, or nobody answers
        if view.question is not None:
            found.append((host.run, describe(host.run, view.question)))
    return found
