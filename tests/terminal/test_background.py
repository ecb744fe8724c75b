"""Commands that never end, with an operator: sent to the background, ended by hand, and left alone by ^C."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from runbook_exec.engine.attempts.background_events import BackgroundEnded, BackgroundOutput
from runbook_exec.engine.events import Output
from tests.runner.test_background import is_running, wait_for_death
from tests.support.program import COMMAND, Program
from tests.support.screen import ENTER, INTERRUPT, STOP, Screen, open_screen

SERVE = "while true; do echo $$ >pid; echo tick; sleep 0.1; done"


@contextmanager
def guided(program: Program, shell: str, *scripts: str) -> Iterator[Screen]:
    """Start a guided run of a page with a step for each script."""
    steps = [f"### {n}. Step\n\n```{shell}\n{script}\n```\n" for n, script in enumerate(scripts, 1)]
    program.write("page.md", "# Page\n\n## Procedure\n\n" + "\n".join(steps))
    with open_screen([*COMMAND, "page.md"], program.work, program.environment(), rows=50) as shown:
        yield shown


def answer(shown: Screen, question: str, *keys: str) -> None:
    """Wait for a text and type keys."""
    shown.wait(question)
    shown.type(*keys)


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_the_operator_sends_it_to_the_background_and_goes_on(program: Program, shell: str) -> None:
    """^C of a later statement spares it, its output is apart, and it is ended with the run."""
    serve = "tail -f log"
    (program.work / "log").write_text("first\n")
    with guided(program, shell, serve, "sh -c 'echo second >>log; sleep 60'", "echo last") as shown:
        told = " ".join(shown.wait("1 of 3 ›").split())
        assert "`tail -f` runs until it is ended, and statements come after it." in told
        assert "^Z sends it to the background" in told
        shown.type(ENTER)
        answer(shown, "\nfirst", STOP)
        shown.wait("in the background, line 8, until the run ends")
        answer(shown, "2 of 3 ›", ENTER)
        answer(shown, "… 2 s, ^C interrupts", INTERRUPT)
        answer(shown, "r retry", "s")
        answer(shown, "3 of 3 ›", ENTER)
        shown.wait("ended `tail -f log` (line 8)", "it printed last:", "second")
        assert shown.wait_status() == 1
    events = program.read_events()
    assert [each.text.split() for each in events if isinstance(each, BackgroundOutput)] == [["second"]]
    assert "second" not in "".join(each.text for each in events if isinstance(each, Output))
    assert [each.with_run for each in events if isinstance(each, BackgroundEnded)] == [True]


def test_it_is_ended_when_the_operator_quits(program: Program) -> None:
    """Nothing of it is left."""
    with guided(program, "bash", SERVE, "echo last") as shown:
        answer(shown, "1 of 2 ›", ENTER)
        answer(shown, "\ntick", STOP)
        answer(shown, "2 of 2 ›", "q")
        assert shown.wait_status() == 130
    assert not is_running(int((program.work / "pid").read_text()))


def test_it_is_ended_when_the_terminal_is_closed(program: Program) -> None:
    """Nothing of it is left."""
    with guided(program, "bash", SERVE, "echo last") as shown:
        answer(shown, "1 of 2 ›", ENTER)
        answer(shown, "\ntick", STOP)
        shown.wait("2 of 2 ›")
        shown.hang_up()
    wait_for_death(int((program.work / "pid").read_text()))


def test_a_statement_that_is_ended_by_hand_can_count_as_done(program: Program) -> None:
    """After ^C, `c` counts it as done; what it has changed in its shell is there."""
    with guided(program, "bash", "cd / && tail -f /dev/null", "pwd") as shown:
        answer(shown, "1 of 2 ›", ENTER)
        answer(shown, "^Z sends it to the background, ^C ends it", INTERRUPT)
        answer(shown, "c count it as done", "c")
        answer(shown, "2 of 2 ›", ENTER)
        shown.wait("\n/\n", "Done.")
        assert shown.wait_status() == 0


def test_keys_reach_it_while_it_is_in_front(program: Program) -> None:
    """A question of the program is answered before it goes to the background."""
    asks = "while true; do read -r -p 'name? ' name; echo hello $name; done"
    with guided(program, "bash", asks, "echo last") as shown:
        answer(shown, "1 of 2 ›", ENTER)
        answer(shown, "\nname?", "you", ENTER)
        answer(shown, "hello you", STOP)
        answer(shown, "2 of 2 ›", ENTER)
        shown.wait("Done.")
        assert shown.wait_status() == 0
