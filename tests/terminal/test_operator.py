"""Guided runs with an operator who makes mistakes: wrong keys, empty enters, ^C, a second start."""

from __future__ import annotations

import json
import os
import re
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from runbook_exec.engine.events import StatementFinished
from runbook_exec.journal.hash_chain import seal_line
from tests.support.paths import DATA
from tests.support.program import COMMAND, Program
from tests.support.screen import END, ENTER, ESCAPE, INTERRUPT, Screen, open_screen

CASES = DATA / "cases" / "operator"


@contextmanager
def guided(
    program: Program,
    page: str,
    *arguments: str,
    columns: int = 80,
    rows: int = 30,
    env: Mapping[str, str | None] | None = None,
) -> Iterator[Screen]:
    """Start a guided run of a case, or of a page of this text."""
    text = (CASES / page).read_text(encoding="utf-8") if page.endswith(".md") else page
    name = page if page.endswith(".md") else "page.md"
    program.write(name, text)
    command = [*COMMAND, name, *arguments]
    with open_screen(command, program.work, program.environment(env), columns, rows) as shown:
        yield shown


def answer(shown: Screen, question: str, *keys: str) -> None:
    """Wait for a text and type keys."""
    shown.wait(question)
    shown.type(*keys)


def answer_at(shown: Screen, code: str, *keys: str) -> None:
    """Wait for the question about the statement that begins so, and type keys."""

    def asks(text: str) -> bool:
        shown = text.rpartition(f"\n  ▌  {code}")
        return text.endswith(" ›") and bool(shown[1]) and "✓" not in shown[2]

    shown.wait_until(asks, f"the question about `{code}`")
    shown.type(*keys)


def bash_steps(*scripts: str) -> str:
    """Return a page with a step of bash for each script."""
    parts = [f"### {n}. Step\n\n```bash\n{script}\n```\n" for n, script in enumerate(scripts, 1)]
    return "# Page\n\n## Procedure\n\n" + "\n".join(parts)


@pytest.fixture
def memory() -> Iterator[str]:
    """A private runtime folder in memory, where secrets can be kept."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        yield name


# values


@pytest.mark.parametrize("back", [ESCAPE, INTERRUPT, END], ids=["escape", "interrupt", "end"])
def test_going_back_from_another_value_keeps_the_captured_secret(program: Program, back: str) -> None:
    """`v` asks for another value; the captured one stays until another is given."""
    with guided(program, "mint.md") as shown:
        answer(shown, "1 of 2 ›", ENTER)
        answer(shown, "v value", "v")
        answer(shown, "now: ••••••••", back)
        answer(shown, "2 of 2 ›", ENTER)
        shown.wait("Done.")
        assert shown.wait_status() == 0
    captured = next(event for event in program.read_events() if event.event == "captured")
    length = getattr(captured, "length", 0)
    assert any(getattr(e, "text", "").strip() == str(len("got \n") + length) for e in program.read_events())


def test_a_captured_secret_survives_quitting_while_another_value_is_asked_for(
    program: Program, memory: str
) -> None:
    """The run is resumed with the secret that the first part has minted."""
    env = {"XDG_RUNTIME_DIR": memory}
    with guided(program, "mint.md", env=env) as shown:
        answer(shown, "1 of 2 ›", ENTER)
        answer(shown, "v value", "v")
        answer(shown, "now: ••••••••", ESCAPE)
        answer(shown, "2 of 2 ›", "q")
        shown.wait("resume   runbook-exec resume")
        assert shown.wait_status() == 130
    with guided(program, "mint.md", env=env) as shown:
        asked = " ".join(shown.wait("n a new run").split())
        assert "of “Steps” (mint.md#steps), was stopped before step 2 of 2, “Use”, just now." in asked
        shown.type("r")
        shown.wait('echo "got ••••••••"')
        answer(shown, "2 of 2 ›", ENTER)
        shown.wait("Done.")
        assert shown.wait_status() == 0


def test_quitting_asks_again_if_a_captured_secret_would_be_lost(program: Program) -> None:
    """The machine has no memory to keep it in: one `q` does not throw it away."""
    with guided(program, "mint.md", env={"XDG_RUNTIME_DIR": None}) as shown:
        answer(shown, "1 of 2 ›", ENTER)
        answer(shown, "2 of 2 ›", "q")
        shown.wait("If you quit now, you lose <new-token>")
        answer(shown, "q quit and lose it", ESCAPE)
        answer(shown, "2 of 2 ›", "q")
        answer(shown, "esc back", "q")
        assert shown.wait_status() == 130


def test_quitting_does_not_ask_about_a_secret_that_nothing_needs_any_more(program: Program) -> None:
    """The last statement that uses it has run."""
    page = (CASES / "mint.md").read_text() + "\n### 3. Last\n\n```bash\ntrue\n```\n"
    with guided(program, page, env={"XDG_RUNTIME_DIR": None}) as shown:
        answer(shown, "1 of 3 ›", ENTER)
        answer(shown, "2 of 3 ›", ENTER)
        answer(shown, "3 of 3 ›", "q")
        assert shown.wait_status() == 130


def test_an_empty_enter_gives_no_value(program: Program) -> None:
    """Enter on an empty line is refused; ^E asks for the empty value, which is shown as such."""
    with guided(program, bash_steps("echo x<name>x")) as shown:
        answer(shown, "type or paste a value", ENTER, ENTER)
        answer(shown, "nothing was typed   ^E empty value", "\x05")
        shown.wait("<name>  (empty)", "echo x''x")
        answer(shown, "1 of 1 ›", ENTER)
        shown.wait("\nxx", "Done.")
        assert shown.wait_status() == 0


def test_an_empty_secret_is_refused_too(program: Program) -> None:
    """The length of a secret is shown while it is typed and after it."""
    with guided(program, bash_steps("echo <door-token> | wc -c")) as shown:
        answer(shown, "type or paste a value", ENTER)
        answer(shown, "nothing was typed", "hunter2")
        answer(shown, "enter use it (7 characters)", ENTER)
        shown.wait("<door-token>  ••••••••  (7 characters)")
        answer(shown, "1 of 1 ›", ENTER)
        shown.wait("\n8", "Done.")
        assert shown.wait_status() == 0


def test_an_offered_secret_shows_only_what_all_tokens_of_its_service_begin_with(program: Program) -> None:
    """Of any other value that a keeper of secrets has printed, not one character is."""
    token = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD2eF5"
    keeper = program.write("op", f"#!/bin/sh\n[ $2 = token ] && echo {token} || echo s3cr3t-77\n")
    keeper.chmod(0o755)
    path = f"{program.work}:{os.environ['PATH']}"
    page = bash_steps("op read password", "op read token", "echo <nas-password> | wc -c")
    with guided(program, page, env={"PATH": path}) as shown:
        answer(shown, "1 of 3 ›", ENTER)
        answer(shown, "2 of 3 ›", ENTER)
        shown.wait("from earlier output: ••••••••  (9 characters)", "from earlier output: ghp_••••••••  (40 ")


def test_blanks_around_a_value_are_shown(program: Program) -> None:
    """A pasted value with a blank at its end looks like one."""
    with guided(program, bash_steps("echo <name>.")) as shown:
        answer(shown, "type or paste a value", "web-1 ", ENTER)
        shown.wait("<name>  “web-1 ”  (ends with a blank)", "echo 'web-1 '.")


def test_an_empty_variable_is_no_value(program: Program) -> None:
    """`env:NAME` of an empty variable is asked for, as if the variable were not set."""
    page = "---\nrunbook: {inputs: {app: {source: 'env:APP'}}}\n---\n" + bash_steps("echo /srv/<app>/data")
    program.write("page.md", page)
    ran = program.run("page.md", "--yes", env={"APP": ""})
    assert (ran.status, "step 1 needs a value for `<app>`" in ran.stdout) == (3, True)


def test_a_source_that_gives_nothing_is_refused(program: Program) -> None:
    """An empty output of `cmd:` is not written into the command."""
    page = "---\nrunbook: {inputs: {app: {source: 'cmd:true'}}}\n---\n" + bash_steps("echo /srv/<app>/data")
    program.write("page.md", page)
    ran = program.run("page.md", "--yes", "--trust")
    assert (ran.status, "`cmd:true` is empty" in ran.stdout) == (3, True)


def test_a_value_with_blanks_and_quotes_is_stored_as_it_is(program: Program) -> None:
    """Inside double quotes each character that the shell would read is escaped."""
    value = "a b \"q\" $x 'y' `z` \\ !"
    with guided(program, "store.md") as shown:
        answer(shown, "type or paste a value", value, ENTER)
        answer(shown, "1 of 1 ›", ENTER)
        shown.wait("Done.")
        assert shown.wait_status() == 0
    assert (program.work / "stored.txt").read_text() == f"key={value}\n"


# a step that a person does


@pytest.mark.parametrize("back", [ESCAPE, INTERRUPT, END], ids=["escape", "interrupt", "end"])
def test_going_back_from_a_note_does_not_mark_the_step_as_done(program: Program, back: str) -> None:
    """The question is asked again, and the note is still there."""
    with guided(program, "man.md") as shown:
        answer(shown, "d done", "n")
        answer(shown, "enter done, without a note", "the boss", *([] if back == END else [back]))
        if back == END:
            shown.type("\x15", END)
        answer(shown, "n note", "n")
        shown.wait("Note for the record:")
        shown.type(" said yes" if back != END else "the boss said yes", ENTER)
        shown.wait("✓  done: the boss said yes")
        answer(shown, "2 of 2 ›", "q")
        assert shown.wait_status() == 130


def test_a_manual_step_first_is_asked_before_the_statement(program: Program) -> None:
    """Only `d` and a note mark it as done; enter and a wrong key do nothing."""
    with guided(program, "man.md") as shown:
        answer(shown, "d done", ENTER, "x", "y")
        shown.wait("Wait for the yes.")
        assert "echo drop" not in shown.text()
        shown.type("d")
        answer(shown, "2 of 2 ›", ENTER)
        shown.wait("Done.", "1  Ask the boss  ✓  by hand")
        assert shown.wait_status() == 0


# how a run ends


def test_a_run_with_failed_and_skipped_steps_says_so(program: Program) -> None:
    """It exits with 1, is listed as partial, and its cadence stays due."""
    with guided(program, "f2.md") as shown:
        answer(shown, "1 of 2 ›", ENTER)
        answer(shown, "r retry", "s")
        answer(shown, "2 of 2 ›", "s")
        shown.wait(
            "Ended, but not everything was done: step 1 failed and was skipped, step 2\n  was skipped."
        )
        shown.wait("1  A  ✗  ", "exit 1, skipped", "2  B  –")
        assert shown.wait_status() == 1
    assert "  partial  " in program.run("runs", "--outcome", "partial").stdout
    due = program.run("due", "f2.md")
    assert (due.status, "has never completed" in due.stdout) == (4, True)
    shown_run = program.run("runs", "show").stdout
    assert "F: partial" in shown_run
    assert "step 1 failed and was skipped, step 2 was skipped" in shown_run
    assert re.search(r"  1  A  ✗  .*exited 1, skipped\n +2  B  –  +skipped\n", shown_run)
    run = program.read_events()[0].run
    assert (
        program.run("resume", run).stderr
        == f"error: run {run} went to its end; there is nothing left to do\n"
    )


def test_a_step_skipped_in_part_is_named_so(program: Program) -> None:
    """One statement of three is skipped; the step is not shown as done."""
    with guided(program, bash_steps("true", "echo a\necho b\necho c")) as shown:
        answer(shown, "1 of 2 ›", ENTER)
        answer_at(shown, "echo a", ENTER)
        answer_at(shown, "echo b", "s")
        answer_at(shown, "echo c", ENTER)
        shown.wait("Ended, but not everything was done: a part of step 2 was skipped.")
        shown.wait("2  Step  …  ", "1 of 3 skipped")
        assert shown.wait_status() == 1


def test_a_statement_whose_condition_is_false_is_no_failure(program: Program) -> None:
    """The page itself says that it is not needed: the run has succeeded."""
    page = bash_steps("echo <where>", "echo never").replace(
        "### 2. Step\n", "### 2. Step\n\n<!-- runbook: when=\"where == 'prod'\" -->"
    )
    program.write("page.md", page)
    ran = program.run("page.md", "--yes", "--set", "where=test")
    assert (ran.status, "  Done.  " in ran.stdout) == (0, True), ran.output


def test_a_success_with_skipped_steps_in_an_old_journal_does_not_count(program: Program) -> None:
    """Before there was the outcome `partial`, such a run ended as succeeded."""
    with guided(program, "f2.md") as shown:
        answer(shown, "1 of 2 ›", "s")
        answer(shown, "2 of 2 ›", ENTER)
        shown.wait("step 1 was skipped")
        shown.wait_status()
    path = program.journal_path()
    *lines, last = path.read_text().splitlines()
    ended = json.loads(last)
    assert ended.pop("outcome") == "partial"
    ended = {**ended, "outcome": "succeeded", "reason": ""}
    del ended["seal"]
    path.write_text("\n".join([*lines, seal_line(json.dumps(ended, separators=(",", ":")))]) + "\n")
    assert program.run("runs", "verify").status == 0
    assert "succeeded" in program.run("runs").stdout
    assert program.run("due", "f2.md").status == 4


# runs in which nothing ran


@pytest.mark.parametrize("keys", [("q",), (INTERRUPT, INTERRUPT), ("s", "q")])
def test_a_run_in_which_nothing_ran_is_neither_kept_nor_offered(
    program: Program, keys: tuple[str, ...]
) -> None:
    """The next start begins at once, and the list of runs is empty."""
    with guided(program, "long.md") as shown:
        answer(shown, "1 of 3 ›", keys[0])
        if len(keys) > 1:
            answer(shown, "^C again quits" if keys[0] == INTERRUPT else "2 of 3 ›", keys[1])
        shown.wait("Nothing was run, and no record of this run is kept.")
        assert shown.wait_status() == 130
    assert list(program.runs.iterdir()) == []
    assert program.run("runs").stdout == ""
    with guided(program, "long.md") as shown:
        answer(shown, "1 of 3 ›", "q")
        assert shown.wait_status() == 130


def test_a_killed_run_in_which_nothing_ran_is_not_offered(program: Program) -> None:
    """Its journal is left, but there is nothing to resume."""
    with guided(program, "long.md") as shown:
        shown.wait("1 of 3 ›")
        shown.child.kill(signal.SIGKILL)
        shown.child.wait()
    with guided(program, "long.md") as shown:
        assert "resume" not in shown.wait("1 of 3 ›")
        shown.type("q")
        assert shown.wait_status() == 130
    assert program.run("resume").stderr.startswith("error: no run is left unfinished")


def test_the_question_about_an_unfinished_run_names_its_procedure(program: Program) -> None:
    """Another procedure of the page that is named is not mistaken for it."""
    program.write("Makefile", "all:\n\t@true\nship:\n\t@false\n")
    program.write("multi.md", (CASES / "multi.md").read_text())
    command = [*COMMAND, "multi.md#ship"]
    with open_screen(command, program.work, program.environment()) as shown:
        answer(shown, "1 of 1 ›", ENTER)
        answer(shown, "r retry", "q")
        assert shown.wait_status() == 1
    with open_screen([*COMMAND, "multi.md"], program.work, program.environment()) as shown:
        text = shown.wait("r resume it   n a new run   q quit")
        assert "of “Ship” (multi.md#ship), failed at step 1 of 1, “Ship”, just now." in " ".join(text.split())
        shown.type("q")
        assert shown.wait_status() == 130
    with open_screen([*COMMAND, "multi.md#build"], program.work, program.environment()) as shown:
        shown.wait("  Build")
        answer(shown, "1 of 1 ›", "q")
        assert shown.wait_status() == 130


def test_resuming_says_which_options_it_ignores(program: Program) -> None:
    """A resumed run has the options that it was begun with."""
    with guided(program, "long.md") as shown:
        answer(shown, "1 of 3 ›", ENTER)
        answer(shown, "2 of 3 ›", "q")
        shown.wait_status()
    with guided(program, "long.md", "--only", "3") as shown:
        shown.wait("Resuming it ignores `--only 3`.")
        answer(shown, "n a new run", "q")
        assert shown.wait_status() == 130


def test_a_second_start_of_a_page_is_told_where_the_first_is(program: Program) -> None:
    """It names the run, its procedure, since when and where; `n` starts another all the same."""
    with guided(program, "long.md") as first:
        answer(first, "1 of 3 ›", ENTER)
        first.wait("2 of 3 ›")
        run = program.read_events()[0].run
        with guided(program, "long.md") as second:
            text = " ".join(second.wait("n start another run   q quit").split())
            assert f"This page is being run already: run {run} of “Steps”, since " in text
            assert " at /dev/" in text
            assert f"in process {first.child.pid}" in text
            assert "Continue there, or wait until it has ended." in text
            second.type("q")
            assert second.wait_status() == 130
        with guided(program, "long.md") as second:
            answer(second, "n start another run", "n")
            answer(second, "1 of 3 ›", "q")
            assert second.wait_status() == 130
        ran = program.run("long.md", "--no-input")
        assert f"run {run} of this page is in progress, in process {first.child.pid}" in ran.stderr
        first.type("q")
        assert first.wait_status() == 130


# tries, interrupts, words of the page


def test_a_retry_waits_and_counts_its_tries(program: Program) -> None:
    """Between the tries the run waits, and it goes on as soon as one succeeds."""
    with guided(program, "retry-without-wait.md") as shown:
        shown.wait("(up to 6 tries, 31 s of waiting between them)")
        answer(shown, "1 of 1 ›", ENTER)
        shown.wait("✗  try 1 of 6: exited 1 after", "next in 1 s")
        shown.wait("✗  try 2 of 6: exited 1 after", "next in 2 s")
        assert "the run has stopped here" not in shown.text()
        (program.work / "ready").touch()
        shown.wait("try 3, ", "Done.")
        assert shown.wait_status() == 0


def test_the_wait_for_the_next_try_can_be_ended(program: Program) -> None:
    """^C leads to the question after a failure, and the run goes on from there."""
    with guided(program, "retry-without-wait.md") as shown:
        answer(shown, "1 of 1 ›", ENTER)
        shown.wait("try 3 of 6", "next in 4 s")
        answer(shown, "try 4 in", INTERRUPT)
        (program.work / "ready").touch()
        answer(shown, "r retry", "r")
        shown.wait("Done.")
        assert shown.wait_status() == 0


def test_w_tries_again_until_it_works(program: Program) -> None:
    """One line counts the time; ^C leads back to the question, which another `w` can leave."""
    with guided(program, bash_steps("{ echo not yet; test -e ready; }")) as shown:
        answer(shown, "1 of 1 ›", ENTER)
        answer(shown, "r retry   w wait", "w")
        shown.wait("… exited 1 · try 3 in 1", "s so far, ^C ends the wait")
        shown.wait_until(lambda text: bool(re.search(r"try 3 in \d s · [2-9] s so far", text)), "the time")
        assert shown.text().count("so far") == 1
        shown.type(INTERRUPT)
        shown.wait("r retry   w wait")
        (program.work / "ready").touch()
        shown.type("w")
        shown.wait("Done.")
        assert shown.wait_status() == 0
    waits = [event.retry_after for event in program.read_events() if isinstance(event, StatementFinished)]
    assert waits == [0.0, 10.0, 0.0]


def test_where_the_page_says_to_wait_w_comes_first(program: Program) -> None:
    """The failure quotes the page, and the keys begin with `w`."""
    page = bash_steps("test -e ready").replace(
        "### 1. Step\n", "### 1. Step\n\nStart it. It may take a few minutes until the pods are up. Then:\n"
    )
    with guided(program, page) as shown:
        answer(shown, "1 of 1 ›", ENTER)
        told = " ".join(shown.wait("w wait   r retry").split())
        assert "The page says to wait here, line 7: It may take a few minutes until the pods are up." in told
        shown.type("q")
        assert shown.wait_status() == 1


def test_an_interrupt_keeps_the_folder_and_the_variables(program: Program) -> None:
    """^C in step 2, and the run goes on: in this shell, and in the shell of a resumed run."""
    with guided(program, "long.md", rows=50) as shown:
        answer(shown, "1 of 3 ›", ENTER)
        answer_at(shown, 'echo "migrating', ENTER)
        answer_at(shown, "sleep 20", ENTER)
        answer(shown, "… 2 s, ^C interrupts", INTERRUPT)
        shown.wait("✗  2. Migrate · interrupted")
        answer(shown, "r retry", "s")
        answer_at(shown, "echo done", "q")
        assert shown.wait_status() == 130
    with guided(program, "long.md", rows=50) as shown:
        asked = " ".join(shown.wait("n a new run").split())
        assert "was stopped in step 2 of 3, “Migrate”" in asked
        shown.type("r")
        answer_at(shown, "echo done", ENTER)
        answer_at(shown, 'echo "$COLOUR', ENTER)
        shown.wait("\nblue /tmp", "Ended, but not everything was done: step 2 failed and was skipped.")
        assert shown.wait_status() == 1


def test_the_words_around_the_commands_are_shown(program: Program) -> None:
    """The warning above the procedure, the comments of a block, and what is below it, after it has run."""
    with guided(program, "comment.md", rows=60) as shown:
        shown.wait("│ DANGER: Only at night", "│ Users notice this.", "Ask in #ops first. Never drain two")
        shown.wait("# DANGER: only if the other node is healthy!", "drain <node>  # then wait 5 minutes")
        answer(shown, "type or paste a value", "web-1", ENTER)
        answer_at(shown, "echo drain", ENTER)
        shown.wait("# now check it is empty:", 'echo "pods on web-1: 0"')
        answer_at(shown, 'echo "pods', ENTER)
        text = shown.wait("enter continue", "q quit")
        shown.type(ENTER)
        after = text[text.index("\npods on web-1: 0") :]
        assert [word in after for word in ("Wait until the graph is flat.", "• then that", "< 1   yes")] == [
            True
        ] * 3
        assert "expected: the node" in shown.wait("comes back in 2 minutes", "2 of 2 ›")
        shown.type(ENTER)
        text = shown.wait("Done.")
        after = text[text.index("\nreboot web-1") :]
        assert "After it came back, tell #ops." in after


@pytest.mark.parametrize("env", [{}, {"NO_COLOR": "1"}], ids=["colour", "no-colour"])
def test_forty_columns_and_twenty_rows_are_enough(program: Program, env: dict[str, str]) -> None:
    """Nothing that is new is wider than a small terminal, and it needs no colour."""
    with guided(program, "comment.md", columns=40, rows=20, env=env) as shown:
        answer(shown, "esc back", ENTER)
        answer(shown, "nothing was typed", "web-1", ENTER)
        answer_at(shown, "echo drain", ENTER)
        answer_at(shown, 'echo "pods', "s")
        answer_at(shown, "echo reboot", "s")
        shown.wait("Ended, but not everything was done:")
        assert shown.wait_status() == 1
        assert bool(shown.styles & {*range(30, 38)}) is not bool(env)


WORDS = """# Move the mail

Long ago there was one server.
Then there were two.

- one
- two
- three
- four
- five
- six
- seven
- eight
- nine

**Warning:** the second one is old.

!!! danger "Only at night"
    Users notice this.

## Prerequisites

You need a key.

## Procedure

### 1. Look

```console
# Never during the day!
$ echo one  # then wait
one
# only now:
$ echo two
```

### 2. Move

```bash
if true; then
  echo moved  # inside
fi # all of it
# CAREFUL: the next one
# takes long
echo gone; echo for good  # really
# Then call Ada.
```
"""


def test_warnings_and_comments_of_other_spellings_are_shown(program: Program) -> None:
    """Warnings are never cut, sections to read first are named, console blocks have comments too."""
    with guided(program, WORDS, rows=40) as shown:
        shown.wait("│ DANGER: Only at night", "│ Users notice this.", "│ Warning: the second one is old.")
        shown.wait("• nine", "Prerequisites", "You need a key.")
        shown.wait("# Never during the day!\n  ▌  echo one  # then wait")
        answer_at(shown, "echo one", ENTER)
        shown.wait("# only now:\n  ▌  echo two")
        answer_at(shown, "echo two", ENTER)
        shown.wait("  ▌  fi  # all of it\n")
        answer_at(shown, "fi", ENTER)
        shown.wait("# CAREFUL: the next one\n     # takes long\n  ▌  echo gone\n")
        answer_at(shown, "echo gone", ENTER)
        shown.wait("  ▌  echo for good  # really\n     # Then call Ada.")
        answer_at(shown, "echo for good", ENTER)
        shown.wait("Done.")
        assert shown.wait_status() == 0


def test_a_long_text_below_a_block_does_not_push_the_command_away(program: Program) -> None:
    """Its beginning is shown before the block runs, and all of it after that."""
    lines = "\n".join(f"{number}. Look at thing {number}." for number in range(1, 21))
    with guided(program, bash_steps(f"echo ran\n```\n\n{lines}\n\n```text\nnot run"), rows=24) as shown:
        text = shown.wait("shown after it has run", "1 of 1 ›")
        assert "echo ran" in text
        assert "thing 20." not in text
        shown.type(ENTER)
        shown.wait("thing 20.", "Done.")
        assert shown.wait_status() == 0


def test_a_page_that_another_program_changes_is_reported(program: Program) -> None:
    """The run continues with the text that it has shown; `e` reads the new one."""
    with guided(program, bash_steps("true", "echo old"), env={"EDITOR": "true"}) as shown:
        shown.wait("1 of 2 ›")
        program.write("page.md", bash_steps("true", "echo new"))
        shown.type(ENTER)
        shown.wait("page.md was changed after this run has read it.", "echo old")
        answer(shown, "2 of 2 ›", "e")
        shown.wait("the page was edited and read again", "echo new")
        answer(shown, "2 of 2 ›", ENTER)
        shown.wait("\nnew", "Done.")
        assert shown.wait_status() == 0


AROUND = """# Page

> [!warning] Stop the timer first
> ```bash
> touch stopped
> ```

Needs this:

```yaml
a: b
```

## Steps

1. One
   ```bash
   echo one
   ```

## Verify

```bash
touch verified
```

## Rollback

```bash
touch back
```
"""


def test_blocks_around_the_steps_are_named_and_do_not_run(program: Program) -> None:
    """Those above have a note where they are; the end names what a reader comes to next, and no rollback."""
    with guided(program, AROUND) as shown:
        shown.wait("(bash on line 4, not run)", "Needs this:", "(yaml on line 10, not run)")
        answer(shown, "1 of 1 ›", ENTER)
        text = shown.wait("Done.", "Not run, below the steps: Verify (#verify)", "report")
        assert "Rollback" not in text
        assert shown.wait_status() == 0
    assert [path.name for path in program.work.iterdir()] == ["page.md"]


def test_the_doubt_after_a_kill_shows_the_output_as_a_terminal_did(program: Program) -> None:
    """Carriage returns at the ends of lines are no text."""
    script = """sh -c "printf 'The system\\r\\nre%s\\r\\n' boots; sleep 600\""""
    page = program.write("page.md", bash_steps(script))
    with program.start("page.md", "--yes") as run:
        end = time.monotonic() + 60
        while b"reboots" not in b"".join(path.read_bytes() for path in program.runs.glob("*.jsonl")):
            assert time.monotonic() < end
            time.sleep(0.05)
        run.kill()
    with open_screen([*COMMAND, "resume"], page.parent, program.environment(), 80, 40) as shown:
        text = shown.wait("It had printed:", "The system", "reboots", "h it happened")
        assert "\\r" not in text.partition("It had printed:")[2]
