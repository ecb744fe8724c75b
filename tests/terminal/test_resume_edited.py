"""A guided run is resumed on an edited page, or from a journal of somebody else."""

from __future__ import annotations

import pytest

from tests.support.program import COMMAND, Program
from tests.support.screen import ENTER, open_screen


def page_of(*scripts: str) -> str:
    """Return a page with a step for each script."""
    parts = [f"### {n}. Step\n\n```bash\n{script}\n```\n" for n, script in enumerate(scripts, 1)]
    return "# Page\n\n## Procedure\n\n" + "\n".join(parts)


@pytest.mark.parametrize(("key", "status", "effects"), [("y", 0, "a new"), ("c", 0, "a"), ("s", 1, "a")])
def test_a_person_is_asked_about_a_new_statement(
    program: Program, key: str, status: int, effects: str
) -> None:
    """Also with `--yes`: a statement before finished ones runs, counts as done, or is skipped."""
    assert program.run_page(page_of("echo a >>log", "test -e wanted"), "--yes").status == 1
    program.write("page.md", page_of("echo new >>log", "echo a >>log", "test -e wanted"))
    (program.work / "wanted").touch()
    command = [*COMMAND, "resume", "--yes"]
    with open_screen(command, program.work, program.environment(), 80, 40) as shown:
        shown.wait("+1.1   echo new >>log", "continue with the page as it is now")
        shown.type("y")
        shown.wait("This statement is new", "c count it as done")
        shown.type(key)
        assert shown.wait_status() == status
    assert (program.work / "log").read_text().split() == effects.split()
    assert program.run("runs", "verify").status == 0


@pytest.mark.parametrize("agrees", [True, False])
def test_a_person_sees_what_a_foreign_journal_has(program: Program, agrees: bool) -> None:
    """The page, the folder and the values are shown before anything of them is used."""
    page = page_of("cd ..", "echo 1 <name> >>work/log; test -e work/wanted")
    assert program.run_page(page, "--yes", "--set", "name=it").status == 1
    (key,) = program.runs.parent.glob("key-*")
    key.unlink()
    (program.work / "wanted").touch()
    command = [*COMMAND, "resume", "--yes"]
    with open_screen(command, program.work, program.environment(), 200, 40) as shown:
        told = shown.wait("was not written by you on this machine", "use all this")
        assert "<name>: it" in told
        assert f"the shell is in the folder {program.folder}" in told
        shown.type("y" if agrees else "q")
        assert shown.wait_status() == (0 if agrees else 130)
    assert (program.work / "log").read_text() == "1 it\n"
    if agrees:
        assert "foreign" not in program.run("runs", "verify").stdout


def test_an_edit_during_the_run_asks_about_what_it_puts_above(program: Program) -> None:
    """The new statement is the next question, and no earlier one runs again."""
    program.write("page.md", page_of("echo a >>log", "echo b >>log"))
    program.write("new.md", page_of("echo new >>log", "echo a >>log", "echo b >>log"))
    env = program.environment({"EDITOR": "cp new.md"})
    with open_screen([*COMMAND, "page.md"], program.work, env, 80, 40) as shown:
        shown.wait("1 of 2 ›")
        shown.type(ENTER)
        shown.wait("2 of 2 ›")
        shown.type("e")
        shown.wait("This statement is new", "c count it as done", "1 of 3 ›")
        shown.type("y")
        shown.wait("3 of 3 ›")
        shown.type(ENTER)
        assert shown.wait_status() == 0
    assert (program.work / "log").read_text().split() == ["a", "new", "b"]
