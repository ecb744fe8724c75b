"""The workflow of a fleet: a run for each host, some at a time, and none more after too many have failed.

As in `workflows`, what is released is never edited.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, ChildWorkflowError, WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from ..orders import CONTROL_QUEUE, FleetHost, FleetOrder, FleetProgress, FleetTarget, LegResult

_NOT_BEGUN = "not begun"


@workflow.defn(name="RunbookFleet1")
class RunbookFleet1:
    """A page on many hosts: each has a run of its own, which this workflow starts and waits for."""

    @workflow.init
    def __init__(self, fleet: FleetOrder) -> None:
        self._fleet = fleet
        self._hosts = {each.name: FleetHost(each.name, each.run) for each in fleet.targets}
        self._stop = ""  # why no more hosts begin
        self._has_ended = False

    @workflow.run
    async def run(self, fleet: FleetOrder) -> FleetProgress:
        """Run the page on the first hosts, and on the others if those succeed; return how each has ended."""
        await self._run_some(fleet.targets[: fleet.first], 0)
        await self._run_some(fleet.targets[fleet.first :], fleet.stop_after)
        self._has_ended = True
        return self.state()

    @workflow.query
    def state(self) -> FleetProgress:
        """Return how far the fleet is."""
        fleet = self._fleet
        return FleetProgress(fleet.fleet, fleet.order.page, tuple(self._hosts.values()), self._has_ended)

    async def _run_some(self, targets: Sequence[FleetTarget], stop_after: int) -> None:
        """Run the page on hosts until all have ended, or until more than `stop_after` have failed."""
        left = list(targets)
        running: set[asyncio.Task[None]] = set()
        try:
            while (left and not self._stop) or running:
                while left and not self._stop and len(running) < self._fleet.at_once:
                    running.add(asyncio.create_task(self._run_host(left.pop(0))))
                _, pending = await workflow.wait(running, return_when=asyncio.FIRST_COMPLETED)
                running = set(pending)
                self._count_failures(stop_after)
        except asyncio.CancelledError:
            for task in running:
                task.cancel()
            if running:
                await workflow.wait(running)
            raise
        for target in left:
            host = self._hosts[target.name]
            self._hosts[target.name] = replace(host, outcome=_NOT_BEGUN, reason=self._stop)

    def _count_failures(self, stop_after: int) -> None:
        failed = sum(host.outcome not in ("", "succeeded") for host in self._hosts.values())
        if failed > stop_after and not self._stop:
            self._stop = f"not begun after {failed} host{'s' * (failed != 1)} did not succeed"

    async def _run_host(self, target: FleetTarget) -> None:
        """Run the page on a host, and note how it ends."""
        began = workflow.now()
        self._hosts[target.name] = replace(self._hosts[target.name], has_begun=True)
        order = replace(self._fleet.order, host=target.name, run=target.run, signature=target.signature)
        reason = ""
        try:
            result: LegResult = await workflow.execute_child_workflow(
                "RunbookRun1",
                order,
                id=target.run,
                task_queue=CONTROL_QUEUE,
                result_type=LegResult,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                parent_close_policy=workflow.ParentClosePolicy.REQUEST_CANCEL,
                static_summary=f"{order.page} on {order.host}",
            )
            outcome, reason = result.outcome, result.reason
        except WorkflowAlreadyStartedError:
            outcome, reason = "refused", f"run {target.run} was ordered already"
        except ChildWorkflowError as error:
            cause = error.cause
            outcome = "stopped"  # cancelled, or terminated
            if isinstance(cause, ApplicationError):
                outcome, reason = cause.type or "failed", cause.message
        seconds = (workflow.now() - began).total_seconds()
        host = self._hosts[target.name]
        self._hosts[target.name] = replace(host, outcome=outcome, reason=reason, seconds=seconds)
