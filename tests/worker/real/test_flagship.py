"""The flagship as a scheduled run in a practice world: due, logged in and approved from elsewhere, done."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from practice.forgejo import serving
from practice.run import RUNBOOK, SHARED_MEMORY, outcomes
from practice.world import LOGIN_CODE, World, create
from tests.support.paths import REPOSITORY
from tests.support.program import COMMAND, Program
from tests.support.real_server import RealServer
from tests.support.team import Team, wait_until

pytestmark = pytest.mark.temporal_server


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A practice world whose login waits for a person, and whose secrets are in memory."""
    made = create(tmp_path / "world", browser=False)
    shutil.copy(RUNBOOK, made.work)
    runtime = SHARED_MEMORY / f"practice-{os.getpid()}"
    runtime.mkdir(mode=0o700)
    with serving(str(made.folder)):
        yield made
    shutil.rmtree(runtime)


def find_token(world: World) -> str:
    """Return the token that 1Password has now."""
    fields = [f for vault in world.state()["vaults"] for item in vault["items"] for f in item["fields"]]
    return next(str(field["value"]) for field in fields if field["label"] == "deploy-token")


def test_the_flagship_runs_by_its_schedule(program: Program, real_server: RealServer, world: World) -> None:
    """A person types the login's code, does a step, gives a value; the token reaches no file around it."""
    team = Team(program, real_server.address, "default")
    runtime = SHARED_MEMORY / f"practice-{os.getpid()}"
    there = world.environment(os.environ) | {
        "PYTHONPATH": str(REPOSITORY),
        "TEMPORAL_ADDRESS": real_server.address,
        "XDG_RUNTIME_DIR": str(runtime),
    }
    try:
        team.start_worker("--host", "indri", "--control", "--pages", str(world.work), env=there)
        shutil.copy(RUNBOOK, program.work)
        made = team.run("schedule", RUNBOOK.name, "--on", "indri", "--hold", "10m")
        assert "every 75 d\ndue, because it has never succeeded there: run " in made.stdout, made.output
        run = made.stdout.rpartition("run ")[2].partition(";")[0]
        shown = ""

        def waits_for_the_login() -> bool:
            nonlocal shown
            shown = team.run("asks").stdout
            return "paste code here if prompted" in shown

        wait_until(waits_for_the_login, lambda: f"the login waits, and not: {shown}")
        assert f"runbook-exec attach {run}" in shown
        with pexpect.spawn(
            COMMAND[0], [*COMMAND[1:], "attach", run], cwd=str(world.work), env=there, encoding="utf-8"
        ) as person:
            person.expect_exact("paste code here if prompted", timeout=60)
            person.sendline(LOGIN_CODE)
            person.expect_exact("successfully logged in", timeout=60)
            person.send("\x1dd")
            person.expect(pexpect.EOF, timeout=60)
        team.wait_for_question(run, "5b  is for a person to do")
        assert team.run("answer", run, "done", "--note", "workflow run 42").status == 0
        team.wait_for_question(run, "6.2  needs <old-token-id>")
        old = world.state()["old_token"]
        assert team.run("answer", run, "value", "--value", old).status == 0
        team.wait_for_end(run)
        assert [so for _, so in outcomes(world)] == [True] * 4
        listed = team.run("schedule", "--list").stdout
        assert f"  run {run}: succeeded" in listed
        assert team.run("schedule", "--trigger", f"{RUNBOOK.stem}@indri").stdout.startswith("not due")
    finally:
        team.end()
    real_server.kill()
    secret = find_token(world).removeprefix("FlyV1 ").removeprefix("fm2_").encode()
    folders = [real_server.database.parent, program.folder, world.folder, runtime]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    vault = world.folder / "vault"
    text = b"".join(path.read_bytes() for path in files if vault not in path.parents)
    assert old.encode() in text  # what is no secret is found so
    assert [secret[at : at + 8] for at in range(len(secret) - 7) if secret[at : at + 8] in text] == []
