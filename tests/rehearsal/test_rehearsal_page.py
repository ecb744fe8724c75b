"""Each example in the documentation of transcripts has its documented result."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from tests.support.paths import REPOSITORY
from tests.support.program import Program

PAGE = REPOSITORY / "docs" / "rehearsal.md"
_PART = re.compile(r"^```(\w*)\n(.*?)^```$|^## ([^\n]*)$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Example:
    """A part of a runbook, its part of a transcript, and the expected report."""

    title: str
    runbook: str
    front: str
    transcript: str
    report: str


def find_examples() -> list[Example]:
    """The examples of the page: each begins with a bash block, and ends before the next one."""
    found: list[Example] = []
    title = ""
    blocks: dict[str, str] = {}

    def whole() -> None:
        if "bash" in blocks:
            rest = (blocks.get(name, "") for name in ("yaml", "console", "text"))
            found.append(Example(title, blocks["bash"], *rest))
        blocks.clear()

    for language, block, heading in _PART.findall(PAGE.read_text(encoding="utf-8")):
        if heading or language == "bash":
            whole()
        if heading:
            title = heading
        else:
            blocks[language] = block
    whole()
    return found


EXAMPLES = find_examples()


def test_the_examples_are_found() -> None:
    """The page has an example for each construct."""
    assert len(EXAMPLES) >= 15
    assert all(example.transcript for example in EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{n}-{e.title}" for n, e in enumerate(EXAMPLES)])
def test_an_example_has_the_documented_result(example: Example, program: Program) -> None:
    """It passes, or its report is the one on the page."""
    program.write("page.md", f"# Page\n\n## Steps\n\n```bash\n{example.runbook}```\n")
    front = f"---\n{example.front}---\n\n" if example.front else "\n\n"
    program.write("page.rehearsal.md", f"{front}```console\n{example.transcript}```\n")
    ran = program.run("rehearse", "page.md")
    if example.report:
        assert ran.stdout.startswith(example.report)
        assert ran.status == 1
    else:
        assert ran.stdout.startswith("page.rehearsal.md: passed"), ran.output
        assert ran.status == 0
    assert {path.name for path in program.work.iterdir()} == {"page.md", "page.rehearsal.md"}
