"""A shell reports its state completely, at any size, or not at all; the session survives."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from runbook_exec.shells.registry import SHELLS as SHELL_TYPES
from runbook_exec.shells.snapshot import ShellState, is_exported
from tests.support.live_session import home_environment, open_session, run_statement
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


VALUES = (
    "", " ", "plain", "two words", "two  blanks", "it's", "it's 'q'  x", "'", "'a'  'b'", 'say "yes"', "a\\",
    "\\\\", "\\'", "a\\nb", "a\nb", "it's\nnew  line\\", "tab\there", "$HOME", "*", "~", "a;b|c&d", "#",
    "\x01", "\x1b[1m", "é → 漢",
)  # fmt: skip


@pytest.mark.parametrize("shell", SHELLS)
def test_every_value_can_be_given_to_another_shell(shell: str, tmp_path: Path) -> None:
    """The code of a variable sets exactly its value, whatever is in it; a list of fish keeps its items."""
    fish, names = shell == "fish", [f"v{number}" for number in range(len(VALUES))]
    for name, value in zip(names, VALUES, strict=True):
        (tmp_path / name).write_text(value, encoding="utf-8")
    read = "read -z -g {0} <{0}" if fish else "{0}=$(cat {0}; echo .); {0}=${{{0}%.}}"
    write = "builtin printf %s ${0} >{0}.now" if fish else 'printf %s "${0}" >{0}.now'
    with open_session(shell, tmp_path) as session:
        for name in names:
            run_statement(session, read.format(name))
        if fish:
            run_statement(session, 'set -g all "$' + '" "$'.join(names) + '"')
        state = ShellState(SHELL_TYPES[shell])
        state.update(session.take_snapshot())
    with open_session(shell, tmp_path) as session:
        for name in names:
            run_statement(session, state.definitions[f"variable {name}"])
            run_statement(session, write.format(name))
        if fish:
            run_statement(session, state.definitions["variable all"])
            run_statement(session, "string join0 -- $all >all.now")
    assert [(tmp_path / f"{name}.now").read_text(encoding="utf-8") for name in names] == list(VALUES)
    if fish:
        assert (tmp_path / "all.now").read_text(encoding="utf-8").split("\0")[:-1] == list(VALUES)


def test_the_history_of_a_user_of_fish_is_no_state(tmp_path: Path) -> None:
    """A history can have many thousand lines, and hold what must not be shown."""
    history = Path(home_environment(tmp_path)["XDG_DATA_HOME"]) / "fish" / "fish_history"
    history.write_text("- cmd: echo of-long-ago\n  when: 1600000000\n", encoding="utf-8")
    with open_session("fish", tmp_path, clean=False) as session:  # else fish reads no history
        assert run_statement(session, "string match -- '*ago' $history").text == "echo of-long-ago\n"
        run_statement(session, "set -g x 'a  b' c")
        assert b"of-long-ago" not in session.take_snapshot()


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


CHANGES = {
    "fish": (
        "set -g x 5",
        "set -gx x 6",
        "set -g x 7",
        "echo 8 | read -g x",
        "/bin/true | read -g x",
    ),
    "bash": ("x=5", "export x=6", "x=7", "printf -v x 8", "readonly x", "read x </dev/null; :", "y=1 && x=2"),
    "zsh": ("x=5", "export x=6", "x=7", "echo 8 | read x", "printf -v x 9", "readonly x", "x=10"),
    "sh": ("x=5", "export x=6", "x=7", "read x </dev/null; :", "readonly x", "x=8"),
}
QUIET = ("ls -d / | cat", "cat /dev/null >out 2>&1; /bin/true && /bin/true", 'ls -d "$HOME" $PWD')


@pytest.mark.parametrize("shell", CHANGES)
def test_every_change_of_a_variable_is_seen(shell: str, tmp_path: Path) -> None:
    """What the run knows of the shell without a snapshot is what a snapshot shows, after each statement."""
    with open_session(shell, tmp_path) as session:
        state = ShellState(SHELL_TYPES[shell])
        state.update(session.take_snapshot())
        for code in (*CHANGES[shell], *QUIET, *reversed(CHANGES[shell])):
            run_statement(session, code)
            state.update_after(code, session.take_snapshot)
            whole = ShellState(SHELL_TYPES[shell])
            whole.update(session.take_snapshot())
            assert read_values(state) == read_values(whole), code


def read_values(state: ShellState) -> dict[str, tuple[bool, list[str]]]:
    """Return whether each variable that the statements set is exported, and its words."""
    return {
        key: (is_exported(code), shlex.split(code.rpartition("=")[2].rpartition(" ")[2]))
        for key, code in state.definitions.items()
        if key in ("variable x", "variable y", "readonly x")
    }


@pytest.mark.parametrize("shell", CHANGES)
def test_plain_programs_need_no_snapshot(shell: str, tmp_path: Path) -> None:
    """Pipelines, lists and redirections of programs change no variable."""
    with open_session(shell, tmp_path) as session:
        state = ShellState(SHELL_TYPES[shell])
        state.update(session.take_snapshot())
        for code in QUIET[1:2] if shell == "fish" else QUIET:  # `ls` is a function of fish
            assert not state.update_after(code, lambda redefined: pytest.fail("a snapshot was taken"))
