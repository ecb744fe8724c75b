"""Guided runs in which the operator reads, goes back to an earlier statement, and resizes the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.program import COMMAND, Program
from tests.support.screen import ENTER, UP, Screen, open_screen

PAGE = """\
# Page

## Steps

### Mint

```bash
echo mint >>marks && echo token-$(wc -l <marks)
```

Write the token down. See [the task](../../task) and [Ada](https://ada.example).

### Store

```bash
echo store >>marks && echo kept >photos-<year>.tgz
```

### Check

```bash
echo check >>marks
```
"""


@contextmanager
def guided(program: Program, *arguments: str, columns: int = 80) -> Iterator[Screen]:
    """Start a guided run of the page."""
    program.write("page.md", PAGE)
    command = [*COMMAND, *(arguments or ("page.md", "--set", "year=2026"))]
    with open_screen(command, program.work, program.environment(), columns, 40) as shown:
        yield shown


def run_two_steps(shown: Screen) -> None:
    """Run the first two steps, and stop at the question about the third."""
    shown.wait("1 of 3 ›")
    shown.type(ENTER)
    shown.wait("enter continue", "q quit")
    shown.type(ENTER)
    shown.wait("2 of 3 ›")
    shown.type(ENTER)
    shown.wait("3 of 3 ›")


def test_instructions_after_a_step_wait_for_the_reader(program: Program) -> None:
    """What is below the last block is shown before it runs and after it, and enter continues."""
    with guided(program) as shown:
        shown.wait("Write the token down.", "1 of 3 ›")
        shown.type(ENTER)
        text = shown.wait("token-1", "enter continue", "q quit")
        assert text.count("Write the token down.") == 2
        assert text.count("See the task and Ada (https://ada.example).") == 2
        assert text.endswith("step 1 of 3 ›")
        shown.type("?")
        shown.wait("nothing runs before you are asked", "? hide")
        assert "Store" not in text
        shown.type("q")
        shown.wait("Stopped before step 2 of 3.")
        assert shown.wait_status() == 130


def test_a_key_that_does_nothing_says_so(program: Program) -> None:
    """Another key or enter changes only the line of keys; sequences of other keys and pastes are ignored."""
    program.write(
        "page.md", "# Page\n\n## Steps\n\n1. Ask Ada.\n2. List.\n\n   ```bash\n   echo seen\n   ```\n"
    )
    with open_screen([*COMMAND, "page.md"], program.work, program.environment(), 80, 40) as shown:
        shown.wait("d done", "1 of 2 ›")
        shown.type("\x1b[200~xyz\x1b[201~", UP, "\x1b[99z", ENTER)
        text = shown.wait("press d when you have done this ›")
        assert "no such key" not in text
        shown.type("x")
        shown.wait("no such key here · ? explains the keys ›")
        shown.type("?")
        shown.wait("you have done this; the record has the time", "1 of 2 ›")
        shown.type("n")
        shown.wait("Note for the record", "esc back")
        shown.type("run #4812", ENTER)
        shown.wait("enter run", "2 of 2 ›")
        shown.type(ENTER)
        shown.wait("Done.", "by hand: run #4812")
        assert shown.wait_status() == 0


def test_going_back_runs_again_what_the_operator_chooses(program: Program) -> None:
    """The statement that is gone back to runs again, the next keeps its result, and the run ends as usual."""
    with guided(program) as shown:
        run_two_steps(shown)
        shown.type("?")
        shown.wait("go back to an earlier statement", "? hide")
        shown.type("b")
        text = shown.wait("Nothing is undone.", "✓ done", "which one? ›")
        rows = ["    1  echo mint", "    2  echo store", "  › 3  echo check", "← you are here"]
        assert [text.find(row) for row in rows] == sorted({text.find(row) for row in rows} - {-1})
        shown.type(ENTER)
        shown.wait_until(lambda text: "Nothing is undone" not in text and "3 of 3 ›" in text, "the question")
        shown.type("b")
        shown.wait("Nothing is undone.", "which one? ›")
        shown.type(UP, UP)
        shown.wait("  › 1  echo mint", "enter go back there")
        shown.type(ENTER)
        shown.wait("This has run already, and succeeded", "1 of 3 ›")
        shown.type("y")
        shown.wait("token-3", "enter continue", "q quit")
        shown.type(ENTER)
        shown.wait("This has run already, and succeeded", "2 of 3 ›")
        shown.type(ENTER)
        shown.wait("press y to run again ›")
        shown.type("n")
        shown.wait("✓  kept, not run again", "echo check", "enter run", "b back", "3 of 3 ›")
        shown.type(ENTER)
        shown.wait("Done.  3 steps in ")
        assert shown.wait_status() == 0
    assert (program.work / "marks").read_text().split() == ["mint", "store", "mint", "check"]
    assert "return" in [getattr(event, "question", "") for event in program.read_events()]


def test_nothing_runs_twice_by_itself_after_going_back(program: Program) -> None:
    """A run that is left after going back needs a decision on each statement that has run."""
    with guided(program) as shown:
        run_two_steps(shown)
        shown.type("b")
        shown.wait("which one? ›")
        shown.type(UP, UP)
        shown.wait("  › 1  echo mint", "enter go back there")
        shown.type(ENTER)
        shown.wait("This has run already", "1 of 3 ›")
        shown.type("q")
        assert shown.wait_status() == 130
    waits = program.run("resume", "--yes", "--no-input")
    assert waits.status == 3
    assert "statement 1.1 has run, and a person went back to it or before it" in waits.stderr
    decided = ("--assume", "done", "1.1", "--assume", "done", "2.1")
    assert program.run("resume", "--yes", "--no-input", *decided).status == 0
    assert (program.work / "marks").read_text().split() == ["mint", "store", "check"]


def test_a_resumed_run_says_what_was_done(program: Program) -> None:
    """It lists the steps that are done and the values that it has."""
    with guided(program) as shown:
        run_two_steps(shown)
        shown.type("q")
        assert shown.wait_status() == 130
    with guided(program, "resume") as shown:
        shown.wait("Before this run was resumed:", "1  Mint   ✓", "2  Store  ✓", "<year> 2026", "3 of 3 ›")


def test_the_key_bar_follows_the_width_of_the_terminal(program: Program) -> None:
    """It is laid out again when the window becomes narrow, and when it becomes wide again."""
    with guided(program) as shown:
        shown.wait("1 of 3 ›")
        shown.resize(40)
        shown.wait("  ! shell   q quit   ?   step 1 of 3 ›")
        shown.resize(90)
        shown.wait("  enter run   s skip   e edit   ! shell   q quit   ?      ")


def test_a_value_is_quoted_only_if_the_shell_needs_it(program: Program) -> None:
    """A part of a plain word has no quotes on the screen and in the record; another value has them."""
    program.write("page.md", PAGE)
    assert program.run("page.md", "--yes", "--set", "year=2026").status == 0
    assert "echo kept >photos-2026.tgz" in program.run("runs", "report").stdout
    assert program.run("page.md", "--yes", "--set", "year=20 26").status == 0
    assert "echo kept >photos-'20 26'.tgz" in program.run("runs", "report").stdout
    assert (program.work / "photos-2026.tgz").exists()
    assert (program.work / "photos-20 26.tgz").exists()


def test_the_statement_about_to_run_is_marked_and_coloured(program: Program) -> None:
    """A bar is at its left; strings, variables and filled-in values have colours of their own."""
    page = '# Page\n\n## Steps\n\n```bash\necho "a b" $HOME <name> # why\n```\n'
    program.write("page.md", page)
    command = [*COMMAND, "page.md", "--set", "name=web-1"]
    for env in ({}, {"NO_COLOR": "1"}):
        with open_screen(command, program.work, program.environment(env), 80, 24) as shown:
            shown.wait("▌  echo", "1 of 1 ›")
            row = next(row for row in shown.cells() if row[2].data == "▌")
            text = "".join(cell.data for cell in row)
            first = [row[text.index(part)] for part in ("▌", '"a b"', "$HOME", "web-1")]
            if env:
                assert {cell.fg for cell in row} == {"default"}
                assert (first[3].underscore, first[0].bold, first[1].bold) == (True, True, True)
            else:
                assert [cell.fg for cell in first] == ["cyan", "green", "magenta", "cyan"]
            assert not row[text.index("# why")].bold
            shown.type("q")
            assert shown.wait_status() == 130
