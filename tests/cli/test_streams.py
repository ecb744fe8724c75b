"""Streams that are closed or full, and a full folder of temporary files, are reported in one line."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from runbook_exec.errors import Refused
from runbook_exec.session.connections.local import LocalConnection
from runbook_exec.session.session import Session
from tests.support.program import COMMAND, Program

PAGE = "# T\n\n## Steps\n\n```sh\ntouch ran\n```\n"


def run_in_shell(program: Program, words: str, redirections: str) -> subprocess.CompletedProcess[str]:
    """Run the program with redirections of a shell."""
    program.write("page.md", PAGE)
    return subprocess.run(
        ["sh", "-c", f'"$@" {words} {redirections}', "sh", *COMMAND],
        cwd=program.work,
        env=program.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("redirections", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_do_no_harm(program: Program, redirections: str) -> None:
    """The run is one without a person, and no file of ours takes the place of a stream."""
    done = run_in_shell(program, "page.md --yes", redirections)
    assert (done.returncode, done.stderr) == (0, "")
    assert (program.work / "ran").exists()
    assert program.read_events()[-1].event == "run_ended"


@pytest.mark.parametrize(
    "words", ["page.md --yes", "page.md --yes --json", "page.md --dry-run", "show page.md"]
)
def test_a_full_output_is_reported(program: Program, words: str) -> None:
    """One line says what is wrong, and nothing more runs."""
    done = run_in_shell(program, words, ">/dev/full")
    assert done.returncode == 1
    assert done.stderr == "cannot write the output: no space left on device; nothing more was run\n"
    assert not (program.work / "ran").exists()


def test_a_full_folder_of_temporary_files_is_reported(tmp_path: Path) -> None:
    """The message names the folder's variable."""
    with pytest.raises(Refused, match=r"cannot start the shell: no files can be made in .*\$TMPDIR"):
        Session("sh", connection=LocalConnection(str(tmp_path / "missing")))
