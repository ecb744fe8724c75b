"""Records the history of an ordered run, which every later version must replay.

Usage, before a release: .venv/bin/python -m tests.support.record_history NAME
writes tests/worker/histories/NAME.json.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from temporalio.client import Client

from runbook_exec.text.timestamps import make_timestamp
from runbook_exec.worker.client import answer_run, cancel_run, submit_order, watch_run
from runbook_exec.worker.orders import Order, RemoteAnswer
from tests.support.paths import REPOSITORY
from tests.support.program import prepare_program
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
            words = ("--host", "indri", "--pages", str(team.program.work))
            await asyncio.to_thread(team.start_worker, *words)
        if cancelled and view.question.kind == "confirm":
            await cancel_run(client, run)
            continue
        choice = CHOICES[view.question.kind]
        value = "s3cr3t" if choice == "value" else ""
        await answer_run(client, run, RemoteAnswer("", choice, value, by="bob"))
    return (await client.get_workflow_handle(run).fetch_history()).to_json()


def main() -> None:
    """Record a run that ends well, and a cancelled one."""
    with tempfile.TemporaryDirectory() as folder, run_test_server(Path(folder) / "server.log") as address:
        (Path(folder) / "team").mkdir()
        team = Team(prepare_program(Path(folder) / "team"), address, "histories")
        os.environ["XDG_CONFIG_HOME"] = folder
        team.program.write("page.md", PAGE)
        team.start_worker("--control")
        HISTORIES.mkdir(exist_ok=True)
        try:
            for cancelled in (False, True):
                text = asyncio.run(record(team, cancelled=cancelled))
                name = f"{sys.argv[1]}-{'cancelled' if cancelled else 'whole'}.json"
                (HISTORIES / name).write_text(text + "\n")
        finally:
            team.end()
    os._exit(0)  # a program with `temporalio` may abort at its own end


if __name__ == "__main__":
    main()
