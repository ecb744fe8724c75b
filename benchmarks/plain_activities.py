"""A plain Temporal worker, the peer of ordered runs: a workflow with an activity for each statement.

`python -m benchmarks.plain_activities HOST:PORT` serves until it is killed.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

QUEUE = "plain"


@activity.defn
async def run_statement(number: int) -> int:
    """Run a program, and return its exit status."""
    process = await asyncio.create_subprocess_exec("/bin/true", str(number), stdout=subprocess.PIPE)
    await process.communicate()
    return process.returncode or 0


@workflow.defn
class PlainStatements:
    """So many statements, one after the other."""

    @workflow.run
    async def run(self, count: int) -> int:
        """Return how many failed."""
        failed = 0
        for number in range(count):
            failed += bool(
                await workflow.execute_activity(
                    run_statement, number, start_to_close_timeout=timedelta(seconds=60)
                )
            )
        return failed


async def serve(server: str) -> None:
    """Serve until this process is killed."""
    client = await Client.connect(server)
    worker = Worker(client, task_queue=QUEUE, workflows=[PlainStatements], activities=[run_statement])
    print("serving", flush=True)
    await worker.run()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
