"""A run without a person ends by itself: at the first thing that needs a person, or when it is told to."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest

from runbook_exec.engine.events import RunEnded
from tests.support.paths import REPOSITORY
from tests.support.program import Program

CASES = REPOSITORY / "tests" / "data" / "cases"


def read_case(name: str) -> str:
    """Return the text of a page among the cases."""
    return (CASES / f"{name}.md").read_text(encoding="utf-8")


def wait_for_file(path: Path) -> None:
    """Wait until a statement has made the file."""
    until = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < until, f"expected {path}"
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("bugs/01-pager", "step 1: `less` waits for the keyboard"),
        ("bugs/02-read", "step 1: `bash` waits for the keyboard: `Continue? [y/N]`"),
        ("operator/man", "step 1 is for a person to do"),
    ],
)
def test_a_run_waits_at_what_needs_a_person(program: Program, case: str, reason: str) -> None:
    """It ends with 3, says what it waits for, and runs nothing after it."""
    result = program.run_page(read_case(case), "--yes", "--no-config", "--json")
    assert result.status == 3, result.output
    ended = program.read_events()[-1]
    assert isinstance(ended, RunEnded)
    assert (ended.outcome, ended.reason.startswith(reason)) == ("waiting", True), ended.reason
    assert '"text":"after' not in result.stdout


def test_a_statement_that_waited_runs_again_when_the_run_is_resumed(program: Program) -> None:
    """The statement has failed, and its run can be resumed with a page that asks nothing."""
    page = "# T\n\n## Steps\n\n```bash\necho once >>log\n```\n\n```bash\nread x\n```\n"
    assert program.run_page(page, "--yes", "--no-config").status == 3
    program.write("page.md", page.replace("read x", "echo on"))
    result = program.run("resume", "--yes", "--accept-changes")
    assert result.status == 0, result.output
    assert (program.work / "log").read_text() == "once\n"


def test_pagers_are_off(program: Program) -> None:
    """`git log` prints everything, also if the shell's configuration sets a pager."""
    (program.folder / "home" / ".bashrc").write_text("export PAGER=less GIT_PAGER=less\n")
    for words in (
        ("init", "-q"),
        *(("commit", "-q", "--allow-empty", "-m", f"number {n}") for n in range(60)),
    ):
        author = ("-c", "user.name=me", "-c", "user.email=me@example.org")
        subprocess.run(["git", *author, *words], cwd=program.work, check=True)
    result = program.run_page(read_case("operator/gitlog"), "--yes")
    assert result.status == 0, result.output
    assert "number 0" in result.stdout
    assert "\nafter\n" in result.stdout


STEPS = "# T\n\n## Steps\n\n"

STUBBORN = {
    "ignores ^C": read_case("bugs/14-ignore-int").replace("sleep 300", "touch ready; sleep 300"),
    "ignores everything": f"{STEPS}```bash\ntrap '' INT TERM HUP; touch ready; sleep 300; sleep 300\n```\n",
    "a loop": f"{STEPS}```bash\nbash -c 'trap : INT TERM; touch ready; until [ -e x ]; do sleep 1; done'\n"
    "```\n",
    "a program": f"{STEPS}```fish\ntouch ready; sleep 300\n```\n",
}


@pytest.mark.parametrize("how", STUBBORN)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_one_signal_ends_a_run(program: Program, how: str, number: signal.Signals) -> None:
    """A statement that ignores ^C gets SIGTERM, and then SIGKILL; nothing after it runs."""
    shell = "fish" if "fish" in STUBBORN[how] else "bash"
    program.write("page.md", f"{STUBBORN[how]}\n```{shell}\ntouch after\n```\n")
    child = program.start("page.md", "--yes", "--no-config")
    wait_for_file(program.work / "ready")
    child.send_signal(number)
    assert child.wait(timeout=30) == 130
    ended = program.read_events()[-1]
    assert isinstance(ended, RunEnded)
    assert ended.outcome == "stopped"
    assert not (program.work / "after").exists()
