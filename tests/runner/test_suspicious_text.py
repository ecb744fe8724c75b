"""Commands with broken line ends, look-alike characters or another user's prompt."""

from __future__ import annotations

import os

import pytest

from runbook_exec.document.parser import parse_runbook
from runbook_exec.plan.builder import items_of
from runbook_exec.plan.model import Places
from runbook_exec.plan.warnings import find_warnings
from tests.support.paths import DATA
from tests.support.program import COMMAND, Program
from tests.support.screen import open_screen

CASES = DATA / "cases" / "bugs"


def page(code: str, info: str = "bash") -> str:
    """A page with one step that has one block."""
    return f"# P\n\n## Procedure\n\n```{info}\n{code}\n```\n"


@pytest.mark.parametrize(
    "case", ["07-trailing-backslash", "08-trailing-pipe-backslash", "09-backslash-space"]
)
def test_a_broken_line_end_is_refused(program: Program, case: str) -> None:
    """Nothing runs, in no kind of run, and the place is named."""
    program.write("page.md", (CASES / f"{case}.md").read_text())
    for arguments in (["--yes", "--no-input"], ["--dry-run"]):
        done = program.run("page.md", *arguments)
        assert done.status == 2, done.output
        assert "[continuation]" in done.stderr
    assert "P101" in program.run("lint", "page.md").stdout


@pytest.mark.parametrize(
    "code",
    [
        "echo a \\",
        "echo a \\  ",
        "echo a \\\n",
        "echo a \\\n\n",
        "echo a && \\",
        "echo a | \\",
        "echo a \\\t\n  b",
        "echo a \\\u00a0\n  b",
        "echo a; echo b \\",
        "if true; then\n  echo a\nfi \\",
    ],
)
@pytest.mark.parametrize("info", ["bash", "sh", "console"])
def test_every_form_of_a_broken_line_end_is_an_error(code: str, info: str) -> None:
    """It is an error in each shell, also in a list."""
    prompt = "$ " if info == "console" else ""
    for text in (page(prompt + code, info), _in_list(prompt + code, info)):
        problems = parse_runbook(text.encode(), "page.md").problems
        codes = [problem.code for problem in problems]
        assert "continuation" in codes or "syntax" in codes, problems


def test_an_option_below_a_comment_is_an_error() -> None:
    """The comment has ended the command, so that its options would be commands."""
    problems = parse_runbook(page("docker run \\\n  # the image\n  --rm x").encode(), "page.md").problems
    assert [problem.code for problem in problems] == ["continuation"]


def _in_list(code: str, info: str) -> str:
    lines = [f"```{info}", *code.split("\n"), "```"]
    return "# P\n\n## Procedure\n\n1. One:\n\n" + "".join(f"   {line}\n" for line in lines) + "\n2. Two\n"


def test_a_prompt_after_a_continued_line_is_an_error() -> None:
    """Two commands of a console are never joined into one."""
    problems = parse_runbook(page("$ rm -r a \\\n$ ls", "console").encode(), "page.md").problems
    assert [(problem.code, problem.span.line if problem.span else 0) for problem in problems] == [
        ("continuation", 6)
    ]


@pytest.mark.parametrize(
    "code",
    [
        "echo a \\\n  b",
        "echo 'a \\ \nb'",
        'echo "a \\\nb"',
        "cat <<'E'\na \\\nE",
        "cat <<'E'\na \\ \nE",
        "echo a \\\\",
        "# a \\\nls",
        "ls # a \\ ",
        "echo a\\ b",
        "echo 'é “quoted” – text'",
        "echo é don’t 日本",
        "cat <<E\n\u00a0“x” –wait\nE",
    ],
)
def test_ordinary_commands_are_not_suspicious(code: str) -> None:
    """Continued lines, quoted text, here-documents and comments are as they should be."""
    runbook = parse_runbook(page(code).encode(), "page.md")
    assert runbook.problems == ()
    assert [s.suspicions for block in runbook.blocks for s in block.statements if s.suspicions] == []


SUSPICIOUS = (
    "ls\u00a0-d /tmp",
    "kube\u200bctl get pods",
    "grep “a b” file",
    "grep ‘a b’ file",
    "curl –silent x",
    "curl —silent x",
    "helm upgrade –-set a=b",
    "ls\u2003-l",
    "ls\ufeff",
    "A=”x” run",
    "ls \u2212l",
    "ls # \u202e",
)


@pytest.mark.parametrize("code", SUSPICIOUS)
@pytest.mark.parametrize("info", ["bash", "fish"])
def test_look_alikes_are_found(code: str, info: str) -> None:
    """They are warnings at the statement, which a person must confirm."""
    if info == "fish" and code.startswith("A="):
        code = f"env {code}"
    runbook = parse_runbook(page(code, info).encode(), "page.md")
    procedure = runbook.procedures[0]
    warnings = find_warnings(items_of(procedure), Places())
    assert [warning.question for each in warnings.values() for warning in each], warnings


def test_an_unattended_run_with_a_look_alike_waits_before_anything_runs(program: Program) -> None:
    """Exit 3, the character by its number, and no run is recorded."""
    program.write("page.md", (CASES / "22-nbsp.md").read_text())
    done = program.run("page.md", "--yes", "--no-input", "--no-config")
    assert done.status == 3, done.output
    assert "U+00A0 (no-break space)" in done.stderr
    assert "nothing was run; write a blank instead" in done.stderr
    assert not program.runs.exists() or not list(program.runs.iterdir())
    assert "P110" in program.run("lint", "page.md").stdout


def test_a_guided_run_shows_it_and_asks(program: Program) -> None:
    """The operator sees what is wrong before the command runs, and may skip it."""
    program.write("page.md", page("echo ok –n"))
    command = [*COMMAND, "page.md", "--no-config"]
    with open_screen(command, program.work, program.environment(), 100, 30) as shown:
        shown.wait("U+2013", "typographic dash", "Run it as it is?", "s skip")
        shown.type("s")
        shown.wait_status()


def test_a_line_end_before_a_comment_is_shown_and_not_asked_about(program: Program) -> None:
    """A `\\` before a last comment does no harm: the run goes on with a warning."""
    done = program.run_page(page("echo done \\\n  # --more"), "--yes", "--no-input", "--no-config")
    assert done.status == 0, done.output
    assert "continues the line into a comment" in done.stdout


def test_a_block_at_the_prompt_of_root_is_for_root(program: Program) -> None:
    """Anybody else is asked; root is not."""
    procedure = parse_runbook(page("[root@web ~]# id -u", "console").encode(), "page.md").procedures[0]
    items = items_of(procedure)
    (found,) = find_warnings(items, Places())
    ((asked,),) = find_warnings(items, Places()).values()
    assert "root's prompt (`root@web#`)" in asked.message
    assert asked.question
    assert found == items[0].where
    as_root = find_warnings(items, Places(), is_root=True)
    assert not [warning for each in as_root.values() for warning in each if warning.question]
    done = program.run_page(page("# systemctl --version", "console"), "--yes", "--no-input", "--no-config")
    assert done.status == 3 if os.geteuid() else done.status in (0, 1)


def test_the_user_of_a_prompt_is_shown(program: Program) -> None:
    """A prompt that names a machine is a note at the first command."""
    done = program.run_page(page("deploy@web1:~$ echo hi", "console"), "--yes", "--no-input", "--no-config")
    assert done.status == 0, done.output
    assert "The page shows this at the prompt `deploy@web1$`. It runs here, as you." in done.stdout
