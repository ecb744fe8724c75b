"""A shell reports its state completely, at any size, or not at all; the session survives."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.live_session import open_session, run_statement
from tests.support.shells import SHELLS

LARGE = 150_000  # more bytes than the capacity of a pipe


def fill(shell: str) -> str:
    """Return a statement that sets a large variable."""
    if shell == "fish":
        return f"set big (string repeat -n {LARGE} x)"
    return f"big=$(head -c {LARGE} /dev/zero | tr '\\0' x)"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_reports_its_whole_state_repeatedly(shell: str, tmp_path: Path) -> None:
    """It is larger than the capacity of a pipe, and complete each time."""
    with open_session(shell, tmp_path) as session:
        assert b"big" not in session.take_snapshot()
        run_statement(session, fill(shell))
        for _ in range(3):
            assert b"x" * LARGE in session.take_snapshot()
        assert run_statement(session, "echo on").text == "on\n"


def never(shell: str) -> str:
    """Return a statement after which the shell never finishes its report, except after ^C."""
    if shell == "fish":
        return "function functions; while true; end; end"
    return "printf() { while :; do :; done; }"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_that_does_not_answer_reports_nothing_and_survives(
    shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the state would look like all of it. No question is worth the loss of the shell."""
    monkeypatch.setattr("runbook_exec.session.session._ANSWERED", 0.3)
    monkeypatch.setattr("runbook_exec.session.termination._PATIENCE", 0.1)
    with open_session(shell, tmp_path) as session:
        run_statement(session, "set -g v kept" if shell == "fish" else "v=kept")
        run_statement(session, never(shell))
        assert session.take_snapshot() == b""
        assert run_statement(session, "echo $v").text == "kept\n"
