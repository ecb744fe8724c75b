"""Guided runs, as the operator sees them at a terminal.

`tests/data/screens/` has the screen of each question. With `REWRITE_SCREENS=1` those files are written again,
for review.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from practice.forgejo import serving
from practice.run import outcomes
from practice.world import LOGIN_CODE, create
from tests.support.paths import DATA, REPOSITORY
from tests.support.program import COMMAND, Program
from tests.support.screen import DOWN, END, ENTER, ESCAPE, INTERRUPT, UP, Screen, open_screen, text_from

SCREENS = DATA / "screens"
SEED = DATA / "documents" / "rotate-fly-token.md"


@contextmanager
def guided(
    program: Program,
    page: str,
    *arguments: str,
    columns: int = 80,
    rows: int = 24,
    **env: str,
) -> Iterator[Screen]:
    """Start a guided run of a page."""
    program.write("page.md", page)
    command = [*COMMAND, "page.md", *arguments]
    with open_screen(command, program.work, program.environment(env), columns, rows) as shown:
        yield shown


def steps(*scripts: str) -> str:
    """Return a page with a step for each script."""
    parts = [f"### {number}. Step\n\n```fish\n{script}\n```\n" for number, script in enumerate(scripts, 1)]
    return "# Page\n\n## Procedure\n\n" + "\n".join(parts)


def answer(shown: Screen, question: str, *keys: str) -> None:
    """Wait for a text and type keys."""
    shown.wait(question)
    shown.type(*keys)


def pick_next(shown: Screen) -> str:
    """Move down by one row of a list, and return the row."""

    def picked(text: str) -> str:
        return next((line for line in text.split("\n") if line.startswith("  ›")), "")

    before = picked(shown.text())
    shown.type(DOWN)
    return picked(shown.wait_until(lambda text: picked(text) not in ("", before), "another row picked"))


def steadied(text: str) -> str:
    """Return a screen without times, dates, ids and tokens, which differ between runs."""
    text = re.sub(r"\b(?:\d+ min \d+|\d+\.\d) s\b", "0.0 s", text)
    text = re.sub(r"\d{4}-\d\d-\d\d(T\d{6})?", lambda m: "YYYY-MM-DD" + ("THHMMSS" if m[1] else ""), text)
    text = re.sub(r"\b\w{6}…\w{6}\b", "xxxxxx…xxxxxx", text)
    text = re.sub(r"\b[A-Za-z0-9]{41}\b", "x" * 41, text)
    text = re.sub(r"/tmp/\S+", "/tmp/…", text)
    text = re.sub(r"\b\d{3} characters", "NNN characters", text)
    return re.sub(r"\b[0-9a-f]{8}\b", "xxxxxxxx", text)


def reviewed(name: str) -> str:
    """Return a screen as it was last reviewed; "" if it is written again."""
    return "" if os.environ.get("REWRITE_SCREENS") else (SCREENS / f"{name}.txt").read_text(encoding="utf-8")


def same(name: str, found: str) -> None:
    """Assert that a screen is as it was last reviewed."""
    path = SCREENS / f"{name}.txt"
    if os.environ.get("REWRITE_SCREENS"):
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8")


def looks_as_reviewed(name: str, shown: Screen, view: Callable[[str], str] = str) -> None:
    """Assert that the `view` of the screen becomes as it was last reviewed."""
    same(name, shown.wait_for_view(lambda text: view(text) + "\n", reviewed(name)))


# whole runs


def test_the_flagship_runs_from_the_old_token_to_the_new(tmp_path: Path) -> None:
    """A wrong code, a captured token for a placeholder, and the old id picked by a filter."""
    environment = dict(os.environ) | {"PYTHONPATH": str(REPOSITORY), "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "practice", "run"]
    with open_screen(command, REPOSITORY, environment) as shown:
        shown.wait("1 of 7 ›")
        shown.type(ENTER)
        shown.wait("paste code here if prompted >")
        shown.type("999", ENTER)
        shown.wait("That code didn't work")
        shown.type(LOGIN_CODE, ENTER)
        answer(shown, "enter continue", ENTER)
        shown.wait("successfully logged in", "2 of 7 ›")
        shown.type(ENTER)
        shown.wait("captured <paste-new-token> (secret, ", "add more.deploy-token=••••••••'", "3 of 7 ›")
        looks_as_reviewed(
            "flagship-3-80x24", shown, lambda text: steadied(text_from(text, "3. Update 1Password"))
        )
        shown.type(ENTER)
        answer(shown, "enter continue", ENTER)
        shown.wait("4 of 7 ›")
        shown.type(ENTER)
        shown.wait("5 of 7 ›")
        shown.type(ENTER)
        answer(shown, "enter continue", ENTER)
        shown.wait("d done", "5b. Confirm that CI deploys", "5b (6 of 7) ›")
        shown.type("n")
        shown.wait("Note for the record")
        shown.type("run 4711", ENTER)
        shown.wait("✓  done: run 4711", "  6 (7 of 7) ›")
        shown.type(ENTER)
        shown.wait("<old-token-id>  pick one")
        looks_as_reviewed(
            "flagship-7-80x24", shown, lambda text: steadied(text_from(text, "6. Revoke the old token"))
        )
        shown.type("blumeops-proxy deploy")
        shown.wait("choose a row · ↑ use the text as typed")
        rows = [pick_next(shown) for _ in range(3)]
        assert ["revoked" in row for row in rows] == [True, True, False]
        shown.type(ENTER)
        shown.wait("  6 (7 of 7) ›")
        shown.type(ENTER)
        shown.wait("Done.", "✓  the old token is revoked", "✓  1Password holds a new token that works")
        assert shown.wait_status() == 0
        assert b"fm2_" not in shown.raw


def test_the_original_document_runs_unchanged(tmp_path: Path) -> None:
    """Its token without an annotation is masked, offered and taken with enter."""
    world = create(tmp_path / "world", browser=False)
    environment = world.environment(os.environ) | {"PYTHONPATH": str(REPOSITORY)}
    with (
        serving(str(world.folder)),
        open_screen([*COMMAND, str(SEED)], world.work, environment) as shown,
    ):
        shown.wait("1 of 6 ›")
        shown.type(ENTER)
        shown.wait("paste code here if prompted >")
        shown.type(LOGIN_CODE, ENTER)
        answer(shown, "enter continue", ENTER)
        shown.wait("2 of 6 ›")
        shown.type(ENTER)
        answer(shown, "enter continue", ENTER)
        shown.wait("<paste-new-token>  secret, will not be shown", "enter use it")
        looks_as_reviewed(
            "seed-3-80x24", shown, lambda text: steadied(text_from(text, "3. Update 1Password"))
        )
        shown.type(ENTER)
        shown.wait("deploy-token=••••••••'", "3 of 6 ›")
        for place in ("4 of 6 ›", "5 of 6 ›"):
            shown.type(ENTER)
            shown.wait(place)
        shown.type(ENTER)
        answer(shown, "enter continue", ENTER)
        shown.wait("fly tokens list", "6 of 6 ›")
        shown.type(ENTER)
        shown.wait("the config for your app is missing an app name", "r retry")
        shown.type("s")
        shown.wait("<old-token-id>", "esc back")
        shown.type(str(world.state()["old_token"]), ENTER)
        shown.wait("fly tokens revoke", "6 of 6 ›")
        shown.type(ENTER)
        shown.wait("Ended, but not everything was done: step 6 failed and was skipped.")
        assert shown.wait_status() == 1
        assert b"fm2_" not in shown.raw
        assert all(so for _, so in outcomes(world))


# the screen of each question


@pytest.mark.parametrize(
    ("columns", "rows", "env"),
    [(*size, env) for size in ((60, 20), (80, 24), (200, 50)) for env in ({}, {"NO_COLOR": "1"})],
    ids=lambda value: "no-color" if value == {"NO_COLOR": "1"} else None,
)
def test_every_question_looks_as_reviewed(
    program: Program, columns: int, rows: int, env: dict[str, str]
) -> None:
    """Every question, with and without colour, in a small terminal and a large one."""
    page = (SCREENS / "guided.md").read_text(encoding="utf-8")
    with guided(program, page, columns=columns, rows=rows, **env) as shown:
        name = f"guided-{columns}x{rows}"
        found = [*_questions(shown, reviewed(name)), f"status {shown.wait_status()}\n"]
        assert b"door-4711" not in shown.raw
        coloured = shown.styles & {*range(30, 38), *range(90, 98)}
        assert bool(coloured) is not bool(env)
    same(name, "\n\n".join(found))


def _questions(shown: Screen, reviewed: str) -> Iterator[str]:
    """Go through `guided.md`, and yield the screen at each question, once it is as reviewed."""
    parts = re.split(r"\n\n(?=════ |status )", reviewed)

    def titled(title: str, *waited: str) -> str:
        shown.wait(*waited)
        head = f"════ {title}\n"
        return shown.wait_for_view(
            lambda text: head + steadied(newest(text)),
            next((part for part in parts if part.startswith(head)), ""),
        )

    def newest(text: str) -> str:
        heading = max(re.findall(r"^  \d\. .*  line \d+$", text, re.MULTILINE), default="")
        # a large screen still shows all earlier output
        return text if shown.columns < 100 else text_from(text, heading)

    yield titled("a statement", "1 of 6 ›")
    shown.type("?")
    yield titled("the keys explained", "run this statement", "? hide", "1 of 6 ›")
    shown.type(ENTER)
    yield titled("a value", "pick one that", "esc back")
    shown.type("stand")
    yield titled("a value, filtered", "choose a row · ↑ use", "esc back")
    shown.type(DOWN)
    yield titled("a value, picked", "enter use mail-2", "esc back")
    shown.type(ESCAPE)
    yield titled("other keys at a value", "enter give <host>", "2 of 6 ›")
    shown.type(ENTER)
    shown.wait("esc back")
    shown.type("elsewhere")
    yield titled("a value, typed", "enter use “elsewhere”", "esc back")
    shown.type(ENTER)
    yield titled("a statement with its value", "set -g host elsewhere", "v value", "2 of 6 ›")
    shown.type(ENTER)
    shown.wait("secret, will not be shown", "esc back")
    shown.type("door-4711")
    yield titled("a secret, typed", "•••••••••\n", "esc back")
    shown.type(ENTER)
    shown.wait("set -g door ", "v value", "2 of 6 ›")
    shown.type(ENTER)
    yield titled("instructions after the last block", "enter continue", "q quit")
    shown.type("b")
    yield titled("going back", "Go back to which statement?", "which one? ›")
    shown.type(ESCAPE)
    shown.wait_until(lambda text: "Go back" not in text and "enter continue" in text, "the question again")
    shown.type(ENTER)
    yield titled("a confirmation", "Has everybody been told?", "3 of 6 ›")
    shown.type("y")
    yield titled("alternatives", "› yes", "2 alternatives", "which one? ›")
    shown.type("2")
    shown.wait("4 of 6 ›")
    shown.type(ENTER)
    yield titled("a step by hand", "copied by hand", "d done", "5 of 6 ›")
    shown.type("n")
    yield titled("a note", "Note for the record:", "esc back")
    shown.type("Ada", ENTER)
    shown.wait("✓  done: Ada", "6 of 6 ›")
    shown.type(ENTER)
    shown.wait("postfix: fatal", "6 of 6 ›")
    yield titled("a failure", "r retry", "6 of 6 ›")
    shown.type(INTERRUPT)
    yield titled("one ^C at a question", "^C again quits")
    shown.type("q")
    yield titled("the end", "runs report")


# the shell survives


def test_an_interrupt_ends_only_the_statement(program: Program) -> None:
    """After ^C the session, its variables and the terminal are usable, with `!` and with retry."""
    page = steps("set -g greeting hello", "sleep 100", "echo $greeting again")
    with guided(program, page) as shown:
        answer(shown, "1 of 3 ›", ENTER)
        answer(shown, "2 of 3 ›", ENTER)
        answer(shown, "… 2 s, ^C interrupts", INTERRUPT)
        shown.wait("✗  2. Step · interrupted after")
        answer(shown, "r retry", "!")
        shown.wait_last("to return.\n\nfish>")
        shown.type_line("function sleep; echo $greeting from the prompt; end")
        shown.wait_for_prompt("prompt; end")
        shown.type(END)
        shown.wait("✗  exited 130")
        answer(shown, "r retry", "r")
        shown.wait("hello from the prompt")
        answer(shown, "3 of 3 ›", "q")
        assert shown.wait_status() == 130


def test_quitting_after_a_failure_is_a_failure(program: Program) -> None:
    """q after a failed statement exits with 1, and the summary shows the step."""
    with guided(program, steps("true", "false", "true")) as shown:
        answer(shown, "1 of 3 ›", ENTER)
        answer(shown, "2 of 3 ›", ENTER)
        shown.wait("✗  2. Step · exited 1")
        answer(shown, "r retry", "q")
        shown.wait("Stopped at step 2 of 3.  Nothing after it was run.")
        assert shown.wait_status() == 1


def test_the_prompt_is_that_of_the_session(program: Program) -> None:
    """`!` has the variables of statements, and keeps its own.

    `exit` and ^D return to the question.
    """
    with guided(program, steps("set -g a one", "echo $a $b")) as shown:
        answer(shown, "1 of 2 ›", ENTER)
        answer(shown, "2 of 2 ›", "!")
        shown.wait_last("to return.\n\nfish>")
        shown.type_line("set -g b two; echo seen:$a")
        shown.wait_for_prompt("seen:one")
        shown.type_line("echo $a; exit")
        shown.wait_for_prompt("This shell stays open. ^D, or `exit` alone in a line, returns.")
        shown.type_line("exit")
        answer(shown, "2 of 2 ›", "!")
        shown.wait_last("to return.\n\nfish>")
        shown.type(END)
        answer(shown, "2 of 2 ›", ENTER)
        shown.wait("\none two", "Done.")
        assert shown.wait_status() == 0


def test_a_skipped_statement_is_not_run(program: Program) -> None:
    """s continues with the next statement, and the summary shows `skipped`."""
    with guided(program, steps("touch made", "true")) as shown:
        answer(shown, "1 of 2 ›", "s")
        shown.wait("–  skipped")
        answer(shown, "2 of 2 ›", ENTER)
        shown.wait("Ended, but not everything was done: step 1 was skipped.", "1  Step  –          skipped")
        assert shown.wait_status() == 1
    assert not (program.work / "made").exists()


def test_two_interrupts_at_a_question_quit(program: Program) -> None:
    """One ^C may be too late for the statement it was meant for, so only a second one quits."""
    with guided(program, steps("echo never")) as shown:
        answer(shown, "1 of 1 ›", INTERRUPT)
        answer(shown, "^C again quits", INTERRUPT)
        shown.wait("Stopped before anything was run.")
        assert shown.wait_status() == 130


# editing


def editor(program: Program, script: str) -> str:
    """Create an editor called vi that records its arguments and then runs a script."""
    path = program.write("vi", f'#!/bin/sh\necho "$@" >>calls\n{script}\n')
    path.chmod(0o755)
    return str(path)


def test_the_page_can_be_edited_at_its_line(program: Program) -> None:
    """`e` opens the editor at the statement's line, and the run continues with the new text."""
    vi = editor(program, "sed -i s/wrong/right/ page.md")
    with guided(program, steps("true", "echo wrong"), EDITOR=vi) as shown:
        answer(shown, "1 of 2 ›", ENTER)
        answer(shown, "2 of 2 ›", "e")
        shown.wait("the page was edited and read again", "echo right")
        answer(shown, "2 of 2 ›", ENTER)
        shown.wait("\nright", "Done.")
        assert shown.wait_status() == 0
    assert (program.work / "calls").read_text() == "+14 page.md\n"


def test_a_failed_statement_can_be_corrected(program: Program) -> None:
    """`e` after a failure returns to the same statement with its new text."""
    with guided(program, steps("false"), EDITOR=editor(program, "sed -i s/false/true/ page.md")) as shown:
        answer(shown, "1 of 1 ›", ENTER)
        answer(shown, "r retry", "e")
        shown.wait("the page was edited", "▌  true")
        answer(shown, "enter run", ENTER)
        shown.wait("Done.")
        assert shown.wait_status() == 0


def test_an_edit_that_breaks_the_page_can_be_corrected(program: Program) -> None:
    """The problems are shown, the page can be edited again, and nothing runs in between."""
    page = steps("echo fine")
    vi = editor(program, "if test -e kept; then mv kept page.md; else mv page.md kept; printf '%s\\n' --- "
                "'runbook: {nonsense: 1}' --- >page.md; cat kept >>page.md; fi")  # fmt: skip
    with guided(program, page, EDITOR=vi) as shown:
        answer(shown, "1 of 1 ›", "e")
        shown.wait("The page cannot be run as it is now:", "page.md:2:11: error:", "nonsense")
        answer(shown, "e edit   q quit", "e")
        shown.wait("the page is as it was")
        answer(shown, "1 of 1 ›", ENTER)
        shown.wait("Done.")
        assert shown.wait_status() == 0


def test_a_missing_editor_is_reported(program: Program) -> None:
    """A wrong EDITOR gives one sentence, and the question is asked again."""
    with guided(program, steps("true"), EDITOR="no-such-editor") as shown:
        answer(shown, "1 of 1 ›", "e")
        shown.wait("cannot start the editor: no such file or directory; set EDITOR")
        answer(shown, "1 of 1 ›", "q")
        assert shown.wait_status() == 130


# values


def test_a_value_can_be_changed(program: Program) -> None:
    """`v` asks again, and the statement shows and gets the new value."""
    with guided(program, steps("echo got <name>")) as shown:
        answer(shown, "type or paste a value", "first", ENTER)
        shown.wait("echo got first")
        answer(shown, "v value", "v")
        answer(shown, "type or paste a value", "second", ENTER)
        shown.wait("echo got second")
        answer(shown, "1 of 1 ›", ENTER)
        shown.wait("\ngot second", "Done.")
        assert shown.wait_status() == 0


def test_a_typed_secret_is_not_recorded(program: Program) -> None:
    """It reaches the program, but not the screen or any file."""
    with guided(program, steps("string length <door-token>; echo <door-token> >/dev/null")) as shown:
        answer(shown, "type or paste a value", "hunter2-hunter2", ENTER)
        answer(shown, "1 of 1 ›", ENTER)
        shown.wait("\n15")
        answer(shown, "1 of 1 ›", ENTER)
        shown.wait("Done.")
        assert shown.wait_status() == 0
        assert b"hunter2" not in shown.raw
    assert b"hunter2" not in program.read_all_files()


def test_a_pasted_value_keeps_its_line_ends(program: Program) -> None:
    """Pasted text is one value with its newlines, except the last one.

    Copying lines adds that one.
    """
    with guided(program, steps("string escape <note>")) as shown:
        answer(shown, "type or paste a value", "\x1b[200~one\r\ntwo\rq\n\x1b[201~")
        answer(shown, "enter use “one␊two␊q”", ENTER)
        answer(shown, "1 of 1 ›", ENTER)
        shown.wait("Done.")
        assert shown.wait_status() == 0
    assert b"string escape 'one\\ntwo\\nq'" in program.read_all_files()


def test_an_invalid_value_is_asked_for_again(program: Program) -> None:
    """The question stays, with the reason why the front matter refuses the value."""
    page = "---\nrunbook:\n  inputs:\n    size:\n      pattern: '[0-9]+'\n---\n" + steps("echo <size>")
    with guided(program, page) as shown:
        answer(shown, "type or paste a value", "big", ENTER)
        shown.wait("[0-9]+", "type or paste a value")
        assert "<size>  big" not in shown.text()
        answer(shown, "type or paste a value", "42", ENTER)
        shown.wait("<size>  42")
        answer(shown, "1 of 1 ›", "v")
        answer(shown, "esc back, keep the value", "none", ENTER)
        answer(shown, "expected a value that matches", ESCAPE)
        text = shown.wait("<size>  kept: 42", "1 of 1 ›")
        assert "<size>  none" not in text
        shown.type(ENTER)
        shown.wait("\n42", "Done.")
        assert shown.wait_status() == 0


# keys


def test_a_program_can_read_a_password(program: Program) -> None:
    """The typed password is not shown and not recorded."""
    code = 'import getpass; print(len(getpass.getpass("door? ")), "letters")'
    ask = shlex.join([sys.executable, "-c", code])
    with guided(program, steps(ask)) as shown:
        answer(shown, "1 of 1 ›", ENTER)
        answer(shown, "\ndoor?", "hunter2-hunter2", ENTER)
        shown.wait("15 letters", "Done.")
        assert shown.wait_status() == 0
        assert b"hunter2" not in shown.raw
    assert b"hunter2" not in program.read_all_files()


def test_early_keys_answer_no_question(program: Program) -> None:
    """Keys typed while a statement runs do not answer the question after it."""
    waiting = "begin; echo begun; while not test -e go; command sleep 0.05; end; end"
    with guided(program, steps(waiting, "echo second")) as shown:
        answer(shown, "1 of 2 ›", ENTER)
        answer(shown, "\nbegun", "q", ENTER, "s", "q")
        (program.work / "go").touch()
        answer(shown, "2 of 2 ›", ENTER)
        shown.wait("\nsecond", "Done.")
        assert shown.wait_status() == 0


def test_two_keys_at_once_answer_one_question(program: Program) -> None:
    """The second key was typed before its question appeared."""
    with guided(program, steps("echo one", "echo two")) as shown:
        answer(shown, "1 of 2 ›", "sq")
        answer(shown, "2 of 2 ›", ENTER)
        shown.wait("\ntwo", "step 1 was skipped")
        assert shown.wait_status() == 1


def test_the_elapsed_time_does_not_overwrite_a_prompt(program: Program) -> None:
    """A silent statement shows how long it has been running, until it prints something."""
    script = """sh -c 'sleep 2.5; printf "name? "; read name; echo "hello $name"'"""
    with guided(program, steps(script)) as shown:
        answer(shown, "1 of 1 ›", ENTER)
        shown.wait("… 2 s, ^C interrupts")
        shown.wait("\nname?")
        assert "interrupts" not in shown.text()
        shown.type("Ada", ENTER)
        shown.wait("name? Ada", "hello Ada", "Done.")
        assert shown.wait_status() == 0


# which procedure


SECTIONS = """# Things to do

## Deploy

```fish
echo deployed
```

## Emergency shutoff

```fish
echo shut off
```

## Check status

```fish
echo looked
echo again
```
"""


def test_a_page_with_several_procedures_has_a_menu(program: Program) -> None:
    """The procedures are listed, dangerous ones last, and picked by number or arrow."""
    with guided(program, SECTIONS) as shown:
        looks_as_reviewed("menu-80x24", shown)
        shown.type(ENTER, DOWN, DOWN, DOWN, UP, UP)
        answer(shown, "› 1  Deploy", "2")
        shown.wait("  Check status")
        answer(shown, "1 of 1 ›", ENTER)
        shown.wait("\nlooked")
        answer(shown, "1 of 1 ›", ENTER)
        shown.wait("Done.")
        assert shown.wait_status() == 0


def test_the_menu_offers_the_whole_page(program: Program) -> None:
    """Where nothing is dangerous, the last row runs all sections in order."""
    page = SECTIONS.replace("Emergency shutoff", "Announce it")
    with guided(program, page) as shown:
        shown.wait("All of it, in order")
        answer(shown, "which one? ›", "4")
        shown.wait("  Deploy")
        answer(shown, "1 of 3 ›", "q")
        assert shown.wait_status() == 130


def test_the_menu_says_why_the_only_procedure_does_not_run(program: Program) -> None:
    """A person may pick it all the same."""
    with guided(program, "# Page\n\n## Clean up\n\n```fish\necho done\n```\n") as shown:
        shown.wait("does not run by itself", "deletes, stops or")
        answer(shown, "which one? ›", "1")
        shown.wait("  Clean up")
        answer(shown, "1 of 1 ›", "q")
        assert shown.wait_status() == 130


@pytest.mark.parametrize("keys", ["q", END, INTERRUPT * 2])
def test_the_menu_can_be_left(program: Program, keys: str) -> None:
    """If no procedure is picked, nothing runs and no journal is written."""
    with guided(program, SECTIONS) as shown:
        answer(shown, "which one? ›", *keys)
        assert shown.wait_status() == 130
    assert not program.runs.exists()


# the terminal


def test_a_narrow_terminal_is_enough(program: Program) -> None:
    """Forty columns, wide characters and long words: everything is folded, nothing fails."""
    words = "広い文字のある段落、とても長い題名がここにあります、もっともっと長い題名"
    page = steps(f"set -g words '{words}' {'x' * 90}", "echo <value>").replace("Step", f"Step {words}")
    with guided(program, page, columns=40, rows=20) as shown:
        answer(shown, "1 of 2 ›", ENTER)
        answer(shown, "type or paste a value", words, ENTER)
        answer(shown, "2 of 2 ›", ENTER)
        shown.wait("Done.")
        assert shown.wait_status() == 0
        looks_as_reviewed("narrow-40x20", shown, lambda text: steadied(text))


def test_the_terminal_is_restored_after_a_program(program: Program) -> None:
    """The program dies in the alternate screen, with a hidden cursor and mouse reports."""
    with guided(program, steps("printf '\\e[?1049h\\e[?25l\\e[?1000h\\e[1;31mred'", "true")) as shown:
        answer(shown, "1 of 2 ›", ENTER)
        shown.wait("2 of 2 ›")
        assert (shown.modes[b"1049"], shown.modes[b"1000"]) == (False, False)
        shown.type("q")
        assert shown.wait_status() == 130
        assert shown.modes[b"25"]
        assert not shown.modes[b"2004"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("script", ["echo begun; command sleep 100", "echo <begun>"])
def test_a_signal_ends_the_run(program: Program, number: signal.Signals, script: str) -> None:
    """In a statement and at a question, the terminal is restored and the journal has its end."""
    with guided(program, steps(script)) as shown:
        found = termios.tcgetattr(shown.child.child_fd)
        if "sleep" in script:
            answer(shown, "1 of 1 ›", ENTER)
            shown.wait("✓  echo begun", "1 of 1 ›")
            shown.type(ENTER)
            shown.wait("… 2 s")
        else:
            shown.wait("type or paste a value")
        assert termios.tcgetattr(shown.child.child_fd) != found
        shown.child.kill(number)
        assert shown.wait_status() == 130
        assert termios.tcgetattr(shown.child.child_fd) == found
        assert shown.modes[b"25"]
    if "sleep" in script:
        last = program.read_events()[-1]
        assert (last.event, getattr(last, "outcome", "")) == ("run_ended", "stopped")
    else:
        assert list(program.runs.iterdir()) == []  # nothing has run


def test_a_closed_terminal_ends_the_run(program: Program) -> None:
    """If the window is closed during a statement, the journal still has its end."""
    with guided(program, steps("echo begun; command sleep 100")) as shown:
        answer(shown, "1 of 1 ›", ENTER)
        shown.wait("✓  echo begun", "1 of 1 ›")
        shown.type(ENTER)
        shown.wait("… 2 s")
        shown.hang_up()
    last = program.read_events()[-1]
    assert (last.event, getattr(last, "outcome", "")) == ("run_ended", "stopped")


# text that a terminal would show as other text


DECEIVING = """---
runbook:
  inputs:
    name:
      help: \u2066help
---

# Page \u202eone

## Deploy \u202etwo

Prose \u200bthree, &#x202e;and an entity.

<!-- runbook: confirm="Really \u202efour?" -->
```fish
echo a\u202eb <name>
```

## Check \u202efive

```fish
true
```
"""

HIDDEN = re.compile("[\u200b\u2028\u202a-\u202e\u2066-\u2069]")


def test_a_guided_run_shows_characters_that_cannot_be_seen(program: Program) -> None:
    """They are written out in titles, prose, questions, help, statements, values and summary."""
    with guided(program, DECEIVING) as shown:
        shown.wait(r"Page \u202eone", r"Deploy \u202etwo", r"Check \u202efive")
        answer(shown, "which one? ›", "1")
        shown.wait(r"  Deploy \u202etwo", r"Prose \u200bthree, \u202eand", r"\u2066help", "esc back")
        shown.type("v1", ENTER)
        shown.wait(r"echo a\u202eb v1", r"Really \u202efour?")
        output = shown.raw
        answer(shown, "1 of 1 ›", "y")
        shown.wait("right-to-left override")
        answer(shown, "1 of 1 ›", "y")
        shown.wait("Done.", r"1  Deploy \u202etwo")
        assert shown.wait_status() == 0
        output += shown.raw[len(output) :].replace("a\u202eb v1".encode(), b"")  # as the program printed it
        assert not HIDDEN.search(output.decode())


def test_an_offered_value_shows_characters_that_cannot_be_seen(program: Program) -> None:
    """They are written out in the row and in the hint; the taken value is the printed one."""
    page = steps(r"printf 'ID   STATE\n0001\u202e2000  up\n'", "string escape <server-id>")
    with guided(program, page) as shown:
        answer(shown, "1 of 2 ›", ENTER)
        shown.wait(r"use 0001\u202e2000")
        assert HIDDEN.findall(shown.raw.decode()) == ["\u202e"]  # as the program printed it
        shown.type(ENTER)
        answer(shown, "2 of 2 ›", ENTER)
        assert shown.wait_until(lambda text: "Done." in text, "the end")


@pytest.mark.parametrize(
    "arguments", [("show", "page.md"), ("page.md#deploy-two", "--dry-run", "--set", "name=\u202ev")]
)
def test_show_and_dry_run_show_characters_that_cannot_be_seen(
    program: Program, arguments: tuple[str, ...]
) -> None:
    """They are written out in titles, statements and values."""
    program.write("page.md", DECEIVING)
    ran = program.run(*arguments)
    assert ran.status == 0, ran.output
    for text in (r"Page \u202eone", r"Deploy \u202etwo", r"echo a\u202eb", r"Check \u202efive"):
        assert text in ran.stdout
    assert not HIDDEN.search(ran.output)


def test_a_run_without_a_terminal_shows_characters_that_cannot_be_seen(program: Program) -> None:
    """In the log of an unattended run, in the reason why it waits, and in `runs show`."""
    program.write("page.md", DECEIVING)
    options = ("page.md#deploy-two", "--yes", "--trust", "--set", "name=\u202ev")
    ran = program.run(*options)
    assert (ran.status, r"echo a\u202eb" in ran.stderr) == (3, True)
    assert not HIDDEN.search(ran.output)
    program.write("page.md", DECEIVING.replace("echo a\u202eb", "echo"))
    ran = program.run(*options)
    assert ran.status == 3
    for text in (r"Page \u202eone", r"Deploy \u202etwo", r"Really \u202efour?"):
        assert text in ran.output
    assert not HIDDEN.search(ran.output)
    ran = program.run(*options, "--confirmed", "1")
    assert ran.status == 0
    assert r"$ echo '\u202ev'" in ran.stdout
    assert HIDDEN.findall(ran.output) == ["\u202e"]  # as the program printed it
    ran = program.run("runs", "show")
    assert r"Page \u202eone" in ran.stdout
    assert not HIDDEN.search(ran.output)
