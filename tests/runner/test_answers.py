"""A run that waits is answered from elsewhere, in each of its questions, and continues."""

from __future__ import annotations

import json

import pytest

from runbook_exec.engine.events import Answered, Asked, Event, RunEnded
from tests.support.program import Program, ProgramResult, write_program

STEPS = "# Page\n\n## Procedure\n\n"
BEGIN = "### 1. Begin\n\n```bash\necho begin >>log\n```\n\n"
END = "\n### 3. End\n\n```bash\necho end >>log\n```\n"

ASKS = "<!-- runbook: confirm='ship it?' -->"
CONFIRM = f"{STEPS}{BEGIN}### 2. Ship\n\n{ASKS}\n```bash\necho ship >>log\n```\n{END}"
MANUAL = f"{STEPS}{BEGIN}### 2. Look\n\nLook at the dashboard.\n{END}"
VALUE = f"{STEPS}{BEGIN}### 2. Use\n\n```bash\necho <region> >>log\n```\n{END}"
SECRET = f"{STEPS}{BEGIN}### 2. Use\n\n```bash\necho <api-token> | tr -d a-z >>log\n```\n{END}"
FAILED = f"{STEPS}{BEGIN}### 2. Fail\n\n```bash\ntest -e wanted && echo two >>log\n```\n{END}"


def start(program: Program, page: str, *options: str) -> ProgramResult:
    """Run a page without a person, with an id of our own."""
    return program.run_page(page, "--yes", "--no-input", "--no-config", "--id", "r.1", *options)


def resume(program: Program, *options: str, given: str = "") -> ProgramResult:
    """Resume the run without a person."""
    return program.run("resume", "r.1", "--yes", "--no-input", *options, given=given)


def answer(program: Program, choice: str, *options: str) -> ProgramResult:
    """Resume the run with an answer to the question that it asks."""
    return resume(program, "--answer", f"{question(program)}={choice}", *options)


def question(program: Program) -> str:
    """Return the id of the question at which the run waits."""
    ended = program.read_events()[-1]
    assert isinstance(ended, RunEnded), ended
    assert ended.question, ended
    return ended.question


def log(program: Program) -> list[str]:
    """Return the lines that the statements have written."""
    path = program.work / "log"
    return path.read_text().split() if path.exists() else []


def last(program: Program, kind: type[Event]) -> Event:
    """Return the last event of a kind."""
    return [event for event in program.read_events() if isinstance(event, kind)][-1]


@pytest.mark.parametrize(
    ("page", "kind", "choice", "effect"),
    [
        (CONFIRM, "confirm:2.1", "run", "ship"),
        (CONFIRM, "confirm:2.1", "skip", None),
        (MANUAL, "manual:2", "done", None),
        (MANUAL, "manual:2", "done:all green", None),
        (VALUE, "value:2.1", "value:eu-1", "eu-1"),
        (VALUE, "value:2.1", "skip", None),
    ],
)
def test_a_waiting_run_continues_with_an_answer(
    program: Program, page: str, kind: str, choice: str, effect: str | None
) -> None:
    """Nothing runs twice, the rest runs, and the journal has who answered which question."""
    assert start(program, page).status == 3
    asked = last(program, Asked)
    assert isinstance(asked, Asked)
    assert asked.id == question(program) == f"{kind}:{asked.seq}"
    ran = answer(program, choice)
    assert ran.status == (1 if choice == "skip" else 0), ran.output
    assert log(program) == ["begin", *([effect] if effect else []), "end"]
    given = [each for each in program.read_events() if isinstance(each, Answered) and each.id == asked.id]
    assert given[0].by.partition("@")[0] != ""
    assert given[0].note == choice.partition(":")[2] * (kind == "manual:2")
    assert program.run("runs", "verify").status == 0


@pytest.mark.parametrize("choice", ["retry", "skip", "quit"])
def test_a_failed_statement_waits_with_on_failure_ask(program: Program, choice: str) -> None:
    """`retry` runs it again, `skip` leaves it out, and `quit` ends the run as failed."""
    assert start(program, FAILED, "--on-failure", "ask").status == 3
    assert question(program).startswith("failed:2.1:")
    (program.work / "wanted").touch()
    ran = answer(program, choice)
    assert ran.status == {"retry": 0, "skip": 1, "quit": 1}[choice], ran.output
    assert (
        log(program)
        == {
            "retry": ["begin", "two", "end"],
            "skip": ["begin", "end"],
            "quit": ["begin"],
        }[choice]
    )


def test_a_failed_statement_ends_the_run_unless_it_may_ask(program: Program) -> None:
    """Without a person a failure is no question, so a fleet of runs ends."""
    assert start(program, FAILED).status == 1
    assert not [event for event in program.read_events() if isinstance(event, Asked)]


@pytest.mark.parametrize(
    ("choice", "lines"), [("done", ["begin", "end"]), ("again", ["begin", "two", "end"])]
)
def test_a_statement_in_doubt_is_answered(program: Program, choice: str, lines: list[str]) -> None:
    """The answer is taken for the statement that was running when the run died."""
    page = FAILED.replace("test -e wanted &&", "{ test -e again || kill -9 $PPID $$; } &&")
    assert start(program, page).status in (1, -9)
    (program.work / "again").touch()
    assert resume(program).status == 3
    assert question(program).startswith("doubt:2.1:")
    ran = answer(program, choice, "--accept-lost")
    assert (ran.status, log(program)) == (0, lines), ran.output


def test_a_run_that_may_run_nothing_by_itself_is_answered_at_each_statement(program: Program) -> None:
    """Without `--yes` each statement is a question, with the text that will run."""
    program.run_page(CONFIRM, "--no-input", "--no-config", "--id", "r.1")
    asked: list[tuple[str, str]] = []
    for _ in range(3):
        event = last(program, Asked)
        assert isinstance(event, Asked)
        asked.append((event.question, event.text))
        ran = program.run("resume", "r.1", "--no-input", "--answer", f"{event.id}=run")
    assert (ran.status, log(program)) == (0, ["begin", "ship", "end"])
    assert asked == [("run", "echo begin >>log"), ("confirm", "echo ship >>log"), ("run", "echo end >>log")]


def test_lost_shell_state_is_a_question(program: Program) -> None:
    """An open file cannot come back; the answer continues without it, and only that."""
    page = CONFIRM.replace("echo begin >>log", "echo begin >>log; exec 5>>log").replace(
        "end >>log", "end >&5"
    )
    start(program, page)
    assert answer(program, "run").status == 3
    event = last(program, Asked)
    assert isinstance(event, Asked)
    assert (event.question, "descriptor 5" in event.asks) == ("state", True), event
    assert answer(program, "run").status == 3
    assert question(program).startswith("confirm:2.1:")
    assert log(program) == ["begin"]
    assert answer(program, "quit", "--accept-lost").status == 130


def test_an_answer_to_an_older_question_is_refused(program: Program) -> None:
    """Each question has an id of its own; the refusal names the one that is asked, and nothing runs."""
    page = CONFIRM.replace(
        "### 3.", "### 3. Again\n\n<!-- runbook: confirm -->\n```bash\ntrue\n```\n\n### 4."
    )
    start(program, page)
    older = question(program)
    assert answer(program, "run").status == 3
    before = program.journal_path().read_bytes()
    ran = resume(program, "--answer", f"{older}=run")
    assert (ran.status, ran.stdout) == (2, "")
    assert ran.stderr == f"error: run r.1 does not ask `{older}`; it asks `{question(program)}`\n"
    assert program.journal_path().read_bytes() == before
    assert answer(program, "run").status == 0
    ran = resume(program, "--answer", f"{older}=run")
    assert (ran.status, log(program)) == (2, ["begin", "ship", "end"])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("ID=yes", "expected `run`, `skip` or `quit`, got `yes`"),
        ("confirm:2.1:7", "`--answer`: expected `ID=CHOICE`"),
        ("confirm:2.1:999=run", "does not ask `confirm:2.1:999`"),
        ("confirm:3.1:7=run", "does not ask"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(program: Program, text: str, problem: str) -> None:
    """The message has what was expected; the run waits as before, and no event is written."""
    start(program, CONFIRM)
    before = program.journal_path().read_bytes()
    ran = resume(program, "--answer", text.replace("ID", question(program)))
    assert (ran.status, problem in ran.stderr) == (2, True), ran.stderr
    assert program.journal_path().read_bytes() == before


def test_a_value_that_the_page_does_not_allow_is_refused(program: Program) -> None:
    """A value from elsewhere is checked like a typed one, before anything runs."""
    known = "---\nrunbook:\n  inputs:\n    region:\n      choices: [eu-1, us-1]\n---\n"
    start(program, known + VALUE)
    ran = answer(program, "value:mars")
    assert ran.status == 2, ran.output
    assert "expected one of" in ran.stderr
    assert answer(program, "value:us-1").status == 0


def test_a_secret_comes_on_standard_input_only(program: Program) -> None:
    """It is refused as an argument, and is in no file after it was given."""
    start(program, SECRET)
    ran = answer(program, "value:Zebra-4711-x")
    assert (ran.status, "--answer -" in ran.stderr) == (2, True)
    data = {"id": question(program), "choice": "value", "value": "Zebra-4711-x", "by": "alice"}
    ran = resume(program, "--answer", "-", given=json.dumps(data))
    assert (ran.status, log(program)) == (0, ["begin", "Z-4711-", "end"]), ran.output
    assert b"Zebra-4711-x" not in program.read_all_files()
    given = [event for event in program.read_events() if isinstance(event, Answered) and event.by]
    assert given[0].by.startswith("alice via ")


def test_json_that_is_no_answer_is_refused(program: Program) -> None:
    """Fields that are unknown, missing or no text are named."""
    start(program, CONFIRM)
    for data in ("", "[]", '{"id": 1}', '{"id": "x"}', '{"id": "x", "choice": "run", "approved": "yes"}'):
        ran = resume(program, "--answer", "-", given=data)
        assert (ran.status, ran.stderr.startswith("error: `--answer -`: expected")) == (2, True), ran.stderr


def test_confirmed_and_done_count_when_a_run_is_resumed(program: Program) -> None:
    """They are checked as at the start of a run."""
    start(program, CONFIRM + MANUAL.partition(BEGIN)[2].replace("2.", "4.").replace("3. End", "5. End"))
    assert resume(program, "--confirmed", "1").status == 2
    assert resume(program, "--confirmed", "2").status == 3
    assert question(program).startswith("manual:4:")
    assert resume(program, "--done", "4").status == 0
    assert log(program) == ["begin", "ship", "end", "end"]


def test_a_changed_question_is_asked_again(program: Program) -> None:
    """An answer is only for the statement with the text that was asked about."""
    start(program, CONFIRM)
    older = question(program)
    program.write("page.md", CONFIRM.replace("echo ship", "echo sink"))
    ran = resume(program, "--answer", f"{older}=run", "--accept-changes")
    assert (ran.status, log(program)) == (3, ["begin"]), ran.output
    assert question(program) != older
    assert answer(program, "run", "--accept-changes").status == 0
    assert log(program) == ["begin", "sink", "end"]


def test_a_run_has_the_id_that_it_is_given(program: Program) -> None:
    """No second run gets the id, and an id that no file can have is refused."""
    start(program, CONFIRM)
    assert {event.run for event in program.read_events()} == {"r.1"}
    again = start(program, CONFIRM)
    assert (again.status, "run `r.1` exists already" in again.stderr) == (2, True)
    for identity in ("../x", "-x", "a/b", "x" * 81, "a b"):
        ran = program.run("page.md", "--yes", f"--id={identity}")
        assert (ran.status, ran.stderr.startswith("error: `--id`: expected")) == (2, True), ran.stderr
    assert program.run("page.md", "--yes", "--id", "r.10-a@b").status == 3
    assert program.run("runs", "show", "r.1").status == 0
    assert "r.10-a@b" in program.run("runs").stdout


TABS = f"""{STEPS}{BEGIN}### 2. Install

=== "Debian"

    ```bash
    echo deb >>log
    ```

=== "macOS"

    ```bash
    echo mac >>log
    ```
{END}"""


def test_a_choice_that_waits_is_answered(program: Program) -> None:
    """A held run asks which alternative to run, and continues with the one that the answer names."""
    assert start(program, TABS).status == 2
    assert start(program, TABS, "--hold", "1s").status == 3
    assert question(program).startswith("choose:2")
    ran = answer(program, "choose:2")
    assert (ran.status, log(program)) == (0, ["begin", "mac", "end"]), ran.output


def test_a_new_statement_that_waits_is_answered(program: Program) -> None:
    """A statement that an edit puts before finished ones runs only if the answer says so."""
    assert start(program, FAILED).status == 1
    (program.work / "wanted").touch()
    program.write("page.md", FAILED.replace("echo begin", "echo new >>log\necho begin"))
    changed = ("--accept-changes", "--trust")
    assert resume(program, *changed).status == 3
    assert resume(program, *changed, "--hold", "1s").status == 3
    assert question(program).startswith("new:1.1:")
    ran = answer(program, "run", *changed)
    assert (ran.status, log(program)) == (0, ["begin", "new", "two", "end"]), ran.output


INNER = f"{STEPS}### 1. In\n\n```bash\nsh\necho in >>log; test -e wanted\necho more >>log\nexit\n```\n{END}"


def test_going_in_again_that_waits_is_answered(program: Program) -> None:
    """A run that ended inside a shell goes in again only if the answer says so."""
    assert start(program, INNER).status == 1
    (program.work / "wanted").touch()
    assert resume(program).status == 3
    assert question(program).startswith("enter:1.1:")
    ran = answer(program, "run")
    assert (ran.status, log(program)) == (0, ["in", "more", "end"]), ran.output


TYPED = f"{STEPS}{BEGIN}### 2. Ping\n\n```bash\nredis-cli\nping\nquit\n```\n{END}"


def test_lines_for_a_prompt_that_wait_are_answered(program: Program) -> None:
    """A held run asks whether each line was typed into its program."""
    environment = write_program(program, "redis-cli", "#!/bin/sh\necho redis\n")
    program.write("page.md", TYPED)
    held = ("--yes", "--no-input", "--no-config", "--hold", "1s")
    assert program.run_page(TYPED, *held, "--id", "r.1", env=environment).status == 3
    for label in ("2.2", "2.3"):
        assert question(program).startswith(f"manual:{label}:")
        ran = answer(program, "done", "--hold", "1s")
    assert (ran.status, log(program)) == (0, ["begin", "end"]), ran.output
