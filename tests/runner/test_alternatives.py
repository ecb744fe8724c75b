"""Alternatives: a person is asked for one; without a person a run is refused unless one is chosen."""

from __future__ import annotations

import pytest

from runbook_exec.engine.events import Answered
from tests.support.paths import DATA
from tests.support.program import Program

TABS = """\
# Install

## Procedure

### 1. Install

=== "Debian"

    ```bash
    echo install-deb >> log
    ```

=== "macOS"

    ```bash
    echo install-mac >> log
    ```

### 2. Start

```bash
echo start >> log
test -e ready
```

### 3. Check

=== "Debian"

    ```bash
    echo check-deb >> log
    ```

=== "macOS"

    ```bash
    echo check-mac >> log
    ```
"""


def log(program: Program) -> list[str]:
    """Return the lines that the statements have written."""
    path = program.work / "log"
    return path.read_text().split() if path.exists() else []


def test_without_a_person_nothing_runs_before_a_choice(program: Program) -> None:
    """The refusal lists the labels and says how to choose; the second group has the same labels."""
    ran = program.run_page(TABS, "--yes")
    assert (ran.status, log(program), program.runs.exists()) == (2, [], False)
    assert "page.md:9:5: error: step 1 has alternatives, and no person is here to choose one" in ran.stderr
    assert "choose with `--choose LABEL`, or with `<!-- runbook: choose=NUMBER -->`" in ran.stderr
    assert "  1  Debian\n  2  macOS\n" in ran.stderr
    assert "step 3" not in ran.stderr


def test_a_label_chooses_for_the_whole_run(program: Program) -> None:
    """`--choose` names a tab, which runs wherever there is one of that name."""
    program.write("ready", "")
    ran = program.run_page(TABS, "--yes", "--choose", "macos")
    assert (ran.status, log(program)) == (0, ["install-mac", "start", "check-mac"])
    answered = [event for event in program.read_events() if isinstance(event, Answered)]
    chosen = [(event.answer, event.group) for event in answered if event.question == "choose"]
    assert chosen == [("2", 1), ("2", 2)]
    report = program.run("runs", "report").stdout
    assert report.count("alternative 2 was chosen: macOS, decided in advance") == 4  # twice for each step
    assert "not all of it was run" not in report


def test_the_page_can_choose(program: Program) -> None:
    """Its front matter, a settings file, or an annotation above the first block of the tabs."""
    program.write("ready", "")
    matter = "---\nrunbook:\n  choose: [Debian]\n---\n"
    assert program.run_page(matter + TABS, "--yes").status == 0
    assert log(program) == ["install-deb", "start", "check-deb"]
    program.write("choice.yaml", "choose: [macOS]\n")
    assert program.run_page(TABS, "--yes", "--inputs", "choice.yaml").status == 0
    assert log(program)[3:] == ["install-mac", "start", "check-mac"]
    annotated = TABS.replace("    ```bash\n", "    <!-- runbook: choose=1 -->\n    ```bash\n", 1)
    assert program.run_page(annotated, "--yes").status == 0
    assert log(program)[6:] == ["install-deb", "start", "check-deb"]


def test_an_unknown_label_is_refused(program: Program) -> None:
    """The refusal lists the labels."""
    ran = program.run_page(TABS, "--yes", "--choose", "Fedora")
    assert (ran.status, log(program)) == (2, [])
    assert "`--choose Fedora`: the procedure has no such alternative" in ran.stderr
    assert "Debian · macOS" in ran.stderr


def test_a_resumed_run_keeps_the_choice(program: Program) -> None:
    """Also that of the first tabs for the later ones with the same labels."""
    assert program.run_page(TABS, "--yes", "--choose", "Debian").status == 1
    program.write("ready", "")
    assert program.run("resume", "--yes", "--no-input").status == 0
    assert log(program) == ["install-deb", "start", "check-deb"]


def test_a_dry_run_and_show_name_the_alternatives(program: Program) -> None:
    """With the choice that was made beforehand."""
    program.write("page.md", TABS)
    planned = program.run("page.md", "--dry-run", "--choose", "macOS").stdout
    assert "   echo install-deb >> log\n     alternative 1 (not chosen): Debian\n" in planned
    assert "   echo install-mac >> log\n     alternative 2 (chosen): macOS\n" in planned
    assert "if “macOS” is chosen:" in program.run("show", "page.md").stdout


@pytest.mark.parametrize(
    ("old", "new"),
    [('=== "macOS"', '=== "Mac"'), ('=== "macOS"\n', 'Text.\n\n=== "macOS"\n')],
    ids=["label", "border"],
)
def test_a_changed_label_or_border_is_a_changed_command(program: Program, old: str, new: str) -> None:
    """What was trusted is not trusted any more."""
    untrusted = {"RUNBOOK_EXEC_TRUSTED": None}
    program.write("ready", "")
    chosen = ("--yes", "--choose", "Debian")
    assert program.run_page(TABS, *chosen, "--trust", env=untrusted).status == 0
    assert program.run("page.md", *chosen, env=untrusted).status == 0
    changed = program.run_page(TABS.replace(old, new, 1), *chosen, env=untrusted)
    assert changed.status == 3


def test_all_of_them_can_be_chosen_where_the_text_allows_it(program: Program) -> None:
    """A condition may be an addition: the choice that runs both is listed."""
    blocks = "```bash\necho one >> log\n```\n\nIf you use minikube:\n\n```bash\necho two >> log\n```\n"
    page = f"# P\n\n## Steps\n\n{blocks}"
    refused = program.run_page(page, "--yes")
    assert (refused.status, "  3  all of them, in order\n" in refused.stderr) == (2, True)
    assert program.run("page.md", "--yes", "--choose", "all of them").status == 0
    assert log(program) == ["one", "two"]


def test_a_second_choice_in_a_block_is_one_of_its_own(program: Program) -> None:
    """Each set of alternatives in a block is decided; what is around them runs."""
    systems = "# Linux\necho 1 >> log\n# macOS\necho 2 >> log"
    ways = "echo 3 >> log\n# or:\necho 4 >> log"
    page = f"# P\n\n## Steps\n\n```bash\n{systems}\n\n{ways}\n\necho 5 >> log\n```\n"
    ran = program.run_page(page, "--yes", "--choose", "macOS", "--choose", "echo 4")
    assert (ran.status, log(program)) == (0, ["2", "4", "5"])


def test_another_file_in_a_procedure_is_refused(program: Program) -> None:
    """The page does not hold its commands, so that steps would be missing."""
    text = (DATA / "cases" / "bugs" / "25-snippet.md").read_text(encoding="utf-8")
    ran = program.run_page(text, "--yes")
    assert ran.status == 2
    assert 'page.md:6:1: error: `--8<-- "scripts/deploy.sh"` includes another file' in ran.stderr
    assert "copy the commands of that file into this page" in ran.stderr


@pytest.mark.parametrize(
    "include",
    [
        '--8<-- "deploy.md"',
        "{% include deploy.md %}",
        '{% include-markdown "deploy.md" %}',
        "{{< include deploy.md >}}",
        '{{% readfile file="deploy.md" %}}',
        "[!INCLUDE [deploy](./includes/deploy.md)]",
        '[!code-azurecli[](deploy.sh "x")]',
        ':::code language="azurecli" source="~/deploy.sh":::',
        "{{#include deploy.sh}}",
        "<<< @/snippets/deploy.sh",
        "{! deploy.md !}",
        "```{literalinclude} deploy.sh\n:language: bash\n```",
        "```{include} deploy.md\n```",
        "![[Common steps#Backup]]",
        "- ![[Common steps|the usual]]",
        "import Deploy from './_deploy.mdx'\n\n<Deploy />",
    ],
)
def test_an_include_between_blocks_is_refused(program: Program, include: str) -> None:
    """In each spelling that a site knows."""
    ran = program.run_page(f"# P\n\n## Steps\n\n```bash\necho a\n```\n\n{include}\n", "--yes")
    assert (ran.status, "includes another file" in ran.stderr) == (2, True)


@pytest.mark.parametrize(
    "include",
    [
        '--8<-- "includes/abbreviations.md"',
        "{% include note.html content='x' %}",
        "[!INCLUDE [preview](./includes/preview/preview-callout.md)]",
        ':::code language="yaml" source="~/deploy.yaml":::',
        "`{% include deploy.md %}` includes a file",
        "`![[Common steps]]`",
        "![[diagram.png|300]]",
        "![[Network.excalidraw]]",
        "![[manual.pdf#page=3]]",
        "[[Common steps]]",
        "import Tabs from '@theme/Tabs'\n\n<Tabs />",
    ],
)
def test_an_include_without_commands_is_not_refused(program: Program, include: str) -> None:
    """Abbreviations, notes and files of other kinds hold no commands."""
    ran = program.run_page(f"# P\n\n## Steps\n\n```bash\necho a\n```\n\n{include}\n", "--yes")
    assert (ran.status, ran.stderr) == (0, "")
