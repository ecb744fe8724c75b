"""The original how-to and this project's runbook, run against the practice world."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from practice.forgejo import serving
from practice.run import RUNBOOK, answers, outcomes
from practice.world import World, create
from runbook_exec.engine.events import Event, StatementFinished, StatementStarted
from runbook_exec.journal.journal import read_journal
from tests.support.paths import DATA, REPOSITORY
from tests.support.program import COMMAND, Program, ProgramResult, fish_page

SEED = DATA / "documents" / "rotate-fly-token.md"
CAPTURE = ("--no-input", "--yes", "--capture", "paste-new-token=2")
NO_APP = "Error: the config for your app is missing an app name, add an app field to the fly.toml file"


@dataclass(frozen=True, slots=True)
class Rotation:
    """A run of the seed in a practice world, and the world after it."""

    world: World
    ran: ProgramResult

    def events(self) -> list[Event]:
        """Return the events in the run's journal."""
        (journal,) = (self.world.folder / "runs" / "runbook-exec" / "runs").glob("*.jsonl")
        return list(read_journal(journal))

    def token(self) -> str:
        """Return the minted token, which 1Password now has."""
        fields = [
            field
            for vault in self.world.state()["vaults"]
            for item in vault["items"]
            for field in item["fields"]
        ]
        return next(field["value"] for field in fields if field["label"] == "deploy-token")


Rotate = Callable[..., Rotation]


@pytest.fixture
def rotate(tmp_path: Path) -> Rotate:
    """Run the unchanged seed in a new world."""

    def start(*options: str, app_directory: bool = False) -> Rotation:
        world = create(tmp_path / "world", browser=True, app_directory=app_directory)
        shutil.copy(SEED, world.work)
        with serving(str(world.folder)):
            done = subprocess.run(
                [*COMMAND, SEED.name, *options],
                cwd=world.work,
                env=world.environment(os.environ) | {"PYTHONPATH": str(REPOSITORY)},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=60,
                start_new_session=True,
            )
        return Rotation(world, ProgramResult(done.returncode, done.stdout, done.stderr))

    return start


def test_the_how_to_runs_unchanged_to_its_own_mistake(rotate: Rotate) -> None:
    """Steps 1 to 5 rotate the token; step 6 stops at its line with `fly`'s message: no app."""
    rotation = rotate(*CAPTURE)
    ran = rotation.ran
    assert (ran.status, ran.stderr) == (1, "")
    assert NO_APP in ran.stdout
    assert f"{SEED.name}:86\n\n     86 │ fly tokens list\n        │ ^^^^^^^^^^^^^^^ exited 1\n" in ran.stdout
    finished = [event for event in rotation.events() if isinstance(event, StatementFinished)]
    assert [(event.step, event.line, event.status) for event in finished] == [
        (1, 43, 0),
        (2, 51, 0),
        (3, 62, 0),
        (4, 70, 0),
        (5, 76, 0),
        (6, 86, 1),
    ]
    state = rotation.world.state()
    assert state["forgejo"]["secrets"]["FLY_DEPLOY_TOKEN"] == rotation.token()
    assert not next(each for each in state["tokens"] if each["id"] == state["old_token"])["revoked_at"]


def test_with_an_app_the_run_waits_for_the_old_token(rotate: Rotate) -> None:
    """`fly` finds its app and shows the list; the run waits for an id that only a person knows."""
    rotation = rotate(*CAPTURE, app_directory=True)
    assert (rotation.ran.status, rotation.ran.stderr) == (3, "")
    listed = rotation.ran.stdout.index("$ fly tokens list")
    waits = rotation.ran.stdout.index("step 6 needs a value for `<old-token-id>`")
    assert listed < rotation.ran.stdout.index("CREATED BY") < waits
    assert "fly tokens revoke" not in rotation.ran.stdout


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_the_token_is_in_no_output_and_no_file(options: tuple[str, ...], rotate: Rotate) -> None:
    """Only the vault's files have it, or eight characters of it."""
    rotation = rotate(*CAPTURE, *options)
    token = rotation.token()
    assert token.startswith("FlyV1 ")
    vault = rotation.world.folder / "vault"
    files = [
        path for path in rotation.world.folder.rglob("*") if path.is_file() and vault not in path.parents
    ]
    told = rotation.ran.output + "".join(path.read_text(errors="replace") for path in files)
    secret = token.removeprefix("FlyV1 ").removeprefix("fm2_")
    assert [secret[at : at + 8] for at in range(len(secret) - 7) if secret[at : at + 8] in told] == []
    assert "••••••••" in told or "\\u2022" in told


def test_the_journal_has_statements_as_the_page_has_them(rotate: Rotate) -> None:
    """The text of a statement is that of the page, with the token masked."""
    started = [event for event in rotate(*CAPTURE).events() if isinstance(event, StatementStarted)]
    assert started[2].text == (
        "op item edit on5slfaygtdjrxmdwezyhfmqsq 'add more.deploy-token=••••••••' "
        "--vault vg6xf6vvfmoh5hqjjhlhbeoaie"
    )


def test_the_projects_own_runbook_runs_without_a_person() -> None:
    """The world shows the change from the old token to the new one."""
    done = subprocess.run(
        [sys.executable, "-m", "practice", "run", "--unattended"],
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        start_new_session=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    outcomes = done.stdout.partition("The practice world now:\n")[2].partition("\n\n")[0].splitlines()
    assert [line.split()[0] for line in outcomes] == ["✓"] * 4


def test_a_missing_fish_is_reported(program: Program) -> None:
    """One line names fish and ways to install it; nothing runs."""
    ran = program.run_page(fish_page("touch made"), "--yes", env={"PATH": str(program.folder)})
    assert (ran.status, ran.stdout) == (2, "")
    assert ran.stderr == (
        "error: page.md runs in fish, which is not on PATH; get it with `apt install fish`, "
        "`brew install fish` or https://fishshell.com\n"
    )
    assert not program.runs.exists()


def test_a_rotation_that_dies_before_it_stores_the_token_is_resumed(tmp_path: Path) -> None:
    """The resumed run stores the minted token, mints no other, and leaves it nowhere on a disk."""
    world = create(tmp_path / "world", browser=True)
    runtime = Path(tempfile.mkdtemp(dir="/dev/shm"))
    environment = world.environment(os.environ) | {
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_RUNTIME_DIR": str(runtime),
        "PYTHONPATH": str(REPOSITORY),
    }
    before = len(world.state()["tokens"])
    command = [sys.executable, "-m", "runbook_exec"]
    with serving(str(world.folder)):
        process = subprocess.Popen(
            [*command, str(RUNBOOK), *answers(world)],
            cwd=world.work,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        for line in process.stdout:
            if "captured <paste-new-token>" in line:
                process.kill()
                break
        process.communicate()
        resumed = subprocess.run(
            [*command, "resume", "--yes", "--no-input", "--assume", "again", "3.1"],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert len(world.state()["tokens"]) == before + 1
    assert all(done for _, done in outcomes(world))
    left = [path for folder in (world.work, tmp_path / "state", runtime) for path in folder.rglob("*")]
    token = re.compile(rb"fm2_[\w+/]{8}")  # the page's own pattern has the first letters of a token
    assert not [path for path in left if path.is_file() and token.search(path.read_bytes())]
    shutil.rmtree(runtime)
