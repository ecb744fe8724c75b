"""Statements after a command that opens another shell: they run here only if a person agrees."""

from __future__ import annotations

import pytest

from tests.support.paths import DATA
from tests.support.program import COMMAND, Program
from tests.support.screen import Screen, open_screen

CASES = DATA / "cases"


def wait_for_prompt(shown: Screen) -> None:
    """Wait for the prompt of the inner sh, which is root's in a container."""
    shown.wait_until(lambda text: text.endswith(("$", "#")), "the prompt of the inner shell")


@pytest.mark.parametrize(
    ("case", "line"),
    [
        ("bugs/13-exec-shell.md", 7),
        ("bugs/23-nested-shell.md", 7),
        ("selection/nested-shell.md", 7),
        ("operator/inner-oc-debug.md", 8),
        ("inner/inner-nested.md", 9),
        ("inner/inner-sh.md", 7),
        ("inner/inner-ssh.md", 9),
        ("inner/inner-sudo.md", 7),
    ],
)
def test_an_unattended_run_is_refused_before_anything_runs(program: Program, case: str, line: int) -> None:
    """The lines after the shell that was opened were meant for it, so nothing runs on this machine."""
    program.write("page.md", (CASES / case).read_text())
    done = program.run("page.md", "--yes", "--no-input", "--no-config")
    assert done.status == 3, done.output
    assert f"page.md:{line}: a person must confirm" in done.stderr
    assert f"Line {line - 1} opens another" in done.stderr
    assert "nothing was run" in done.stderr
    assert not program.runs.exists() or not list(program.runs.iterdir())


def test_lines_for_a_database_client_never_run_in_the_shell(program: Program) -> None:
    """SQL below `psql` is no command: the block is not run, and its step is for a person."""
    program.write("page.md", (CASES / "inner/inner-psql.md").read_text())
    done = program.run("page.md", "--yes", "--no-input", "--no-config")
    assert done.status == 3


@pytest.mark.parametrize(
    "page",
    [
        "# P\n\n## Procedure\n\n```bash\nsh -c 'echo inner'\necho after\n```\n",
        "# P\n\n## Procedure\n\n```bash\necho 'echo inner' | sh\necho after\n```\n",
        "# P\n\n## Procedure\n\n```bash\nbash <<'EOF'\necho inner\nEOF\necho after\n```\n",
        "# P\n\n## Procedure\n\n```bash\necho 'echo inner' | bash -s\n```\n\n```bash\necho after\n```\n",
        "# P\n\n## Procedure\n\n```fish\necho 'echo inner' | sh\necho after\n```\n",
    ],
)
def test_a_shell_that_ends_by_itself_is_no_reason_to_ask(program: Program, page: str) -> None:
    """A shell with its own commands runs unattended as before."""
    done = program.run_page(page, "--yes", "--no-input", "--no-config")
    assert done.status == 0, done.output
    assert "inner" in done.stdout
    assert "after" in done.stdout


def test_only_the_chosen_alternative_counts(program: Program) -> None:
    """An alternative that opens a shell does not concern the other one."""
    page = (
        "# P\n\n## Procedure\n\n<!-- runbook: choose=2 -->\n```bash\n# in a shell:\nsh\necho inside\n"
        "# or:\necho here\n```\n"
    )
    done = program.run_page(page, "--yes", "--no-input", "--no-config")
    assert done.status == 0, done.output
    assert "here" in done.stdout
    assert "inside" not in done.stdout.replace("echo inside", "")


def test_a_guided_run_asks_where_the_next_statement_runs(program: Program) -> None:
    """After the inner shell has ended, the operator is told that the next line runs here, and skips it."""
    page = "# P\n\n## Procedure\n\n```bash\nsh\necho in >where.txt\nexit\necho out >after.txt\n```\n"
    program.write("page.md", page)
    command = [*COMMAND, "page.md", "--no-config"]
    with open_screen(command, program.work, program.environment(), 100, 40) as shown:
        shown.wait("enter run")
        shown.type("\r")
        wait_for_prompt(shown)
        shown.type("exit\r")
        shown.wait("Line 6 opens another shell", "Run it here?", "s skip")
        shown.type("s")
        shown.wait_until(
            lambda text: text.count("Run it here?") == 2 and text.endswith("3 of 4 ›"),
            "the question about `exit`",
        )
        shown.type("s")
        shown.wait("echo out >after.txt", "enter run")
        shown.type("\r")
        shown.wait_status()
    assert (program.work / "after.txt").read_text() == "out\n"
    assert not (program.work / "where.txt").exists()


def test_a_terminal_run_with_yes_asks_too(program: Program) -> None:
    """`--yes` does not answer this question where a person is there."""
    program.write("page.md", "# P\n\n## Procedure\n\n```bash\nsh\necho in >where.txt\n```\n")
    command = [*COMMAND, "page.md", "--no-config", "--yes"]
    with open_screen(command, program.work, program.environment(), 100, 40) as shown:
        wait_for_prompt(shown)
        shown.type("exit\r")
        shown.wait("Run it here?", "yes, run it")
        shown.type("y")
        assert shown.wait_status() == 0
    assert (program.work / "where.txt").read_text() == "in\n"


def test_show_and_dry_run_say_it(program: Program) -> None:
    """Both warn at each statement that does not run where the page means it."""
    program.write("page.md", (CASES / "inner/inner-nested.md").read_text())
    for arguments in (["show", "page.md"], ["page.md", "--dry-run"]):
        printed = program.run(*arguments).stdout
        assert printed.count("warning: Line 8 opens another shell") == 2
        assert printed.count("warning: Line 9 opens another shell") == 2


def test_the_next_step_has_a_note(program: Program) -> None:
    """A step that ends in another shell is over: what comes next runs here, which is said and not asked."""
    first = "# P\n\n## Procedure\n\n### 1. Connect\n\n```bash\nssh web\n```\n\n"
    page = f"{first}### 2. Deploy\n\n```bash\ngit pull\nls\n```\n"
    program.write("page.md", page)
    printed = program.run("show", "page.md").stdout
    assert printed.count("warning: Line 8 opens another shell") == 1
    done = program.run("page.md", "--yes", "--no-input", "--no-config", "--from", "2")
    assert "must confirm" not in done.stderr


def test_nothing_runs_after_the_shell_is_replaced(program: Program) -> None:
    """`exec bash` at the end of a step concerns all steps after it."""
    page = "# P\n\n## Procedure\n\n### 1. A\n\n```bash\nexec $SHELL -l\n```\n\n### 2. B\n\n```bash\nls\n```\n"
    done = program.run_page(page, "--yes", "--no-input", "--no-config")
    assert done.status == 3
    assert "page.md:14: a person must confirm `ls`" in done.stderr


def test_a_prompt_concerns_its_block_only(program: Program) -> None:
    """What is typed into `psql` would be in its block; the next block of the step is for this shell."""
    page = "# P\n\n## Procedure\n\n```bash\npsql app\n```\n\nThen:\n\n```bash\necho here\n```\n"
    program.write("page.md", page)
    assert "warning" not in program.run("show", "page.md").stdout
    program.write("page.md", page.replace("```\n\nThen:\n\n```bash\n", ""))
    assert "opens a prompt of its own (`psql`)" in program.run("show", "page.md").stdout
