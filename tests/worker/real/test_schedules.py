"""Schedules on a real Temporal server: when they are due, what pauses them, and what changes them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from tests.support.team import Team, wait_until

pytestmark = pytest.mark.temporal_server

PAGE = """\
---
runbook: {cadence: 75d}
---
# Page

## Steps

### One

```fish
echo one >>log
```

### Two

<!-- runbook: confirm="Go on?" -->
```fish
echo two >>log; not test -e bad
```
"""

_CADENCE = 75 * 86400


def read_schedule(team: Team) -> dict[str, Any]:
    """Return the only schedule, as `--list --json` prints it."""
    (known,) = json.loads(team.run("schedule", "--list", "--json").stdout)
    assert isinstance(known, dict)
    return known


def wait_for_outcome(team: Team, outcome: str) -> dict[str, Any]:
    """Wait until the last time of the schedule has come to this, and return the schedule."""
    known: dict[str, Any] = {}

    def has_come() -> bool:
        known.update(read_schedule(team))
        return bool(known["latest"] and known["latest"]["outcome"] == outcome)

    wait_until(has_come, lambda: f"the schedule has come to {outcome}, and not {known}")
    return known


def test_a_schedule_is_offset_by_the_last_success(real_team: Team) -> None:
    """Made for a page that never succeeded, it starts a run at once; the next is due a cadence after that."""
    team = real_team
    team.program.write("page.md", PAGE)
    team.start_worker()
    made = team.run("schedule", "page.md", "--on", "indri")
    assert made.status == 0, made.output
    assert (
        "schedule page@indri is made: page.md on indri, every 75 d\ndue, because it has never" in made.stdout
    )
    run = read_schedule(team)["latest"]["run"]
    team.wait_for_question(run, "2.1  asks: Go on?")
    waits = team.run("schedule", "--trigger", "page@indri")
    assert f"run {run}; `runbook-exec asks {run}` shows what it waits for" in waits.stdout
    assert team.run("answer", run, "run").status == 0
    known = wait_for_outcome(team, "succeeded")
    assert team.read_effects() == ["one", "two"]
    due = datetime.fromisoformat(known["next"]).timestamp()
    succeeded = datetime.fromisoformat(known["latest"]["succeeded"]).timestamp()
    wait_until(
        lambda: datetime.fromisoformat(read_schedule(team)["next"]).timestamp() == succeeded + _CADENCE,
        f"the next time, {due}, is {_CADENCE} s after {succeeded}",
    )
    assert team.run("schedule", "--trigger", "page@indri").stdout.startswith("not due: it last succeeded on ")
    again = team.run("schedule", "page.md", "--on", "indri")
    assert (again.status, "`--replace` changes it" in again.stderr) == (2, True)
    changed = team.run("schedule", "page.md", "--on", "indri", "--every", "30d", "--replace")
    assert "is changed: page.md on indri, every 30 d\nnot due" in changed.stdout
    assert team.run("schedule", "--remove", "page@indri").status == 0
    assert team.run("schedule", "--list").stdout == "no schedule is made\n"
    assert team.read_effects() == ["one", "two"]


def test_a_failed_run_pauses_its_schedule(real_team: Team) -> None:
    """It starts nothing until a person has seen to it; a page that was run by hand is not due then."""
    team = real_team
    team.program.write("page.md", PAGE.replace('confirm="Go on?"', "timeout=1m"))
    team.program.write("bad", "")
    team.start_worker()
    made = team.run("schedule", "page.md", "--on", "indri", "--every", "20s", "--on-failure", "stop")
    assert made.status == 0, made.output
    wait_until(lambda: read_schedule(team)["paused"], "the schedule is paused")
    listed = team.run("schedule", "--list").stdout
    assert "page@indri  page.md on indri, every 20.0 s: paused, paused due to workflow failure" in listed
    assert "runbook-exec schedule --unpause page@indri" in listed
    paused = team.run("schedule", "--trigger", "page@indri")
    assert (paused.status, "`--unpause page@indri` continues it" in paused.stderr) == (2, True)
    (team.program.work / "bad").unlink()
    assert team.run("page.md", "--yes").status == 0
    effects = team.read_effects()
    assert team.run("schedule", "--unpause", "page@indri").stdout.startswith("not due: it last succeeded on")
    assert team.read_effects() == effects

    def has_run() -> bool:
        if read_schedule(team)["paused"]:  # seen: paused again for a failure of seconds ago
            team.run("schedule", "--unpause", "page@indri")
        return len(team.read_effects()) > len(effects)

    wait_until(has_run, lambda: f"the schedule starts a run when it is due, and not {read_schedule(team)}")


def test_a_schedule_that_its_host_refuses_is_not_kept(real_team: Team) -> None:
    """The page must be on the host, unless its text goes with the schedule."""
    team = real_team
    pages = team.program.folder / "pages"
    pages.mkdir()
    team.start_worker("--host", "indri", "--control", "--pages", str(pages))
    team.program.write("page.md", PAGE)
    refused = team.run("schedule", "page.md", "--on", "indri")
    assert refused.status == 2
    assert "host indri has no `page.md` in the folder that its worker has as `--pages`" in refused.stderr
    assert "the schedule is removed again" in refused.stderr
    assert team.run("schedule", "--list").stdout == "no schedule is made\n"
    fixed = team.run("schedule", "page.md", "--on", "indri", "--fixed")
    assert "due, because it has never succeeded there" in fixed.stdout
