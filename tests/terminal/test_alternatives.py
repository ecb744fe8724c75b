"""A person is asked which alternative runs, once for all tabs with the same labels."""

from __future__ import annotations

from tests.runner.test_alternatives import TABS, log
from tests.support.program import COMMAND, Program
from tests.support.screen import ENTER, open_screen


def test_a_tab_is_chosen_once_for_the_run(program: Program) -> None:
    """The question names the tabs and their commands; the next tabs are not asked about."""
    program.write("ready", "")
    program.write("page.md", TABS)
    with open_screen([*COMMAND, "page.md"], program.work, program.environment()) as shown:
        shown.wait("2 alternatives", "1  Debian", "echo install-deb", "2  macOS", "which one? ›")
        shown.type("2")
        shown.wait("▌  echo install-mac >> log", "enter run", " ›")
        shown.type(ENTER)
        shown.wait("▌  echo start >> log", "enter run", " ›")
        shown.type(ENTER)
        shown.wait("▌  test -e ready", "enter run", " ›")
        shown.type(ENTER)
        text = shown.wait("▌  echo check-mac >> log", "enter run", " ›")
        assert "echo check-deb" not in text
        shown.type(ENTER)
        shown.wait("Done.")
        assert shown.wait_status() == 0
    assert log(program) == ["install-mac", "start", "check-mac"]


def test_a_choice_survives_the_run_that_made_it(program: Program) -> None:
    """Left after the choice and resumed without a person, the run has nothing to ask."""
    program.write("ready", "")
    program.write("page.md", TABS)
    with open_screen([*COMMAND, "page.md"], program.work, program.environment()) as shown:
        shown.wait("which one? ›")
        shown.type("2")
        shown.wait("▌  echo install-mac >> log", "enter run", " ›")
        shown.type(ENTER)
        shown.wait("▌  echo start >> log", "enter run", " ›")
        shown.type("q")
        assert shown.wait_status() == 130
    ran = program.run("resume", "--yes", "--no-input")
    assert (ran.status, log(program)) == (0, ["install-mac", "start", "check-mac"])
