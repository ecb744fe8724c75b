"""A run is resumed after its page was edited: no statement is lost, and none runs twice by itself."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import DATA
from tests.support.program import Program, ProgramResult

MEMORY = Path("/dev/shm")


def page_of(*scripts: str, head: str = "") -> str:
    """Return a page with a step for each script."""
    parts = [f"### {n}. Step\n\n```bash\n{script}\n```\n" for n, script in enumerate(scripts, 1)]
    return head + "# Page\n\n## Procedure\n\n" + "\n".join(parts)


def resume(program: Program, *options: str) -> ProgramResult:
    """Resume the newest run without a person, on the page as it is now."""
    return program.run("resume", "--yes", "--no-input", "--accept-changes", *options)


def log(program: Program) -> list[str]:
    """Return the lines that the statements have written."""
    path = program.work / "log"
    return path.read_text().split() if path.exists() else []


@pytest.fixture
def runtime() -> Iterator[Path]:
    """Return a private runtime folder in memory."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        yield Path(name)


A, B, C = (f"echo {name} >>log" for name in "abc")
WAITS = "test -e wanted"


@pytest.mark.parametrize("answer", ["run", "done", "skip"])
def test_a_new_step_before_finished_ones_is_asked_about(program: Program, answer: str) -> None:
    """Nothing runs until it is decided; then it runs at once, or counts as done, or as skipped."""
    page = (DATA / "cases" / "bugs" / "04-resume-new-step.md").read_text()
    assert program.run_page(page, "--yes").status == 1
    new = "### 0. Zero\n\n```bash\necho zero >> r.log\n```\n\n### 1. One"
    program.write("page.md", page.replace("### 1. One", new).replace("false\n", "true\n"))
    for _ in range(2):
        ran = resume(program)
        assert (ran.status, (program.work / "r.log").read_text()) == (3, "one\ntwo\n")
        assert ran.stderr == (
            "page.md:8: statement 0.1 is new, was moved, or ran with another text: `echo zero >> r.log`\n"
            "nothing was run; `--assume run 0.1` runs it, `--assume skip 0.1` skips it, "
            "`--assume done 0.1` counts it as done\n"
        )
    ran = resume(program, "--assume", answer, "0.1")
    # a skipped step makes the run partial
    assert ran.status == (1 if answer == "skip" else 0)
    assert (program.work / "r.log").read_text() == "one\ntwo\n" + "zero\n" * (answer == "run")
    assert program.run("runs", "verify").status == 0
    assert program.run("runs", "show").status == 0


EDITS = {
    "moved up": ((A, B, WAITS, C), (C, A, B, WAITS), ["1.1"], ["a", "b", "c"]),
    "finished ones swapped": ((A, B, WAITS, C), (B, A, WAITS, C), [], ["a", "b", "c"]),
    "a finished one moved down": ((A, B, WAITS, C), (B, WAITS, A, C), ["2.1"], ["a", "b", "c"]),
    "a finished one changed": (
        (A, B, WAITS, C),
        (A, B.replace(">>", ">> "), WAITS, C),
        ["2.1"],
        ["a", "b", "b", "c"],
    ),
    "the first one changed": (
        (A, B, WAITS, C),
        (A.replace(">>", ">> "), B, WAITS, C),
        ["1.1"],
        ["a", "b", "a", "c"],
    ),
    "a finished one removed": ((A, B, WAITS, C), (B, WAITS, C), [], ["a", "b", "c"]),
    "a finished one doubled": ((A, B, WAITS, C), (A, A, B, WAITS, C), ["2.1"], ["a", "b", "a", "c"]),
    "new ones at the place of the failure": ((A, WAITS, C), (A, B, WAITS, C), [], ["a", "b", "c"]),
    "the failed one mended": ((A, "false", C), (A, "true", C), [], ["a", "c"]),
    "a loop one longer": ((A, A, WAITS, A), (A, A, WAITS, A, A), [], ["a"] * 4),
    "a loop one shorter": ((A, A, WAITS, A, A), (A, A, WAITS, A), [], ["a"] * 3),
    "sections with the same statement swapped": (
        ("cd .", A, "cd ../work", B, WAITS, A),
        ("cd ../work", B, WAITS, A, "cd .", A),
        ["3.1", "4.1"],
        ["a", "b", "a"],
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_statements_are_found_again_by_themselves(program: Program, edit: str) -> None:
    """What has finished does not run again, and everything else runs, after a question where needed."""
    old, new, asked, effects = EDITS[edit]
    assert program.run_page(page_of(*old), "--yes").status == 1
    program.write("page.md", page_of(*new))
    (program.work / "wanted").touch()
    ran = resume(program)
    assert (ran.status == 3) == bool(asked)
    assert [line.split()[2] for line in ran.stderr.splitlines() if " is new, " in line] == asked
    if asked:
        ran = resume(program, *(word for label in asked for word in ("--assume", "run", label)))
    assert (ran.status, log(program)) == (0, effects)
    assert program.run("runs", "verify").status == 0


def test_an_answer_holds_if_the_run_dies_after_it(program: Program) -> None:
    """The statement fails, and runs at its new place when the run is resumed once more."""
    assert program.run_page(page_of(A, B, WAITS), "--yes").status == 1
    program.write("page.md", page_of("test -e new && echo new >>log", A, B, WAITS))
    assert resume(program, "--assume", "run", "1.1").status == 1
    (program.work / "new").touch()
    (program.work / "wanted").touch()
    assert (resume(program).status, log(program)) == (0, ["a", "b", "new"])


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("secret", ["echo", "one", "bash", "Step", "log"])
def test_a_secret_that_is_a_word_of_the_page_is_no_change(
    program: Program, runtime: Path, secret: str, kept: bool
) -> None:
    """Finished statements do not run again, whether the secret could be kept or not."""
    env: dict[str, str | None] = {"XDG_RUNTIME_DIR": str(runtime) if kept else None}
    page = page_of("echo one >>log", "true <api-token>", WAITS, "echo four >>log")
    program.write("page.md", page)
    assert program.run("page.md", "--yes", "--set", f"api-token={secret}", env=env).status == 1
    for words in ("", "Better words.\n"):
        program.write("page.md", page + words)
        ran = program.run("resume", "--yes", "--no-input", env=env)
        assert (ran.status, log(program)) == (1, ["one"]), ran.output
    (program.work / "wanted").touch()
    ran = program.run("resume", "--yes", "--no-input", env=env)
    assert (ran.status, log(program)) == (0, ["one", "four"]), ran.output


def test_a_digest_of_a_statement_tells_nothing_of_its_text(program: Program) -> None:
    """The same page has other digests in each run, and no plain digest of a statement is written."""
    program.run_page(page_of(A, "false"), "--yes")
    first = program.read_events()[0]
    program.journal_path().unlink()
    program.run("page.md", "--yes")
    second = program.read_events()[0]
    assert first.event == second.event == "run_started"
    marks = [set(getattr(event, "items", ())) for event in (first, second)]
    assert all(marks)
    assert not marks[0] & marks[1]


@pytest.mark.parametrize("decision", ["done", "again"])
def test_a_statement_that_was_put_before_one_in_doubt_is_not_lost(program: Program, decision: str) -> None:
    """The doubt is decided on its own; whatever it is, the new statement is asked about and runs."""
    program.write("page.md", page_of(A, "kill -9 $PPID $$", C))
    program.run("page.md", "--yes", "--no-input")
    program.write("page.md", page_of(A, "echo new >>log", "kill -9 $PPID $$", C))
    ran = resume(program)
    assert (ran.status, "statement 2.1 is new" in ran.stderr) == (3, True)
    ran = resume(program, "--assume", "run", "2.1")
    assert (ran.status, "--assume done 3.1" in " ".join(ran.stdout.split())) == (3, True)
    resume(program, "--assume", "run", "2.1", "--assume", decision, "3.1")
    assert log(program) == (["a", "new", "c"] if decision == "done" else ["a", "new"])


def test_a_replaced_value_is_reported_and_repeats_nothing(program: Program) -> None:
    """The statements that ran with the earlier value are named; the ones after them get the new one."""
    page = page_of("echo <version> >>log", WAITS, "echo <version> >>log")
    assert program.run_page(page, "--yes", "--set", "version=1").status == 1
    (program.work / "wanted").touch()
    ran = resume(program, "--set", "version=2")
    assert (ran.status, log(program)) == (0, ["1", "2"])
    assert "<version>: ran with 1 in 1.1, which is not run again" in ran.stderr
