"""A shell ends by its own `exit`: traps and handlers run, detached jobs stay, ended jobs are named."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import REPOSITORY
from tests.support.program import Program
from tests.support.shells import POSIX, SHELLS

BUGS = REPOSITORY / "tests" / "data" / "cases" / "bugs"


def make_page(shell: str, *codes: str) -> str:
    """Return a page with a block for each statement."""
    return "# T\n\n## Steps\n\n" + "\n".join(f"```{shell}\n{code}\n```\n" for code in codes)


def find_sleeping(seconds: str) -> Iterator[int]:
    """Yield the processes `sleep SECONDS`."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[:2] == [b"sleep", seconds.encode()]:
            yield int(folder.name)


def test_a_trap_on_exit_runs(program: Program) -> None:
    """What the page wants to be cleaned up is."""
    result = program.run_page((BUGS / "10-trap-exit.md").read_text(), "--yes", "--no-config")
    assert result.status == 0, result.output
    assert (program.work / "cleaned.txt").read_text() == "cleaned\n"


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("last", ["true", "sh -c 'exit 3'"])
def test_the_output_of_a_handler_is_shown(shell: str, last: str, program: Program) -> None:
    """It comes after the last statement, on both streams, also if the run has failed."""
    trap = "trap 'echo cleaned $?; echo error >&2' EXIT"
    if shell == "fish":
        trap = "function clean --on-event fish_exit; echo cleaned; echo error >&2; end"
    result = program.run_page(make_page(shell, trap, last), "--yes", "--no-config")
    assert result.status == (0 if last == "true" else 1), result.output
    after = result.stdout.split("cleaned", 2)[-1]
    assert "error\n" in after
    assert "exit\n" not in after
    if shell != "fish":
        assert after.startswith(f" {0 if last == 'true' else 3}\n")


def test_a_secret_that_a_trap_prints_is_masked(program: Program) -> None:
    """The output of a trap passes the same filter as that of a statement."""
    page = make_page("bash", "trap 'cat secret' EXIT", "echo <api-token> >secret")
    result = program.run_page(page, "--yes", "--no-config", "--set", "api-token=hunter2hunter2")
    assert result.status == 0, result.output
    (program.work / "secret").unlink()
    assert b"hunter2hunter2" not in result.output.encode() + program.journal_path().read_bytes()


def test_a_trap_that_does_not_end_is_ended(program: Program) -> None:
    """The run ends within a time limit."""
    begun = time.monotonic()
    result = program.run_page(make_page("bash", "trap 'sleep 1003' EXIT"), "--yes", "--no-config")
    assert time.monotonic() - begun < 20
    assert result.status == 0, result.output
    assert list(find_sleeping("1003")) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_detached_jobs_stay(shell: str, program: Program) -> None:
    """`disown` and a double fork leave a job running, as a terminal does."""
    page = (BUGS / "27-disown.md").read_text().replace("```bash", f"```{shell}")
    if shell == "fish":
        page = page.replace("(sleep 1004 &)", "sh -c '(sleep 1004 &)'")
    result = program.run_page(page, "--yes", "--no-config")
    assert result.status == 0, result.output
    left = [list(find_sleeping(seconds)) for seconds in ("1004", "1005")]
    for pid in (pid for pids in left for pid in pids):
        os.kill(pid, signal.SIGKILL)
    assert [len(each) for each in left] == [1, 1]
    assert "ended the background job" not in result.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_a_job_that_is_ended_is_named(shell: str, program: Program) -> None:
    """A job in the background ends with the shell, and the run says so."""
    result = program.run_page(make_page(shell, "sleep 1006 &", "echo on"), "--yes", "--no-config")
    assert result.status == 0, result.output
    assert "ended the background job `sleep 1006" in result.stdout
    until = time.monotonic() + 60
    while list(find_sleeping("1006")):
        assert time.monotonic() < until


@pytest.mark.parametrize("shell", POSIX)
def test_a_stopped_job_does_not_keep_the_shell(shell: str, program: Program) -> None:
    """The shell exits although it warns of stopped jobs at a prompt."""
    result = program.run_page(
        make_page(shell, "sleep 1007 &", "kill -STOP $!; sleep 0.3"), "--yes", "--no-config"
    )
    assert result.status == 0, result.output
    until = time.monotonic() + 60
    while list(find_sleeping("1007")):
        assert time.monotonic() < until
