"""After a disk failure no further statement starts, and the journal stays readable.

The disk is full, broken or not writable. The kill matrix tests that no statement starts after any failed
write.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.kill_matrix import run_dying
from tests.support.program import Program, fish_page

OUTPUT = "6"  # the operation on the journal that writes the output of the first statement


@pytest.fixture
def runtime() -> Iterator[Path]:
    """Return a private runtime folder in memory."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        yield Path(name)


@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
def test_a_running_statement_ends_by_itself(program: Program, error: str) -> None:
    """If its output cannot be written, the statement is not interrupted.

    The next statement does not start.
    """
    program.write(
        "page.md", fish_page("command sh -c 'echo one; sleep 0.3; echo two; touch ended'", "touch made")
    )
    ran = run_dying(program, f"fail:{OUTPUT}:{error}", "page.md", "--yes")
    assert ran.status == 1
    assert "; the run stops when this statement has ended\n" in ran.stdout
    assert "two\n" in ran.stdout
    assert ((program.work / "ended").exists(), (program.work / "made").exists()) == (True, False)
    assert program.run("runs", "verify").status == 0
    assert "unfinished" in program.run("runs").stdout
    ran = program.run("resume", "--yes")
    assert (ran.status, "`--assume done 1.1`" in ran.stdout) == (3, True)


def test_a_captured_secret_survives_a_full_disk(program: Program, runtime: Path) -> None:
    """The secret is stored although the journal cannot record its capture."""
    page = fish_page("echo s3cr3t-and-long-enough", "echo <new-token> | wc -c >length")
    program.write("page.md", page)
    program.run("trust", "page.md", "--yes")
    mints = ("--yes", "--capture", "new-token=1.1")
    env: dict[str, str | None] = {"XDG_RUNTIME_DIR": str(runtime)}
    assert run_dying(program, f"fail:{OUTPUT}:ENOSPC", "page.md", *mints, env=env).status == 1
    assert program.run("resume", "--yes", "--assume", "done", "1.1", env=env).status == 0
    assert (program.work / "length").read_text().strip() == "23"


@pytest.mark.parametrize(
    ("error", "told"), [("EACCES", "permission denied"), ("EROFS", "read-only file system")]
)
def test_a_state_folder_without_permission_is_refused(program: Program, error: str, told: str) -> None:
    """The run is refused before anything happens, with one line."""
    program.write("page.md", fish_page("touch made"))
    ran = run_dying(program, f"shut:1:{error}", "page.md", "--yes")
    assert (ran.status, ran.stdout, (program.work / "made").exists()) == (2, "", False)
    assert ran.stderr.startswith("error: cannot write the journal `")
    assert f".jsonl`: {told}; set XDG_STATE_HOME to a folder that you can write to\n" in ran.stderr


@pytest.mark.parametrize("error", ["EACCES", "ENOSPC"])
def test_a_journal_that_cannot_be_continued_is_refused(program: Program, error: str) -> None:
    """Resuming is refused if the journal cannot be opened or written."""
    program.run_page(fish_page("true", "test -e wanted; and touch made"), "--yes")
    (program.work / "wanted").touch()
    before = program.journal_path().read_bytes()
    what = "shut" if error == "EACCES" else "fail"
    ran = run_dying(program, f"{what}:1:{error}", "resume", "--yes")
    assert ran.status == {"shut": 2, "fail": 1}[what]
    assert "cannot write the journal `" in ran.output
    assert not (program.work / "made").exists()
    assert program.run("runs", "verify").status == 0
    assert program.journal_path().read_bytes() == before


def test_a_secret_that_cannot_be_stored_is_reported(program: Program, runtime: Path) -> None:
    """The run continues."""
    (runtime / "runbook-exec").write_text("in the way\n")
    env: dict[str, str | None] = {"XDG_RUNTIME_DIR": str(runtime)}
    page = fish_page("echo s3cr3t-and-long-enough", "echo <new-token> | wc -c >length")
    ran = program.run_page(page, "--yes", "--capture", "new-token=1.1", env=env)
    told = " ".join(ran.stdout.split())
    assert f"cannot keep the secrets of this run in `{runtime}/runbook-exec/" in told
    assert (ran.status, (program.work / "length").read_text().strip()) == (0, "23")


def test_a_broken_cast_leaves_the_journal_complete(program: Program) -> None:
    """The cast may end anywhere in a line; the run, its journal and its reports are complete."""
    program.write("page.md", fish_page("echo one", "touch made"))
    ran = run_dying(program, "cast:2:EIO", "page.md", "--yes")
    assert (ran.status, (program.work / "made").exists()) == (0, True)
    assert ran.stdout.count(".cast`: input/output error; the run continues without it\n") == 1
    assert json.loads(program.run("runs", "show", "--json").stdout)["outcome"] == "succeeded"
    assert program.run("runs", "report", "--format", "html").status == 0
