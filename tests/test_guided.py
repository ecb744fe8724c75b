"""Guided runs, as the operator at a terminal sees them.

What each question looks like is kept in `tests/screens/`; with `REWRITE_SCREENS=1` those files are written
anew, for review.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from program import COMMAND, REPOSITORY, Program
from screen import DOWN, END, ENTER, ESCAPE, INTERRUPT, UP, Screen, screen

from practice.forgejo import serving
from practice.run import outcomes
from practice.world import LOGIN_CODE, create

SCREENS = Path(__file__).parent / "screens"
SEED = Path(__file__).parent / "documents" / "rotate-fly-token.md"


@contextmanager
def guided(
    program: Program,
    page: str,
    *arguments: str,
    columns: int = 80,
    rows: int = 24,
    **env: str,
) -> Iterator[Screen]:
    """A guided run of a page."""
    program.write("page.md", page)
    command = [*COMMAND, "page.md", *arguments]
    with screen(command, program.work, program.environment(env), columns, rows) as shown:
        yield shown


def steps(*scripts: str) -> str:
    """A page with a step for each script."""
    parts = [f"### {number}. Step\n\n```fish\n{script}\n```\n" for number, script in enumerate(scripts, 1)]
    return "# Page\n\n## Procedure\n\n" + "\n".join(parts)


def events(program: Program) -> list[dict[str, object]]:
    """The lines of the run's journal."""
    return [json.loads(line) for line in program.journal().read_text(encoding="utf-8").splitlines()]


def steadied(text: str) -> str:
    """A screen without what differs from run to run: times, dates, ids and tokens."""
    text = re.sub(r"\b\d+\.\d s\b", "0.0 s", text)
    text = re.sub(r"\d{4}-\d\d-\d\d(T\d{6})?", lambda m: "YYYY-MM-DD" + ("THHMMSS" if m[1] else ""), text)
    text = re.sub(r"\b\w{6}…\w{6}\b", "xxxxxx…xxxxxx", text)
    text = re.sub(r"\b[A-Za-z0-9]{41}\b", "x" * 41, text)
    text = re.sub(r"/tmp/\S+", "/tmp/…", text)
    return re.sub(r"\b[0-9a-f]{8}\b", "xxxxxxxx", text)


def same(name: str, found: str) -> None:
    """Assert that a screen is as it was last reviewed."""
    path = SCREENS / f"{name}.txt"
    if os.environ.get("REWRITE_SCREENS"):
        path.write_text(found + "\n", encoding="utf-8")
    assert found + "\n" == path.read_text(encoding="utf-8")


# the whole job


def test_the_flagship_runs_from_the_old_token_to_the_new(tmp_path: Path) -> None:
    """Our runbook: a wrong code, a captured token that fills itself in, the old id picked by filtering."""
    environment = dict(os.environ) | {"PYTHONPATH": str(REPOSITORY), "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "practice", "run"]
    with screen(command, REPOSITORY, environment) as shown:
        shown.wait("1 of 7 ›")
        shown.type(ENTER)
        shown.wait("paste code here if prompted >")
        shown.type("999", ENTER)
        shown.wait("That code didn't work")
        shown.type(LOGIN_CODE, ENTER)
        shown.wait("successfully logged in", "2 of 7 ›")
        shown.type(ENTER)
        shown.wait("captured <paste-new-token> (secret, ", "add more.deploy-token=••••••••'", "3 of 7 ›")
        same("flagship-3-80x24", steadied(shown.below("3/7")))
        shown.type(ENTER)
        shown.wait("4 of 7 ›")
        shown.type(ENTER)
        shown.wait("5 of 7 ›")
        shown.type(ENTER)
        shown.wait("d done", "5b. Confirm that CI deploys")
        shown.type("n")
        shown.wait("What is to be remembered")
        shown.type("run 4711", ENTER)
        shown.wait("✓  done: run 4711", "6 of 7 ›")
        shown.type(ENTER)
        shown.wait("<old-token-id>  pick one")
        same("flagship-7-80x24", steadied(shown.below("7/7")))
        shown.type("blumeops-proxy deploy")
        shown.wait("picks a row, ↑ what is typed")
        shown.type(DOWN, DOWN, DOWN)
        picked = next(line for line in shown.wait("enter takes").split("\n") if line.startswith("  ›"))
        assert "revoked" not in picked
        shown.type(ENTER)
        shown.wait("7 of 7 ›")
        shown.type(ENTER)
        shown.wait("Done.", "✓  the old token is revoked", "✓  1Password holds a new token that works")
        assert shown.status() == 0
        assert b"fm2_" not in shown.raw


def test_the_seed_runs_unmodified(tmp_path: Path) -> None:
    """The document as it was given: its unannotated token is masked, offered and taken with enter."""
    world = create(tmp_path / "world", browser=False)
    environment = world.environment(os.environ) | {"PYTHONPATH": str(REPOSITORY)}
    with (
        serving(str(world.folder)),
        screen([*COMMAND, str(SEED)], world.work, environment) as shown,
    ):
        shown.wait("1 of 7 ›")
        shown.type(ENTER)
        shown.wait("paste code here if prompted >")
        shown.type(LOGIN_CODE, ENTER)
        shown.wait("2 of 7 ›")
        shown.type(ENTER)
        shown.wait("<paste-new-token>  secret, will not be shown", "enter takes it")
        same("seed-3-80x24", steadied(re.sub(r"\d{3} characters", "NNN characters", shown.below("3/6"))))
        shown.type(ENTER)
        shown.wait("deploy-token=••••••••'", "3 of 7 ›")
        for place in ("4 of 7 ›", "5 of 7 ›", "6 of 7 ›"):
            shown.type(ENTER)
            shown.wait(place)
        shown.type(ENTER)
        shown.wait("the config for your app is missing an app name", "r retry")
        shown.type("s")
        shown.wait("<old-token-id>", "esc other keys")
        shown.type(str(world.state()["old_token"]), ENTER)
        shown.wait("7 of 7 ›")
        shown.type(ENTER)
        shown.wait("Done.")
        assert shown.status() == 0
        assert b"fm2_" not in shown.raw
        assert all(so for _, so in outcomes(world))


# what each question looks like


@pytest.mark.parametrize(
    ("columns", "rows", "env"),
    [(80, 24, {}), (200, 50, {}), (80, 24, {"NO_COLOR": "1"})],
    ids=["80x24", "200x50", "no-color"],
)
def test_every_question_looks_as_reviewed(
    program: Program, columns: int, rows: int, env: dict[str, str]
) -> None:
    """Every question, with and without colour, in a small terminal and a large one."""
    page = (SCREENS / "guided.md").read_text(encoding="utf-8")
    with guided(program, page, columns=columns, rows=rows, **env) as shown:
        found = [*_questions(shown), f"status {shown.status()}"]
        assert b"door-4711" not in shown.raw
        coloured = shown.styles & {*range(30, 38), *range(90, 98)}
        assert bool(coloured) is not bool(env)
    same(f"guided-{columns}x{rows}", steadied("\n\n".join(found)))


def _questions(shown: Screen) -> Iterator[str]:
    """Go through `guided.md`, and give the screen at each of its questions."""

    def titled(title: str, *waited: str) -> str:
        text = shown.wait(*waited)
        heading = max(re.findall(r"^  \d/6  .*", text, re.MULTILINE), default="")
        # a large screen still holds all that came before
        return f"════ {title}\n{text if shown.columns < 100 else shown.below(heading)}"

    yield titled("a statement", "1 of 7 ›")
    shown.type(ENTER)
    yield titled("a value", "<host>  pick one", "esc other keys")
    shown.type("stand")
    yield titled("a value, filtered", "picks a row, ↑ what is typed")
    shown.type(DOWN)
    yield titled("a value, picked", "enter takes mail-2")
    shown.type(ESCAPE)
    yield titled("other keys at a value", "enter give <host>")
    shown.type(ENTER)
    shown.wait("esc other keys")
    shown.type("elsewhere")
    yield titled("a value, typed", "enter takes “elsewhere”")
    shown.type(ENTER)
    yield titled("a statement with its value", "set -g host elsewhere", "v other value")
    shown.type(ENTER)
    shown.wait("<door-token>  secret")
    shown.type("door-4711")
    yield titled("a secret, typed", "•••••••••\n")
    shown.type(ENTER)
    shown.wait("3 of 7 ›")
    shown.type(ENTER)
    yield titled("a confirmation", "Has everybody been told?", "y yes, run it")
    shown.type("y")
    yield titled("alternatives", "› yes", "stopping elsewhere", "2 alternatives")
    shown.type("2")
    shown.wait("6 of 7 ›")
    shown.type(ENTER)
    yield titled("a step by hand", "copied by hand", "d done")
    shown.type("n")
    yield titled("a note", "What is to be remembered of it?")
    shown.type("Ada", ENTER)
    shown.wait("✓  done: Ada", "7 of 7 ›")
    shown.type(ENTER)
    shown.wait("postfix: fatal", "7 of 7 ›")
    yield titled("a failure", "r retry")
    shown.type(INTERRUPT)
    yield titled("one ^C at a question", "^C again quits")
    shown.type("q")
    yield titled("the end", "journal")


# the shell lives on


def test_an_interrupt_ends_the_statement_and_nothing_else(program: Program) -> None:
    """After ^C the session, its variables and the terminal are usable: `!`, and retry with other work."""
    page = steps("set -g greeting hello", "echo begun; sleep 100", "echo $greeting again")
    with guided(program, page) as shown:
        shown.wait("1 of 4 ›")
        shown.type(ENTER)
        shown.wait("2 of 4 ›")
        shown.type(ENTER)
        shown.wait("3 of 4 ›")
        shown.type(ENTER)
        shown.wait("… 2 s, ^C interrupts")
        shown.type(INTERRUPT)
        shown.wait("✗  2/3  Step · interrupted after", "r retry")
        shown.type("!")
        shown.wait("the same shell", "fish>")
        shown.type("function sleep; echo $greeting from the prompt; end", ENTER)
        shown.wait("fish>\n") if False else None
        shown.type(END)
        shown.wait("r retry")
        shown.type("r")
        shown.wait("hello from the prompt", "4 of 4 ›")
        shown.type("q")
        assert shown.status() == 130
