"""A statement is tried again: what each try has printed counts for that try, and a killed run goes on."""

from __future__ import annotations

import time

from runbook_exec.engine.events import Event, Output, StatementFinished, StatementStarted
from tests.support.program import Program

_PATIENCE = 30.0  # seconds


def page(says: str, script: str, after: str = "true") -> str:
    """Return a page of bash with an annotated block, and a step after it."""
    steps = ("### 1. Wait", f"<!-- runbook: {says} -->\n```bash\n{script}\n```", "### 2. Then")
    return "\n\n".join(("# Page", "## Procedure", *steps, f"```bash\n{after}\n```\n"))


def list_tries(events: list[Event]) -> list[tuple[int, str, int, float]]:
    """Return the number, output, status and wait of each try at the first statement."""
    tries: list[tuple[int, str, int, float]] = []
    for event in events:
        if isinstance(event, StatementStarted) and event.step == 1:
            tries.append((event.attempt, "", -1, 0.0))
        elif tries and isinstance(event, Output) and event.step == 1:
            number, text, status, wait = tries[-1]
            tries[-1] = (number, text + event.text, status, wait)
        elif tries and isinstance(event, StatementFinished) and event.step == 1:
            tries[-1] = (*tries[-1][:2], event.status, event.retry_after)
    return tries


def kill_when(program: Program, name: str, *options: str) -> None:
    """Run the page without a person, and kill the program with SIGKILL once a file exists."""
    process = program.start("page.md", "--yes", "--no-input", *options)
    until = time.monotonic() + _PATIENCE
    while not (program.work / name).exists():
        assert time.monotonic() < until
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()


def wait_for_line(program: Program, text: str, count: int) -> None:
    """Wait until the journal has so many lines with a text."""
    until = time.monotonic() + _PATIENCE
    while program.journal_path().read_text().count(text) < count:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_every_try_is_in_the_journal(program: Program) -> None:
    """It has the output, the status, and the seconds until the next try."""
    script = "echo x >>tries; wc -l <tries; test $(wc -l <tries) -eq 3"
    assert program.run_page(page("retry=5 every=20ms", f"{{ {script}; }}"), "--yes").status == 0
    assert list_tries(program.read_events()) == [(1, "1\n", 1, 0.02), (2, "2\n", 1, 0.02), (3, "3\n", 0, 0.0)]


def test_only_the_last_try_counts_for_what_must_be_printed(program: Program) -> None:
    """A text that an earlier try has printed neither fulfils nor breaks an expectation."""
    bad_first = "if mkdir tried; then echo bad; false; else echo good; fi"
    done = program.run_page(page('retry=2 every=1ms expect-not="bad"', bad_first), "--yes")
    assert done.status == 0, done.output
    (program.work / "tried").rmdir()
    good_first = "if mkdir tried; then echo good; false; else echo other; fi"
    done = program.run_page(page('retry=1 every=1ms expect="good"', good_first), "--yes")
    assert (done.status, "output did not contain `good`" in done.output) == (1, True)


def test_what_the_block_has_printed_before_still_counts(program: Program) -> None:
    """An expectation of a block is met by a statement before the one that is tried again."""
    script = "echo good\nif mkdir tried; then false; fi"
    assert program.run_page(page('retry=1 every=1ms expect="good"', script), "--yes").status == 0


def test_a_run_killed_while_it_waits_goes_on_with_the_tries_that_are_left(program: Program) -> None:
    """One try of four was made; the resumed run makes three, and none of them is in doubt."""
    program.write("page.md", page("retry=3 every=300s", "{ echo x >>tries; false; }"))
    process = program.start("page.md", "--yes", "--no-input")
    until = time.monotonic() + _PATIENCE
    while not list(program.runs.glob("*.jsonl")):
        assert time.monotonic() < until
        time.sleep(0.01)
    wait_for_line(program, "statement_finished", 1)
    process.kill()
    process.wait()
    program.write("page.md", page("retry=3 every=1ms", "{ echo x >>tries; false; }"))
    done = program.run("resume", "--yes", "--no-input", "--accept-changes", "--trust")
    assert done.status == 1, done.output
    assert [number for number, *_ in list_tries(program.read_events())] == [1, 2, 3, 4]
    assert (program.work / "tries").read_text().count("x") == 4


def test_a_try_that_was_cut_off_is_in_doubt(program: Program) -> None:
    """It is not made again until a person has said so; then it has the same number."""
    script = "echo x >>tries; if mkdir tried; then false; else touch cut; test -e free || sleep 60; fi"
    program.write("page.md", page("retry=3 every=1ms", f"{{ {script}; }}"))
    kill_when(program, "cut")
    (program.work / "free").touch()
    done = program.run("resume", "--yes", "--no-input")
    assert (done.status, "was running when the run died" in done.output) == (3, True)
    assert (program.work / "tries").read_text().count("x") == 2
    done = program.run("resume", "--yes", "--no-input", "--assume", "again", "1.1")
    assert done.status == 0, done.output
    assert [number for number, *_ in list_tries(program.read_events())] == [1, 2, 2]


def test_what_is_tried_again_is_in_the_plan_and_in_the_trust(program: Program) -> None:
    """`--dry-run` and `trust` describe it, and a changed wait or text is another command."""
    program.write("page.md", page('until="Running" every=15s', "echo Running"))
    assert (
        "retried: up to 21 tries, one every 15 s, until it prints `Running`"
        in program.run("page.md", "--dry-run").stdout
    )
    nowhere = {"RUNBOOK_EXEC_TRUSTED": None}
    told = program.run("trust", "page.md", "--yes", env=nowhere)
    assert "tried again every 15 s, until it prints “Running”" in told.output
    assert program.run("page.md", "--yes", env=nowhere).status == 0
    for changed in ('until="Running" every=16s', 'until="running" every=15s'):
        program.write("page.md", page(changed, "echo Running"))
        assert program.run("page.md", "--yes", env=nowhere).status == 3
