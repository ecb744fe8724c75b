"""Times at which a schedule is due, on a server that has no schedules itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine
from dataclasses import replace

from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDReusePolicy

from runbook_exec.text.timestamps import make_timestamp
from runbook_exec.worker.client import answer_run
from runbook_exec.worker.orders import CONTROL_QUEUE, DAY, DueView, Order, RemoteAnswer
from tests.support.team import Team

Test = Callable[[Client], Coroutine[None, None, None]]


def make_standing_order(**fields: object) -> Order:
    """Return what a schedule orders: the host's own page, every day."""
    order = Order("", "indri", "page.md", "", issued=make_timestamp(), heartbeat=2.0, every=DAY)
    schedule = f"s-{os.urandom(4).hex()}"
    return replace(order, **{"schedule": schedule, **fields})  # type: ignore[arg-type]


async def start_due(client: Client, order: Order) -> WorkflowHandle[object, DueView]:
    """Start what a schedule starts at a time."""
    handle: WorkflowHandle[object, DueView] = await client.start_workflow(
        "RunbookDue1",
        order,
        id=f"{order.schedule}-{os.urandom(4).hex()}",
        task_queue=CONTROL_QUEUE,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        result_type=DueView,
    )
    return handle


async def wait_for_phase(handle: WorkflowHandle[object, DueView], phase: str) -> DueView:
    """Return the state once it has this phase."""
    view: DueView
    while (view := await handle.query("state", result_type=DueView)).phase != phase:
        assert view.phase != "ended", view
    return view


async def answer_when_asked(client: Client, team: Team, run: str, choice: str) -> None:
    """Answer the question of a run once it asks one."""
    while True:
        view = await client.get_workflow_handle(run).query("state")
        if view["question"]:
            await answer_run(client, run, RemoteAnswer("", choice, by="bob"))
            return
