"""A statement behaves as at a prompt: nothing of the driver is seen between two statements."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.live_session import open_session, run_statement, run_statements
from tests.support.paths import REPOSITORY
from tests.support.program import Program
from tests.support.shells import POSIX

BUGS = REPOSITORY / "tests" / "data" / "cases" / "bugs"


@pytest.mark.parametrize("shell", POSIX)
def test_the_last_argument_is_that_of_the_page(shell: str, tmp_path: Path) -> None:
    """`$_` is the last argument of the statement before, as on the next line of a prompt."""
    with open_session(shell, tmp_path) as session:
        run_statements(session, ["mkdir -p build/out", "cd $_"])
        assert session.cwd == str(tmp_path / "build" / "out")
        assert run_statements(session, ["echo a b", 'echo "$_"', 'echo "${_}"'])[1:] == ["b\n", "b\n"]
        run_statement(session, "sh -c 'exit 3' x")
        assert run_statement(session, 'echo "$? $_"').text == "3 x\n"


def test_a_page_that_changes_to_its_last_argument_runs(program: Program) -> None:
    """The page that showed it."""
    result = program.run_page((BUGS / "11-underscore.md").read_text(), "--yes", "--no-config")
    assert result.status == 0, result.output


@pytest.mark.parametrize("shell", POSIX)
def test_verbose_prints_only_the_page(shell: str, program: Program) -> None:
    """`set -v` prints no line of the driver, and can be turned off."""
    page = (BUGS / "28-set-v.md").read_text().replace("```bash", f"```{shell}")
    page += f"\n```{shell}\nfor i in 1 2; do\n  echo $i\ndone\necho $-\nset +v\necho $-\n```\n"
    result = program.run_page(page, "--yes", "--no-config")
    assert result.status == 0, result.output
    assert "runbook" not in result.stdout.split("run   ")[0].replace("runbook-exec", "")
    options = [line for line in result.stdout.splitlines() if "i" in line and "m" in line and " " not in line]
    assert ["v" in line for line in options] == [shell != "zsh", False]  # zsh forgets it between statements
    if shell == "bash":
        assert "$ echo a\necho a\na\n" in result.stdout


def test_a_trap_on_debug_sees_only_the_page(tmp_path: Path) -> None:
    """It runs before each command of the page, and before none of the driver's."""
    with open_session("bash", tmp_path) as session:
        printed = run_statements(
            session,
            ["trap 'echo \"+ $BASH_COMMAND\"' DEBUG", "echo a", "false | true", "sh -c 'exit 3'", "echo $?"],
        )
        assert printed == ["", "+ echo a\na\n", "+ false\n+ true\n", "+ sh -c 'exit 3'\n", "+ echo $?\n3\n"]
        assert run_statement(session, "trap -p DEBUG").text.count("BASH_COMMAND") == 1
        assert run_statements(session, ["trap - DEBUG", "echo b"]) == ["+ trap - DEBUG\n", "b\n"]


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_trap_on_errors_runs_once(shell: str, tmp_path: Path) -> None:
    """A failing command runs it once, and neither the gate nor the next statement runs it again."""
    with open_session(shell, tmp_path) as session:
        run_statements(session, ["trap 'echo failed' ERR", "set -E 2>/dev/null"])
        assert run_statements(session, ["false", "echo $?", "true | false", "echo a"]) == [
            "failed\n",
            "1\n",
            "failed\n",
            "a\n",
        ]


@pytest.mark.parametrize("shell", POSIX)
def test_a_redirected_input_stays(shell: str, tmp_path: Path) -> None:
    """After `exec <file` the next statements read the file, until it is undone."""
    (tmp_path / "f").write_text("1\n2\n3\n4\n")
    with open_session(shell, tmp_path) as session:
        run_statements(session, ["exec <f", "read a"])
        session.take_snapshot()
        assert run_statements(session, ["read b; echo $a $b", "cat"]) == ["1 2\n", "3\n4\n"]
        run_statement(session, "exec </dev/tty")
        assert run_statement(session, "test -t 0; echo $?").text == "0\n"
        assert run_statement(session, "command ls /proc/self/fd").text.split() == ["0", "1", "2", "3"]


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_a_job_has_the_number_of_a_prompt(shell: str, tmp_path: Path) -> None:
    """The first job in the background is `%1`."""
    with open_session(shell, tmp_path) as session:
        run_statement(session, "sleep 60 &")
        assert run_statement(session, "kill %1").status == 0
