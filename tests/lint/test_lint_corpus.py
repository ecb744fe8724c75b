"""The linter reports for every block what its shell reports when it checks that block alone."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from runbook_exec.document.model import Block
from runbook_exec.document.parser import parse_runbook
from runbook_exec.lint.facts.shell_check import shell_blocks
from runbook_exec.lint.linter import lint
from runbook_exec.lint.selection import LintSettings, Selection
from tests.support.paths import DATA

PAGES = sorted((DATA / "documents" / "lint").glob("*.md"))
COMMANDS = {"fish": ("fish", "--no-config", "-n"), "bash": ("bash", "-n"), "sh": ("sh", "-n")}
PLACEHOLDER = re.compile(r"(?<!<)<[A-Za-z][\w.:/-]*(?: [\w.:/-]+)*>")
NAMED = re.compile(r"script(?: \(line |: line |: )(\d+)")


@dataclass(frozen=True, slots=True)
class Case:
    """A block of a page, and on which line of the page its own shell refuses it, if it does."""

    page: Path
    shell: str
    first: int  # the page's lines on which the block begins and ends
    last: int
    refused: int | None


def alone(page: Path, text: str, block: Block, shell: str, folder: Path) -> Case:
    """Let the shell check this block alone."""
    script = PLACEHOLDER.sub(lambda found: "x" * len(found[0]), block.script.text)
    (folder / str(block.span.start)).mkdir(parents=True)
    file = folder / str(block.span.start) / "script"
    # an editor ends a file with a line end, and the scripts of a page are cut from between such
    file.write_text(script + "\n", encoding="utf-8")
    # a block that turns these patterns on would have them by then; `-n` does not run what turns them on
    extended = ("-O", "extglob") if "shopt -s extglob" in script else ()
    command = [COMMANDS[shell][0], *extended, *COMMANDS[shell][1:], file]
    done = subprocess.run(
        command, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    )
    first = text.count("\n", 0, block.span.start) + 1
    last = text.count("\n", 0, block.span.end) + 1
    if not done.stderr.strip():
        assert done.returncode == 0
        return Case(page, shell, first, last, None)
    lines = script.split("\n")
    named = NAMED.search(done.stderr)
    number = min(int(named[1]) if named else len(lines), len(lines))
    # the end of a script is on its last line that holds anything
    while number > 1 and not lines[number - 1].strip():
        number -= 1
    return Case(page, shell, first, last, text.count("\n", 0, block.script.origins[number - 1]) + 1)


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    """All blocks for fish, bash and sh of the pages."""
    folder = tmp_path_factory.mktemp("blocks")
    with ThreadPoolExecutor() as pool:
        asked = [
            pool.submit(alone, path, page.text, block, shell, folder / path.stem)
            for path in PAGES
            for page in (parse_runbook(path.read_bytes(), str(path)),)
            for block, shell in shell_blocks(page)
        ]
        return [each.result() for each in asked]


def test_the_corpus_is_large_enough(cases: list[Case]) -> None:
    """At least 300 blocks, on pages whose titles state whether the shell accepts them."""
    assert len(cases) >= 300
    assert sum(case.refused is not None for case in cases) >= 150
    wrong = [case for case in cases if (case.refused is not None) != case.page.stem.startswith("broken")]
    assert [f"{case.page.name}:{case.first}" for case in wrong] == []


def test_the_linter_agrees_with_the_shells(cases: list[Case]) -> None:
    """An accepted block has no finding; a refused one has one on the line that the shell names."""
    settings = dict.fromkeys(map(str, PAGES), LintSettings(Selection(select=("P101", "P102"))))
    report = lint([*map(str, PAGES)], settings, date(2026, 11, 24))
    assert report.not_checked == ()
    found: dict[tuple[str, int], list[str]] = {}
    for each in report.diagnostics:
        found.setdefault((each.path, each.location.line), []).append(each.code)
    false = [
        f"{case.page.name}:{line} {found[str(case.page), line]}"
        for case in cases
        if case.refused is None
        for line in range(case.first, case.last + 1)
        if (str(case.page), line) in found
    ]
    assert false == []
    refused = {(str(case.page), case.refused) for case in cases if case.refused is not None}
    missed = [f"{Path(path).name}:{line}" for path, line in sorted(refused - found.keys())]
    assert missed == []
    assert sorted(found.keys() - refused) == []
