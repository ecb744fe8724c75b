"""A real Temporal server that is killed, alone and with all it serves: no effect is lost or comes twice."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.leg_kills import SERVER, VICTIMS, try_all
from tests.support.real_server import RealServer
from tests.support.team import Team, kill_leg, wait_until
from tests.support.webhooks import BEARER, HookProcess, read_payload
from tests.worker.test_hook import POD
from tests.worker.test_ordered_runs import ASKING, GATED

pytestmark = pytest.mark.temporal_server


def test_a_server_that_dies_ends_nothing(real_team: Team, real_server: RealServer) -> None:
    """In a statement, and with the worker at a question: the statement goes on, the question stays."""
    team = real_team
    team.program.write("page.md", GATED)
    worker = team.start_worker()
    run = team.submit()
    team.wait_for_effect("begun")
    real_server.kill()
    team.program.write("go", "")
    team.wait_for_effect("three")
    real_server.start()
    team.wait_for_end(run)
    assert team.read_effects() == ["one", "begun", "two", "three"]
    team.log.unlink()
    team.program.write("page.md", ASKING)
    run = team.submit()
    team.wait_for_question(run, "2.1  asks")
    real_server.kill()
    worker.kill()
    worker.wait()
    real_server.start()
    team.start_worker()
    team.wait_for_question(run, "2.1  asks")
    assert team.run("answer", run, "run").status == 0
    team.wait_for_end(run)
    assert team.read_effects() == ["one", "two"]


def test_after_a_power_cut_one_statement_is_in_doubt(real_team: Team, real_server: RealServer) -> None:
    """Server, worker, run and shell die at once: only the statement that was running is asked about."""
    team = real_team
    team.program.write("page.md", GATED)
    worker = team.start_worker()
    run = team.submit()
    team.wait_for_effect("begun")
    real_server.kill()
    worker.kill()
    worker.wait()
    kill_leg(team.program.runs.parent / "legs" / f"{run}.lock")
    real_server.start()
    team.start_worker()
    team.wait_for_question(run, "1.3  doubt")
    assert team.read_effects() == ["one", "begun"]
    assert team.run("answer", run, "done").status == 0
    team.wait_for_end(run)
    assert team.read_effects() == ["one", "begun", "two", "three"]


def test_random_kills(real_team: Team, real_server: RealServer) -> None:
    """Worker, run, shell, all of them, a frozen worker, the server: each effect comes once."""
    table = asyncio.run(try_all(real_team, len(VICTIMS) + 1, 4, real_server))
    assert table.wrong == []
    assert table.points[SERVER] == 1
    assert table.doubts["worker"] == table.doubts["frozen"] == table.doubts[SERVER] == 0


RULES = """
[source.alertmanager]
secret = "file:secret"
max-age = "3650d"

[[rule]]
source = "alertmanager"
when = { alertname = "KubePodCrashLooping" }
page = "pod.md"
on = "indri"
"""


def test_a_webhook_waits_for_the_server(real_team: Team, real_server: RealServer) -> None:
    """While the server is away the sender is asked to try again, and the alert starts one run after that."""
    real_team.program.write("pod.md", POD)
    hook = HookProcess(real_team, RULES)
    try:
        alert = read_payload("alertmanager")
        real_server.kill()
        assert hook.post("/alertmanager", alert, BEARER).status == 503
        real_server.start()
        wait_until(lambda: hook.post("/alertmanager", alert, BEARER).status == 200, "it is taken")
        (run,) = hook.post("/alertmanager", alert, BEARER).runs
        real_team.start_worker()
        real_team.wait_for_question(run, "2.1  asks: Go on?")
        assert real_team.read_effects() == ["shop/web-7d4b9c6f5d-x2v9k"]
    finally:
        assert hook.end() == 0
