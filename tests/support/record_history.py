"""Records the history of an ordered run, which every later version must replay.

Usage, before a release: .venv/bin/python -m tests.support.record_history VERSION
writes tests/worker/histories/WORKFLOW-VERSION-WHAT.json.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from temporalio.client import Client

from runbook_exec.text.timestamps import make_timestamp
from runbook_exec.worker.client import (
    amend_run,
    answer_run,
    cancel_run,
    read_order,
    submit_order,
    watch_run,
)
from runbook_exec.worker.fleets.client import submit_fleet
from runbook_exec.worker.orders import FleetOrder, FleetTarget, Order, RemoteAnswer
from tests.support.due_times import make_standing_order, start_due
from tests.support.paths import REPOSITORY
from tests.support.program import fish_page, prepare_program
from tests.support.team import Team, run_test_server

HISTORIES = REPOSITORY / "tests" / "worker" / "histories"

PAGE = """\
---
runbook:
  inputs:
    token: {secret: true}
---
# Page

## Steps

### One

```fish
test -n <token>
```

### Two

```fish
false
```

### Three

<!-- runbook: confirm="Go on?" -->
```fish
true
```
"""

FLEET = ("a", "b", "c", "d", "e")

CHOICES = {"value": "value", "failed": "skip", "confirm": "run", "away": "again"}


async def record(team: Team, *, cancelled: bool) -> str:
    """Return the history of a run that is away, gets a secret, fails, and is confirmed or cancelled."""
    client = await Client.connect(team.server, namespace=team.namespace)
    run = f"cancelled-{os.getpid()}" if cancelled else f"whole-{os.getpid()}"
    await submit_order(client, Order(run, "indri", "page.md", PAGE, issued=make_timestamp(), patience=2.0))
    async for view in watch_run(client, run):
        if view.question is None:
            continue
        if view.question.kind == "away" and len(team.workers) == 1:
            hosts = [word for name in ("indri", *FLEET) for word in ("--host", name)]
            await asyncio.to_thread(team.start_worker, *hosts, "--pages", str(team.program.work))
        if cancelled and view.question.kind == "confirm":
            await cancel_run(client, run)
            continue
        choice = CHOICES[view.question.kind]
        value = "s3cr3t" if choice == "value" else ""
        await answer_run(client, run, RemoteAnswer("", choice, value, by="bob"))
    return (await client.get_workflow_handle(run).fetch_history()).to_json()


async def record_amended(team: Team) -> str:
    """Return the history of a run that gets another text twice, of which one is skipped."""
    client = await Client.connect(team.server, namespace=team.namespace)
    run, texts = f"amended-{os.getpid()}", ["echo skipped", "echo taken"]
    asking = fish_page("true", above='<!-- runbook: confirm="Go on?" -->')
    await submit_order(client, Order(run, "indri", "amended.md", asking, issued=make_timestamp()))
    async for view in watch_run(client, run):
        if view.question is None:
            continue
        if view.question.kind == "confirm" and texts:
            order = await read_order(client, run)
            text = asking.replace("true", texts.pop(0))
            await amend_run(client, replace(order, text=text, amended=order.amended + 1))
            continue
        choice = "skip" if view.question.kind == "changed" and texts else "run"
        await answer_run(client, run, RemoteAnswer("", choice, by="bob"))
    return (await client.get_workflow_handle(run).fetch_history()).to_json()


async def record_ran(team: Team) -> str:
    """Return the history of a time at which a page was due, ran, and was asked about."""
    client = await Client.connect(team.server, namespace=team.namespace)
    handle = await start_due(client, make_standing_order(page="quick.md"))
    await handle.result()
    return (await handle.fetch_history()).to_json()


async def record_not_due(team: Team) -> str:
    """Return the history of a time at which a page had succeeded meanwhile: by a run of another schedule."""
    client = await Client.connect(team.server, namespace=team.namespace)
    handle = await start_due(client, make_standing_order(page="quick.md"))
    await handle.result()
    return (await handle.fetch_history()).to_json()


async def record_fleet(team: Team) -> str:
    """Return the history of a fleet that begins no more hosts after failures."""
    client = await Client.connect(team.server, namespace=team.namespace)
    fleet = f"fleet-{os.getpid()}"
    text = fish_page("mkdir taken")  # all but the first fail
    order = Order("", "", "page.md", text, issued=make_timestamp(), on_failure="stop")
    targets = tuple(FleetTarget(name, f"{fleet}.{name}") for name in FLEET)
    await submit_fleet(client, FleetOrder(fleet, order, targets, at_once=2, stop_after=1))
    await client.get_workflow_handle(fleet).result()
    return (await client.get_workflow_handle(fleet).fetch_history()).to_json()


async def record_all(team: Team, version: str) -> None:
    """Record one history after another."""
    records = {
        "RunbookRun1-{}-whole": record(team, cancelled=False),
        "RunbookRun1-{}-cancelled": record(team, cancelled=True),
        "RunbookRun1-{}-amended": record_amended(team),
        "RunbookDue1-{}-ran": record_ran(team),
        "RunbookDue1-{}-not-due": record_not_due(team),
        "RunbookFleet1-{}-stopped": record_fleet(team),
    }
    for name, recorded in records.items():
        (HISTORIES / f"{name.format(version)}.json").write_text(await recorded + "\n")


def main() -> None:
    """Record histories of each workflow."""
    with tempfile.TemporaryDirectory() as folder, run_test_server(Path(folder) / "server.log") as address:
        (Path(folder) / "team").mkdir()
        team = Team(prepare_program(Path(folder) / "team"), address, "histories")
        os.environ["XDG_CONFIG_HOME"] = folder
        team.program.write("page.md", PAGE)
        team.program.write("quick.md", fish_page("true"))
        team.start_worker("--control")
        HISTORIES.mkdir(exist_ok=True)
        try:
            asyncio.run(record_all(team, sys.argv[1]))
        finally:
            team.end()
    os._exit(0)  # a program with `temporalio` may abort at its own end


if __name__ == "__main__":
    main()
