"""Temporary folders of killed runs are removed by the next run, and nothing else is."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from pathlib import Path

import pytest

from tests.support.program import Program

PAGE = "# Page\n\n## Steps\n\n```bash\ntouch begun; sleep 60\n```\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The folder of temporary files."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    return folder


def start_and_kill(program: Program, place: Path) -> None:
    """Start a run, and kill it while its statement runs."""
    program.write("page.md", PAGE)
    running = program.start("page.md", "--yes", env={"TMPDIR": str(place)})
    until = time.monotonic() + 30
    while not (program.work / "begun").exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.wait()


def run_another(program: Program, place: Path) -> None:
    """Start another run."""
    program.write("other.md", "# Page\n\n## Steps\n\n```bash\ntrue\n```\n")
    assert program.run("other.md", "--yes", env={"TMPDIR": str(place)}).status == 0


def make_folder(path: Path, mode: int = 0o700) -> Path:
    """Make a folder as a killed run leaves it."""
    path.mkdir(mode=mode)
    path.chmod(mode)
    (path / "lock").touch(mode=0o600)
    (path / "inside").mkdir()
    (path / "inside" / "file").touch()
    return path


def test_the_folder_of_a_killed_run_is_removed_at_the_next_start(program: Program, place: Path) -> None:
    """Only one that is killed leaves a folder."""
    start_and_kill(program, place)
    assert len(list(place.iterdir())) == 1
    run_another(program, place)
    assert list(place.iterdir()) == []


def test_the_folder_of_a_live_run_stays(program: Program, place: Path) -> None:
    """A second run starts and ends meanwhile, and the first one continues."""
    program.write(
        "page.md", PAGE.replace("sleep 60", "until test -e enough; do sleep 0.02; done; touch ended")
    )
    running = program.start("page.md", "--yes", env={"TMPDIR": str(place)})
    until = time.monotonic() + 30
    while not (program.work / "begun").exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    run_another(program, place)
    assert len(list(place.iterdir())) == 1
    (program.work / "enough").touch()
    assert running.wait(30) == 0
    assert (program.work / "ended").exists()
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("kind", ["", "rehearsal-", "record-", "exec-"])
def test_each_kind_of_folder_is_removed(program: Program, place: Path, kind: str) -> None:
    """Also folders in it that the rehearsal made read-only."""
    folder = make_folder(place / f"runbook-{kind}abcd1234")
    (folder / "inside").chmod(0o500)
    run_another(program, place)
    assert list(place.iterdir()) == []


def test_what_may_not_be_ours_stays(program: Program, place: Path) -> None:
    """Other names, folders that others may write to, without a lock, or with one that is held, and links."""
    outside = make_folder(place.parent / "outside")
    make_folder(place / "runbook-of-mine")
    make_folder(place / "runbook-abcd1234", 0o777)
    (place / "runbook-nolock00").mkdir(mode=0o700)
    (place / "runbook-linked00").symlink_to(outside)
    linked = make_folder(place / "runbook-lnklock0")
    (linked / "lock").unlink()
    (linked / "lock").symlink_to(outside / "lock")
    held = os.open(make_folder(place / "runbook-held0000") / "lock", os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    before = sorted(place.iterdir())
    run_another(program, place)
    os.close(held)
    assert sorted(place.iterdir()) == before
    assert (outside / "inside" / "file").exists()


def test_no_link_in_a_folder_is_followed(program: Program, place: Path) -> None:
    """The link goes, and what it names stays."""
    outside = make_folder(place.parent / "outside")
    (make_folder(place / "runbook-abcd1234") / "inside" / "link").symlink_to(outside)
    run_another(program, place)
    assert list(place.iterdir()) == []
    assert (outside / "inside" / "file").exists()
