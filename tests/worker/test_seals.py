"""Secrets that answer a question of an ordered run."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.client import Client

from runbook_exec.errors import Refused
from runbook_exec.worker.seals import format_public_key, obtain_host_key, open_seal, seal_text
from tests.support.team import Team

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
string length -- <token> >>log
```

### Two

<!-- runbook: confirm="Go on?" -->
```fish
string length -- <token> >>log
```
"""

SECRET = "s3cr3t-Zebra-4711"


@given(text=st.text(max_size=50), purpose=st.text(max_size=20))
def test_a_sealed_text_is_for_one_host_and_purpose(
    tmp_path_factory: pytest.TempPathFactory, text: str, purpose: str
) -> None:
    """Every text comes back on the host it was sealed to, and only for its purpose."""
    folder = tmp_path_factory.getbasetemp()
    key, other = obtain_host_key(folder / "one"), obtain_host_key(folder / "two")
    sealed = seal_text(text, format_public_key(key), purpose)
    assert open_seal(sealed, key, purpose) == text
    for wrong, why in ((other, purpose), (key, f"{purpose}!")):
        with pytest.raises(Refused, match="was not sealed to this host, or for another question"):
            open_seal(sealed, wrong, why)


def read_server(team: Team, run: str) -> bytes:
    """Return all that the server has of a run."""

    async def read() -> bytes:
        client = await Client.connect(team.server, namespace=team.namespace)
        history = await client.get_workflow_handle(run).fetch_history()
        return b"".join(event.SerializeToString() for event in history.events)

    return asyncio.run(read())


def test_a_secret_reaches_the_host_alone(team: Team) -> None:
    """It is asked for once, and neither the server nor a file has it; another key of the host is refused."""
    team.program.write("page.md", PAGE)
    team.start_worker()
    run = team.submit()
    team.wait_for_question(run, "1.1  needs <token>")
    visible = team.run("answer", run, "value", "--value", SECRET)
    assert visible.status == 2
    assert "is a secret, and every user of this machine can see an argument" in visible.stderr
    answered = team.run("answer", run, "value", "--value", "-", given=f"{SECRET}\n")
    assert answered.status == 0
    assert "host indri: its key is new here, and noted" in answered.stderr
    team.wait_for_question(run, "2.1  asks: Go on?")
    assert team.run("answer", run, "run").status == 0
    team.wait_for_end(run)
    assert team.read_effects() == [str(len(SECRET))] * 2
    assert SECRET.encode() not in read_server(team, run)
    assert SECRET.encode() not in team.program.read_all_files()
    (pins,) = Path(team.program.folder).rglob("hosts.keys")
    pins.write_text(f"indri {'A' * 43}=\n")
    second = team.submit()
    team.wait_for_question(second, "1.1  needs <token>")
    refused = team.run("answer", second, "value", "--value", "-", given=SECRET)
    assert refused.status == 2
    assert "host indri has another key than before" in refused.stderr
