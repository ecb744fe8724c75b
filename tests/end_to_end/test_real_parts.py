"""The flagship with the real mise and the real Ansible, without and with a fault."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from practice import parts
from practice.faults import FAULTS
from practice.mise import VERSION
from practice.run import RUNBOOK
from practice.world import World, begin, create
from runbook_exec.rehearsal.rehearse import Options, rehearse
from tests.support.paths import REPOSITORY

TRANSCRIPT = RUNBOOK.with_suffix(".real.rehearsal.md")


@dataclass(frozen=True, slots=True)
class Tried:
    """A run of `python -m practice run --real`, and the world after it."""

    status: int
    told: str
    world: World

    def leaks(self) -> list[str]:
        """Return secrets and parts of tokens in the output, or in a file outside the vault."""
        vault = self.world.folder / "vault"
        files = [
            path
            for path in self.world.folder.rglob("*")
            if path.is_file() and not path.is_symlink() and vault not in path.parents
        ]
        left = self.told + "".join(path.read_text(errors="replace") for path in files)
        fields = [
            field
            for held in self.world.state()["vaults"]
            for item in held["items"]
            for field in item["fields"]
        ]
        hidden = [field["value"] for field in fields if field["type"] == "CONCEALED"]
        parts = {part for value in hidden for part in re.split("[ ,]", value) if len(part) >= 8}
        return [part for part in parts if part in left]


def tried(folder: Path, *options: str) -> Tried:
    """Run the flagship on real parts; the world stays in `folder`."""
    done = subprocess.run(
        [sys.executable, "-m", "practice", "run", "--real", "--unattended", "--keep", *options],
        cwd=REPOSITORY,
        env=dict(os.environ) | {"TMPDIR": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        start_new_session=True,
    )
    (world,) = folder.glob("runbook-practice-*")
    return Tried(done.returncode, done.stdout, World(world))


def test_the_parts_are_real() -> None:
    """Both print their versions; the stand-in for mise has the real one's version."""
    mise = subprocess.run(
        [parts.mise(), "--version"], env={"MISE_OFFLINE": "1"}, capture_output=True, text=True
    )
    assert mise.stdout.split()[0] == VERSION.split()[0]
    ansible = subprocess.run([parts.ansible(), "--version"], capture_output=True, text=True)
    assert ansible.stdout.startswith("ansible-playbook [core 2.19.")


def test_missing_parts_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without them no world is made on real parts; the message explains how to get them."""
    monkeypatch.setattr(parts, "REPOSITORY", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"expected the real mise .*`scripts/test`"):
        create(tmp_path / "world", browser=False, real=True)


def test_the_rotation_runs_on_real_parts(tmp_path: Path) -> None:
    """The token is replaced; mise passes the tags on, and no secret is left anywhere."""
    run = tried(tmp_path)
    assert run.status == 0, run.told
    assert run.told.partition("The practice world now:\n")[2].count("✓") == 4
    assert "[provision-indri]" in run.told
    assert "forgejo_actions_secrets : Write the secrets of Forgejo Actions" in run.told
    assert "changed=1" in re.sub(r"\x1b\[[\d;]*m", "", run.told)
    assert not (run.world.work / "ansible" / "motd").exists()
    assert run.leaks() == []


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_at_its_line(name: str, tmp_path: Path) -> None:
    """The run stops at the faulty line with the reason; no secret is left anywhere."""
    run, fault = tried(tmp_path, "--fault", name), FAULTS[name]
    assert run.status == 1, run.told
    page = run.world.work / RUNBOOK.name
    number = page.read_text().splitlines().index(fault.line) + 1
    assert f"{RUNBOOK.name}:{number}\n\n     {number} │ {fault.line}\n" in run.told
    assert fault.says in run.told
    assert "Nothing after it was run." in run.told
    assert run.leaks() == []


@pytest.fixture
def stage(tmp_path: Path) -> Path:
    """Return a folder of runbooks beside the practice world and the real parts."""
    for name in ("practice", ".tools"):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    (tmp_path / "runbooks").mkdir()
    shutil.copy(TRANSCRIPT, tmp_path / "runbooks")
    return tmp_path / "runbooks"


def test_the_rehearsal_passes_on_real_parts(stage: Path) -> None:
    """The transcript names every call that mise and Ansible make."""
    shutil.copy(RUNBOOK, stage)
    result = rehearse(stage / TRANSCRIPT.name)
    assert result.findings == (), result.why
    assert result.outcome == "passed", result.why
    names = [came.words[0] for came in result.calls]
    assert names == [
        "fly",
        "fly",
        "op",
        "mise",
        "ansible-playbook",
        "op",
        "op",
        "mise",
        "op",
        "fly",
        "fly",
        "fly",
    ]


@pytest.mark.parametrize("name", FAULTS)
def test_a_rehearsal_finds_the_fault(name: str, stage: Path) -> None:
    """The first finding is at the faulty line."""
    fault, world = FAULTS[name], World(stage.parent / "world")
    shutil.copytree(REPOSITORY / "practice" / "stand-ins", world.bin)
    begin(world.folder)
    fault.breaks(world)
    world.work.mkdir()
    shutil.move(fault.page(RUNBOOK, world), stage)

    def prepare(folder: Path) -> None:
        shutil.copytree(world.folder / "vault", folder / "state" / "vault")

    result = rehearse(stage / TRANSCRIPT.name, Options(stand_ins=world.bin, prepare=prepare))
    assert result.outcome == "differs", result.why
    first = result.findings[0]
    assert first.runbook is not None
    assert (stage / RUNBOOK.name).read_text().splitlines()[first.runbook.line - 1] == fault.line
