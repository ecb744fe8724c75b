"""What a command runs of a page: the plain procedure, a named section, or the whole page."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.support.paths import DATA
from tests.support.program import Program

CASES = DATA / "cases"

SECTIONS = """\
# Install

## Download

```bash
echo downloaded >> log
```

## Unpack

1. Unpack it:

   ```bash
   echo unpacked >> log
   ```

2. Look at it:

   ```bash
   echo looked >> log; test -e ready
   ```

## Verify

```bash
echo verified >> log
```

## Clean up

```bash
echo cleaned >> log
```
"""


def copy_case(program: Program, name: str) -> str:
    """Copy one of the small pages that once ran wrongly, and return its file name."""
    path = CASES / name
    shutil.copy(path, program.work / path.name)
    return path.name


def log(program: Program) -> list[str]:
    """Return the lines that the statements have written."""
    path = program.work / "log"
    return path.read_text().split() if path.exists() else []


def test_only_1_of_a_list_that_numbers_itself_runs_its_first_item(program: Program) -> None:
    """All of its numbers are written `1.`."""
    done = program.run(copy_case(program, "selection/all-ones.md"), "--only", "1", "--yes")
    assert (done.status, "first" in done.stdout, "fourth" in done.stdout) == (0, True, False)


@pytest.mark.parametrize("name", ["selection/cleanup-is-chosen.md", "selection/delete-is-chosen.md"])
def test_a_deletion_is_refused_unless_it_is_named(program: Program, name: str) -> None:
    """The refusal lists what to choose from."""
    page = copy_case(program, name)
    done = program.run(page, "--yes")
    assert done.status == 2
    assert "run only when it is named" in done.stderr
    assert f"{page}#" in done.stderr
    assert not program.runs.exists()


@pytest.mark.parametrize("how", [["page.md#"], ["page.md", "--all"], ["page.md#install"]])
def test_a_whole_page_runs_in_order(program: Program, how: list[str]) -> None:
    """Without the section that deletes, which is reported before anything runs."""
    program.write("ready", "")
    program.write("page.md", SECTIONS)
    done = program.run(*how, "--yes")
    assert done.status == 0, done.output
    assert log(program) == ["downloaded", "unpacked", "looked", "verified"]
    assert "page.md:29: section `Clean up` is left out" in done.stderr
    assert "page.md#clean-up" in done.stderr


def test_the_settings_run_a_whole_page_without_a_heading_of_its_own(program: Program) -> None:
    """`procedure:` has the anchor of the title in the front matter."""
    copy_case(program, "selection/whole.yaml")
    page = copy_case(program, "selection/sections-no-h1.md")
    done = program.run(page, "--inputs", "whole.yaml", "--yes")
    assert done.status == 0, done.output
    shown = [done.stdout.index(word) for word in ("download", "unpack", "verify")]
    assert shown == sorted(shown)


def test_all_and_a_section_are_refused_together(program: Program) -> None:
    """They contradict one another."""
    program.write("page.md", SECTIONS)
    done = program.run("page.md#verify", "--all", "--yes")
    assert (done.status, "leave one out" in done.stderr) == (2, True)


def test_a_page_of_deletions_as_a_whole_is_refused(program: Program) -> None:
    """Nothing is left of it, and the sections are listed."""
    program.write(
        "page.md", "# Page\n\n## Clean up\n\n```bash\necho 1\n```\n\n## Delete it\n\n```bash\necho 2\n```\n"
    )
    done = program.run("page.md#", "--yes")
    assert done.status == 2
    assert "page.md#delete-it" in done.stderr


def test_a_whole_page_is_resumed_where_it_failed(program: Program) -> None:
    """The sections before it do not run again; the section that was left out stays left out."""
    program.write("page.md", SECTIONS)
    assert program.run("page.md#", "--yes").status == 1
    program.write("ready", "")
    done = program.run("resume", "--yes", "--no-input")
    assert done.status == 0, done.output
    assert log(program) == ["downloaded", "unpacked", "looked", "verified"]


def test_a_step_of_a_whole_page_is_named_by_one_label(program: Program) -> None:
    """Numbers are those of the page, sections without one have letters, and both anchors of before."""
    program.write("ready", "")
    program.write("page.md", SECTIONS)
    for step in ("2", "B", "unpack-1", "A"):
        assert program.run("page.md#", "--only", step, "--yes").status == 0
    assert log(program) == ["looked", "verified", "unpacked", "downloaded"]
    assert program.run("page.md#", "--only", "4", "--yes").status == 2


def test_a_whole_page_is_trusted_by_itself(program: Program) -> None:
    """Trust in it is no trust in the section that it leaves out."""
    env = {"RUNBOOK_EXEC_TRUSTED": None}
    program.write("ready", "")
    program.write("page.md", SECTIONS)
    assert program.run("page.md#", "--yes", env=env).status == 3
    assert program.run("trust", "page.md#", "--yes", env=env).status == 0
    assert program.run("page.md#", "--yes", env=env).status == 0
    assert program.run("page.md#clean-up", "--yes", env=env).status == 3


def test_a_run_of_the_whole_page_satisfies_its_cadence(program: Program) -> None:
    """The page is due before it, and not after it."""
    program.write("ready", "")
    program.write("page.md", "---\nrunbook:\n  cadence: 30d\n---\n" + SECTIONS)
    assert program.run("due", "page.md").status == 4
    assert program.run("page.md#", "--yes").status == 0
    assert program.run("due", "page.md").status == 0


def test_the_record_of_a_whole_page_has_its_sections(program: Program) -> None:
    """`runs show` reads the page of the journal as the run did."""
    program.write("ready", "")
    program.write("page.md", SECTIONS)
    program.run("page.md#", "--yes")
    shown = program.run("runs", "show", "--json").stdout
    assert [step["label"] for step in json.loads(shown)["steps"]] == ["A", "1", "2", "B"]


def test_an_error_refuses_only_its_own_procedure(program: Program) -> None:
    """The other one runs without a word of it; `show` and `lint` report it."""
    page = copy_case(program, "selection/error-elsewhere.md")
    path = program.work / page
    path.write_text(path.read_text().replace("SELECT uri FROM files('x', k := 10)", "echo files ('x', k"))
    done = program.run(f"{page}#status", "--yes")
    assert (done.status, "syntax" in done.stderr) == (0, False)
    for named in (f"{page}#query", f"{page}#"):
        refused = program.run(named, "--yes")
        assert (refused.status, f"{page}:12:12: error" in refused.stderr) == (2, True)
    assert f"{page}:12:12" in program.run("show", page).stderr
    assert f"{page}:12" in program.run("lint", page).output


def test_an_unnamed_run_lists_the_choices_before_an_error_in_one_of_them(program: Program) -> None:
    """The error is that of a procedure which nobody has named yet."""
    done = program.run(copy_case(program, "selection/error-elsewhere.md"), "--yes")
    assert (done.status, "#status" in done.stderr, "syntax" in done.stderr) == (2, True, False)


@pytest.mark.parametrize("named", ["vagrant", "manual"])
def test_a_heading_is_named_by_its_id(program: Program, named: str) -> None:
    """`## From source {#manual}` is `#manual`."""
    page = copy_case(program, "selection/heading-id.md")
    done = program.run(f"{page}#{named}", "--dry-run")
    assert (done.status, f"(heading-id.md#{named})" in done.stdout) == (0, True)
    assert program.run("lint", page).status == 0


def test_fish_runs_only_where_it_is_the_majority(program: Program) -> None:
    """Two blocks in sh and one in fish run in sh, and the one in fish is shown."""
    done = program.run(copy_case(program, "selection/mixed-fish.md"), "--dry-run")
    assert "in sh\n" in done.stdout
    assert "in fish; this procedure runs in sh" in done.stdout


def test_show_says_what_runs_first(program: Program) -> None:
    """What runs only if named comes last, and the whole page after sections in order."""
    page = copy_case(program, "operator/multi.md")
    shown = program.run("show", page).stdout
    order = [shown.index(text) for text in ("#deploy", "#roll-back")]
    assert order == sorted(order)
    whole = program.run("show", f"{page}#").stdout
    assert "left out, runs only if named: Roll back (#roll-back)" in whole
    assert program.run("show", f"{page}#nothing").status == 2
    sections = program.run("show", copy_case(program, "selection/sections-in-order.md")).stdout
    assert sections.endswith("#  all of it, in order\n")
    refused = program.run("show", copy_case(program, "selection/delete-is-chosen.md")).stdout
    assert "nothing runs unless you name it: `Delete the resources`" in refused


def test_a_file_with_a_hash_at_its_end_is_a_file(program: Program) -> None:
    """`notes#` is the name of a file if there is one."""
    Path(program.work / "notes#").write_text("# Page\n\n## Steps\n\n```bash\necho hello\n```\n")
    assert program.run("notes#", "--dry-run").status == 0


def test_show_marks_secrets_and_the_steps_they_come_from(program: Program) -> None:
    """A secret is marked where it is printed and where it is needed; a dry run names the step that asks."""
    page = (
        "# Page\n\n## Steps\n\n### 1. Mint\n\n<!-- runbook: capture=api-token -->\n```bash\necho made\n```\n"
    )
    page += "\n### Store\n\n```bash\necho <api-token> <file> <door-password>\n```\n"
    program.write("page.md", page)
    shown = program.run("show", "page.md").stdout
    assert "  echo made  (prints a secret: not shown)\n" in shown
    assert "needs  <api-token> (secret, from step 1)  <file>  <door-password> (secret)\n" in shown
    planned = program.run("page.md", "--dry-run").stdout
    assert "<file>: asked in step 2\n" in planned
    assert "<door-password>: asked in step 2, not shown\n" in planned
