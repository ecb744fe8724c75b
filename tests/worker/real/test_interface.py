"""Temporal's own interface shows an encrypted run of the flagship through `codec`, and no secret."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from practice.forgejo import serving
from practice.run import BY_HAND, RUNBOOK, answers, outcomes
from practice.world import World, create
from tests.support.paths import REPOSITORY
from tests.support.program import COMMAND, Program
from tests.support.real_server import RealServer
from tests.support.team import Team, find_free_port, wait_until

pytestmark = pytest.mark.temporal_server

CAPTURED = "blumeops-proxy deploy"  # in the order, which is encrypted

_DATA = re.compile(r'"data": "([^"]*)"')  # of a payload, Base64

CHOICES = {"confirm": "run", "manual": "done"}


@dataclass(frozen=True)
class Rotation:
    """A team whose server has a codec for browsers, and the world that a page of it changes."""

    team: Team
    server: RealServer
    world: World
    codec: str  # the address of the codec server

    def read_token(self) -> str:
        """Return the token that 1Password has."""
        fields = [f for v in self.world.state()["vaults"] for i in v["items"] for f in i["fields"]]
        return next(str(field["value"]) for field in fields if field["label"] == "deploy-token")

    def show_history(self, run: str) -> str:
        """Return all that the server has of a run, decrypted."""
        origin = f"Origin=http://127.0.0.1:{self.server.ui_port}"
        codec = ("--codec-endpoint", self.codec, "--codec-header", origin)
        shown = self.server.run("workflow", "show", "-w", run, "--output", "json", *codec)
        return "\n".join(base64.b64decode(data).decode() for data in _DATA.findall(shown))

    def list_open(self) -> list[dict[str, Any]]:
        """Return the open runs, as `asks` prints them."""
        shown: list[dict[str, Any]] = json.loads(self.team.run("asks", "--all", "--json").stdout)
        return shown


@pytest.fixture
def rotation(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rotation]:
    """A worker in the practice world, with keys that encrypt everything, and a codec server."""
    port = find_free_port()
    server = RealServer(tmp_path_factory.mktemp("real"), "--ui-codec-endpoint", f"http://127.0.0.1:{port}")
    team = Team(program, server.address, "default")
    world = create(program.folder / "world", browser=True)
    shutil.copy(RUNBOOK, world.work)
    runtime = Path("/dev/shm") / f"runbook-exec-test-{os.getpid()}"
    runtime.mkdir(mode=0o700)
    assert team.run("codec", "--new-key").status == 0
    (keys,) = (program.folder / "home" / "config").rglob("codec.keys")
    copy = world.folder / "config" / "runbook-exec" / keys.name
    copy.parent.mkdir(parents=True)
    shutil.copy2(keys, copy)
    origin = f"http://127.0.0.1:{server.ui_port}"
    words = [*COMMAND, "codec", "--listen", f"127.0.0.1:{port}", "--origin", origin]
    codec = subprocess.Popen(words, env=team.environment(), stdout=subprocess.DEVNULL)
    try:
        with serving(str(world.folder)):
            environment = world.environment(os.environ) | {"XDG_RUNTIME_DIR": str(runtime)}
            environment |= {"PYTHONPATH": str(REPOSITORY), "TEMPORAL_ADDRESS": server.address}
            team.start_worker("--host", "indri", "--control", "--pages", str(world.work), env=environment)
            yield Rotation(team, server, world, f"http://127.0.0.1:{port}")
    finally:
        codec.kill()
        codec.wait()
        team.end()
        server.kill()
        shutil.rmtree(runtime)


def test_a_browser_shows_a_run_and_no_secret(rotation: Rotation, browser: Browser) -> None:
    """Due, it mints a token, waits for a person and ends well; the token is nowhere but where it belongs."""
    team, world = rotation.team, rotation.world
    page, capture = str(world.work / RUNBOOK.name), answers(world)[-1]
    done = team.run("schedule", page, "--on", "indri", "--capture", capture)
    assert done.status == 0, done.output
    assert "due, because it has never succeeded there: run rotate-fly-token@indri." in done.stdout
    run = done.stdout.partition("`runbook-exec asks ")[2].partition("`")[0]
    asked: list[str] = []

    def has_ended() -> bool:
        for each in rotation.list_open():
            question = (each["view"] or {}).get("question")
            if each["run"] == run and question and question["id"] not in asked:
                asked.append(question["id"])
                assert question["kind"] in CHOICES, question
                answered = team.run("answer", run, CHOICES[question["kind"]], "--id", question["id"])
                assert answered.status == 0, answered.output
        return run not in [each["run"] for each in rotation.list_open()]

    wait_until(has_ended, "the run ends")
    assert [each.split(":")[1] for each in asked if each.startswith("manual")] == [BY_HAND]
    assert all(is_so for _, is_so in outcomes(world)), outcomes(world)
    token = rotation.read_token()
    text = show_in_browser(rotation, browser, run)
    history = rotation.show_history(run)
    assert CAPTURED in history
    assert '"question":"manual"' in history
    assert token not in text + history
    for secret in (token, token.partition(",")[0].partition(" ")[2]):
        assert find_files(rotation, secret.encode()) == []
    assert "not due: it last succeeded" in team.run("schedule", "--trigger", "rotate-fly-token@indri").stdout


def find_files(rotation: Rotation, secret: bytes) -> list[str]:
    """Return the files of the server and of the worker that have a secret."""
    folders = (rotation.server.database.parent, rotation.team.program.folder)
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert rotation.server.database in files
    theirs = (
        rotation.world.folder
    )  # 1Password and Forgejo of the practice have the token, which is the purpose
    ours = [path for path in files if theirs not in path.parents or theirs / "runs" in path.parents]
    assert any(path.suffix == ".jsonl" for path in ours)
    return [str(path) for path in ours if secret in path.read_bytes()]


def show_in_browser(rotation: Rotation, browser: Browser, run: str) -> str:
    """Return what Temporal's own interface shows of a run; without the codec it shows nothing of the page."""
    address = f"http://127.0.0.1:{rotation.server.ui_port}/namespaces/default/workflows/{run}"
    context = browser.new_context()
    context.set_default_timeout(60_000)
    shown = context.new_page()
    shown.goto(address)
    expect(shown.locator(".cm-content", has_text=CAPTURED).first).to_be_attached(timeout=60_000)
    content = "\n".join([shown.content(), *shown.locator(".cm-content").all_inner_texts()])
    context.close()
    blind = browser.new_context()
    blind.route("**/decode", lambda route: route.abort())
    other = blind.new_page()
    other.goto(address)
    expect(other.get_by_text("RunbookRun1").first).to_be_attached(timeout=60_000)
    assert CAPTURED not in other.content()
    blind.close()
    return content
