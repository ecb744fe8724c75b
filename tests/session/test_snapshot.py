"""A shell tells what it holds whole, however much that is, or it tells nothing; that harms neither side."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.live_session import open_session, run_statement
from tests.support.shells import SHELLS

LARGE = 150_000  # more bytes than a pipe holds


def fill(shell: str) -> str:
    """A statement that sets a large variable."""
    if shell == "fish":
        return f"set big (string repeat -n {LARGE} x)"
    return f"big=$(head -c {LARGE} /dev/zero | tr '\\0' x)"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_tells_all_that_it_holds_again_and_again(shell: str, tmp_path: Path) -> None:
    """More than a pipe takes at once, and the second time as the first."""
    with open_session(shell, tmp_path) as session:
        assert b"big" not in session.take_snapshot()
        run_statement(session, fill(shell))
        for _ in range(3):
            assert b"x" * LARGE in session.take_snapshot()
        assert run_statement(session, "echo on").text == "on\n"


def never(shell: str) -> str:
    """A statement after which the shell never comes to the end of what it tells, but for ^C."""
    if shell == "fish":
        return "function functions; while true; end; end"
    return "printf() { while :; do :; done; }"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_that_does_not_answer_has_told_nothing_and_lives(
    shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of what it holds would look like all of it; and no question is worth the shell."""
    monkeypatch.setattr("runbook_exec.session.session._ANSWERED", 0.3)
    monkeypatch.setattr("runbook_exec.session.termination._PATIENCE", 0.1)
    with open_session(shell, tmp_path) as session:
        run_statement(session, "set -g v kept" if shell == "fish" else "v=kept")
        run_statement(session, never(shell))
        assert session.take_snapshot() == b""
        assert run_statement(session, "echo $v").text == "kept\n"
