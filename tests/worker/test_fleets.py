"""Fleets through a Temporal server: how many run at once, when no more begin, and what a kill changes."""

from __future__ import annotations

import json

from tests.support.fleet_kills import try_fleet
from tests.support.program import fish_page
from tests.support.team import Team


def test_killed_workers_change_nothing_in_a_fleet(team: Team) -> None:
    """Each host does everything once, and at most so many at once."""
    line, outcomes, wrong = try_fleet(team, 6, 0)
    assert wrong == []
    assert dict(outcomes) == {"succeeded": 6}
    assert "at most 3 at once" in line or "at most 2 at once" in line, line


def test_a_fleet_begins_no_more_hosts_after_failures(team: Team) -> None:
    """Its first hosts run before the others, the result says what was not begun, and `--resume` shows it."""
    team.program.write("page.md", fish_page("echo one >>log; test -e good"))
    names = [f"h{number}" for number in range(1, 6)]
    hosts = [word for name in names for word in ("--host", name)]
    team.start_worker(*hosts, "--control", "--pages", str(team.program.work))
    words = ("fleet", "page.md", "--on", ",".join(names), "--server", "-")
    canary = team.run(*words)
    assert canary.status == 1
    assert "h2, h3, h4 and 1 more    not begun\n      not begun after 1 host did not succeed" in canary.stdout
    assert "`--on h1,h2,h3,h4,h5` begins a fleet with the hosts left" in canary.stdout
    assert team.read_effects() == ["one"]
    stopped = team.run(*words, "--first", "0", "--stop-after", "1", "--at-once", "2", "--json")
    assert stopped.status == 1
    *ends, fleet = (json.loads(line) for line in stopped.stdout.splitlines())
    assert 2 <= fleet["outcomes"]["failed"] <= 3
    assert {end["host"] for end in ends} == {*names}
    again = team.run("fleet", "--resume", fleet["fleet"], "--server", "-", "--json")
    assert json.loads(again.stdout.splitlines()[-1]) == fleet
    team.program.write("good", "")
    assert team.run(*words).status == 0
    wrong = team.run(*words, "--inputs", "x.yml")
    assert (wrong.status, "`--inputs` does not go with `--server`" in wrong.stderr) == (2, True)
