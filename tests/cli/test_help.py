"""The help of each command, on narrow and wide screens, with and without colours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runbook_exec.cli.commands import COMMANDS
from runbook_exec.cli.commands.runs import ACTIONS
from tests.support.program import COMMAND, Program
from tests.support.screen import open_screen

NAMES = ("", *COMMANDS, *(f"runs {action}" for action in ACTIONS if action))


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_the_help_fits_the_screen(program: Program, columns: int) -> None:
    """No line of any help is wider than the screen, and each names its usage first."""
    for name in NAMES:
        ran = program.run(*name.split(), "--help", env={"COLUMNS": str(columns)})
        assert (ran.status, ran.stderr) == (0, ""), name
        assert ran.stdout.startswith(f"usage: runbook-exec {'[run]' if name in ('', 'run') else name}"), name
        wide = [line for line in ran.stdout.splitlines() if len(line) > columns]
        assert wide == [], name


def test_the_help_has_colours_in_a_terminal_only(program: Program, tmp_path: Path) -> None:
    """Headings are bold and options coloured; `NO_COLOR` and a pipe get plain text."""
    plain = program.run("lint", "--help", env={"COLUMNS": "80"}).stdout
    assert "\x1b" not in plain
    with open_screen([*COMMAND, "lint", "--help"], tmp_path, program.environment()) as shown:
        assert shown.wait_status() == 0
        assert {1, 36} <= shown.styles
        painted = shown.raw.decode().replace("\r\n", "\n")
    assert re.sub(r"\x1b\[\d*m", "", painted) == plain
    without = program.environment({"NO_COLOR": "1"})
    with open_screen([*COMMAND, "lint", "--help"], tmp_path, without) as shown:
        assert shown.wait_status() == 0
        assert not {1, 36} & shown.styles


def test_each_help_lists_its_exit_statuses(program: Program) -> None:
    """The help of a command that can end in several ways says what each exit status means."""
    for name in ("", "lint", "rehearse", "resume", "fleet", "attach", "trust", "runs", "due", "docs"):
        assert "\nexit status:\n" in program.run(*name.split(), "--help").stdout, name
