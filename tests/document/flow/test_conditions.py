"""Blocks that a page wants to run only in some case: a person is asked about them."""

from __future__ import annotations

import pytest

from tests.support.program import Program

UNATTENDED = ("--yes", "--no-input", "--no-config")

CONDITIONS = (
    "If it fails:",
    "If this does not work, go back to the old version:",
    "Restart the agent if it fails:",
    "When the pod won't start:",
    "If something goes wrong",
    "If not, go back:",
    "In case of a network failure:",
    "Only on the first install:",
    "To undo all this",
    "When everything is fine after a week:",
    "Don't do this (learned the hard way):",
    "- **If the sync is stuck:**",
    "The job has ended.\n\nThe log tells why. If it doesn't start:",
    "#### If dpkg is broken",
    "#### If dpkg is broken\n\nTry this.",
)

OTHERS = (
    "Then:",
    "If the folder does not exist, create it:",
    "If you have not done so, log in:",
    "If you see a token:",
    "If it fails, ask the team. Now list the pods:",
    "If it fails, ask the team.",
    "Do not forget to look:",
    "After the deployment:",
    "#### If dpkg is broken\n\nTry this.\n\n#### Look",
)


def write_page(text: str, annotation: str = "") -> str:
    """Return a page with a text between two blocks, and with an annotation of the second one."""
    one, two = (f"```bash\necho {word} >>log\n```\n" for word in ("one", "two"))
    return f"# P\n\n## Steps\n\n### One\n\n{one}\n{text}\n\n{annotation}{two}"


@pytest.mark.parametrize("text", CONDITIONS)
def test_a_block_under_a_condition_waits_for_a_person(program: Program, text: str) -> None:
    """What is above it runs; without a person the run waits, and an answer lets it run."""
    done = program.run_page(write_page(text), *UNATTENDED)
    assert done.status == 3, done.output
    assert "The page says “" in done.output
    assert (program.work / "log").read_text() == "one\n"
    done = program.run("resume", "--yes", "--no-input", "--confirmed", "one")
    assert done.status == 0, done.output
    assert (program.work / "log").read_text() == "one\ntwo\n"


@pytest.mark.parametrize("text", OTHERS)
def test_other_words_above_a_block_are_no_condition(program: Program, text: str) -> None:
    """Nobody is asked."""
    done = program.run_page(write_page(text), *UNATTENDED)
    assert done.status == 0, done.output
    assert (program.work / "log").read_text() == "one\ntwo\n"


def test_everything_under_a_heading_with_a_condition_waits(program: Program) -> None:
    """A section that is named, its numbered items, and a numbered step."""
    block, indented = "```bash\ntrue\n```\n", "   ```bash\n   true\n   ```\n"
    page = (
        f"# P\n\n## Steps\n\n### 1. Do\n\n{block}\n### 2. If it fails\n\n{block}\n"
        f"## If all else fails\n\n1. First\n{indented}2. Then\n{indented}"
    )
    program.write("page.md", page)
    asks = "asks first: The page says “If "
    assert (
        program.run("page.md", "--dry-run", "--no-config").output.count(f"{asks}it fails”. Run this now?")
        == 1
    )
    all_of_it = program.run("page.md", "--all", "--dry-run", "--no-config")
    assert all_of_it.output.count(f"{asks}all else fails”. Run this now?") == 2, all_of_it.output


def test_an_annotation_decides(program: Program) -> None:
    """The page has a question of its own."""
    page = write_page("If it fails:", '<!-- runbook: confirm="Really?" -->\n')
    done = program.run_page(page, *UNATTENDED)
    assert done.status == 3
    assert "Really?" in done.output
    assert "The page says" not in done.output


@pytest.mark.parametrize(("when", "effects"), [("0 > 1", "one\n"), ("1 > 0", "one\ntwo\n")])
def test_a_condition_that_is_computed_asks_nobody(program: Program, when: str, effects: str) -> None:
    """`when` decides about the block that the page means only for some case."""
    page = write_page("If it fails:", f'<!-- runbook: when="{when}" -->\n')
    done = program.run_page(page, *UNATTENDED)
    assert done.status == 0, done.output
    assert (program.work / "log").read_text() == effects


def test_a_step_that_is_struck_out_does_not_run(program: Program) -> None:
    """If all of its title is; the screen and the lists keep the marks of what is struck out."""
    steps = "".join(
        f"{title}\n   ```bash\n   echo {n} >>log\n   ```\n"
        for n, title in enumerate(("1. One", "2. ~~Two~~", "3. ~~Three~~ Drei", "4. **~~Four~~**:"), 1)
    )
    page = f"# P\n\n## Steps\n\n{steps}"
    done = program.run_page(page, *UNATTENDED)
    assert done.status == 0, done.output
    assert (program.work / "log").read_text().split() == ["1", "3"]
    shown = program.run("show", "page.md").output
    assert shown.count("not run: its step is struck out") == 2
    assert "~~Three~~ Drei" in shown


def test_a_heading_that_is_struck_out_does_not_run(program: Program) -> None:
    """It is left out like an item."""
    block = "```bash\necho ran >>log\n```\n"
    page = f"# P\n\n## Steps\n\n### 1. One\n\n{block}\n### 2. ~~Old way~~\n\n{block}"
    assert program.run_page(page, *UNATTENDED).status == 0
    assert (program.work / "log").read_text() == "ran\n"
