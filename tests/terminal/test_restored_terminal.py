"""However a statement ends, the terminal is as before it, and plain output costs no byte."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.support.program import COMMAND, Program
from tests.support.screen import ENTER, INTERRUPT, Screen, open_screen

# sequence -> the one that undoes it
UNDONE = {b"\x1b=": b"\x1b>", b"\x1b[3;10r": b"\x1b[r", b"\x1b(0": b"\x1b(B", b"\x1b[4h": b"\x1b[4l"}
OFF = (b"1", b"6", b"1000", b"1049", b"2004")
CHANGE = r"printf '\033=\033[3;10r\033(0\033[4h\033[?1;6;1000;1049;2004h\033[?25l\033[31mchanged'"


def is_restored(shown: Screen) -> bool:
    """Whether everything that the statement has changed was changed back."""
    after = shown.raw[shown.raw.index(b"\x1b[31mchanged") :]
    return all(undo in after for undo in UNDONE.values()) and all(
        b"\x1b[?%bl" % mode in after for mode in OFF
    )


def write_page(program: Program, *statements: str) -> list[str]:
    """Write a page, and return the command that runs it."""
    program.write("odd.sh", CHANGE)
    code = "\n".join(statements)
    program.write("page.md", f"# Page\n\n## Steps\n\n```bash\n{code}\n```\n")
    return [*COMMAND, "page.md"]


@pytest.mark.parametrize("code", ["bash odd.sh", "bash -c '. ./odd.sh; kill -9 $$'"], ids=["ended", "killed"])
def test_the_next_question_finds_the_terminal_as_before(program: Program, code: str) -> None:
    """Whether the program has ended or was killed."""
    with open_screen(
        write_page(program, f"{code} || true", "true"), program.work, program.environment()
    ) as shown:
        shown.wait("1 of 1 ›")
        shown.type(ENTER)
        shown.wait("▌  true", "1 of 1 ›")
        assert is_restored(shown)
        shown.type("q")
        assert shown.wait_status() == 130


def test_an_interrupted_statement_is_undone(program: Program) -> None:
    """The question after ^C is on a terminal as before."""
    page = write_page(program, "bash -c '. ./odd.sh; sleep 100; true'")
    with open_screen(page, program.work, program.environment()) as shown:
        shown.wait("1 of 1 ›")
        shown.type(ENTER)
        shown.wait("changed")
        shown.type(INTERRUPT)
        shown.wait("interrupted")
        assert is_restored(shown)
        shown.wait("quit")
        shown.type("q")
        assert shown.wait_status() == 130


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_ended_leaves_the_terminal_as_before(program: Program, number: signal.Signals) -> None:
    """Also what the statement has changed just before the signal."""
    page = write_page(program, "bash odd.sh && sleep 100")
    with open_screen(page, program.work, program.environment()) as shown:
        shown.wait("1 of 1 ›")
        shown.type(ENTER)
        shown.wait("changed")
        shown.child.kill(number)
        assert shown.wait_status() == 130
        assert is_restored(shown)
        assert shown.modes[b"25"]


def test_what_the_shell_prints_at_its_end_is_undone(program: Program) -> None:
    """A trap on EXIT runs after the last statement."""
    page = write_page(program, "trap 'bash odd.sh' EXIT")
    with open_screen([*page, "--yes"], program.work, program.environment()) as shown:
        assert shown.wait_status() == 0
        assert is_restored(shown)


def test_plain_output_costs_no_byte(program: Program, tmp_path: Path) -> None:
    """Between what a statement prints and what we print after it is nothing."""
    page = write_page(program, "printf 'plain\\n'")
    with open_screen([*page, "--yes"], program.work, program.environment()) as shown:
        assert shown.wait_status() == 0
    assert b"plain\r\n  \x1b[32m\xe2\x9c\x93" in shown.raw
