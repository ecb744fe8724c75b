"""Which procedures a page has, the labels and anchors of their steps, and which one runs unnamed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_exec.document.model import Procedure, Runbook, RunbookSettings
from runbook_exec.document.parser import parse_runbook
from tests.support.paths import DATA

CASES = DATA / "cases"


def parse(text: str, named: str | None = None, procedure: str | None = None) -> Runbook:
    """Parse a page, with one of its headings named on the command line or in the settings."""
    overlay = RunbookSettings(procedure=procedure) if procedure is not None else None
    return parse_runbook(text.encode(), "page.md", overlay, None, named)


def read_case(name: str, named: str | None = None) -> Runbook:
    """Parse one of the small pages that once ran wrongly."""
    path = CASES / f"{name}.md"
    return parse_runbook(path.read_bytes(), path.name, None, None, named)


def find_named(runbook: Runbook) -> Procedure:
    """Return the procedure that was named."""
    return next(each for each in runbook.procedures if each.anchor == runbook.named)


def labels(procedure: Procedure) -> list[str]:
    """Return the labels of the steps."""
    return [step.label for step in procedure.steps]


def titles(procedure: Procedure) -> list[str]:
    """Return the titles of the steps."""
    return [step.title for step in procedure.steps]


def block(text: str, language: str = "bash") -> str:
    """Return a block with this text."""
    return f"\n```{language}\n{text}\n```\n\n"


# labels and anchors


def test_a_list_that_numbers_itself_has_the_numbers_of_the_page() -> None:
    """`1. 1. 1.` is shown as 1, 2, 3, so these are the labels, also of a step by hand between them."""
    (procedure,) = read_case("selection/all-ones").procedures
    assert labels(procedure) == ["1", "2", "3", "4"]
    assert [step.anchor for step in procedure.steps] == [f"procedure-{number}" for number in range(1, 5)]


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (["1.", "2.", "2."], ["1", "2", "3"]),
        (["3.", "3.", "3."], ["3", "4", "5"]),
        (["1)", "1)", "1)"], ["1", "2", "3"]),
        (["1.", "5.", "9."], ["1", "2", "3"]),
    ],
)
def test_items_are_numbered_as_a_page_shows_them(items: list[str], expected: list[str]) -> None:
    """The first number counts, the others follow it."""
    text = "".join(f"{item} Do\n\n   ```bash\n   echo\n   ```\n\n" for item in items)
    (procedure,) = parse(f"# Page\n\n## Procedure\n\n{text}").procedures
    assert labels(procedure) == expected


def test_a_list_cut_by_blocks_counts_on() -> None:
    """Blocks without indentation cut `1. 1. 1.` into three lists; their items are still 1, 2, 3."""
    text = "".join(f"1. Do\n{block('echo')}" for _ in range(3))
    (procedure,) = parse(f"# Page\n\n## Procedure\n\n{text}").procedures
    assert labels(procedure) == ["1", "2", "3"]


def test_two_lists_in_one_procedure_share_no_label() -> None:
    """A number that two steps have gets a letter, so that `--only 1` cannot mean the wrong one."""
    items = "1. One\n\n   ```bash\n   echo\n   ```\n\n2. Two\n\n   ```bash\n   echo\n   ```\n\n"
    third = "3. Three\n\n   ```bash\n   echo\n   ```\n\n"
    (procedure,) = parse(f"# Page\n\n## Procedure\n\n{items}{third}And then:\n\n{items}").procedures
    assert labels(procedure) == ["1a", "2a", "3", "1b", "2b"]
    assert len({step.anchor for step in procedure.steps}) == 5


def test_headings_with_one_number_share_no_label() -> None:
    """`### 2.` twice is 2a and 2b; the same title twice has two anchors."""
    text = "".join(f"### {number}. Do it\n{block('echo')}" for number in (1, 2, 2, 3))
    (procedure,) = parse(f"# Page\n\n## Procedure\n\n{text}").procedures
    assert labels(procedure) == ["1", "2a", "2b", "3"]
    assert len({step.anchor for step in procedure.steps}) == 4


def test_blocks_before_the_first_number_do_not_share_its_label() -> None:
    """The text above the first step is a step without a number: it gets a capital letter."""
    steps = f"### 1. One\n{block('echo 1')}\n### 2. Two\n{block('echo')}"
    (procedure,) = parse(f"# Page\n\n## Procedure\n{block('echo 0')}\n{steps}").procedures
    assert labels(procedure) == ["A", "1", "2"]


def test_the_anchor_of_an_item_is_never_that_of_a_heading() -> None:
    """The heading `Procedure 1` has the anchor that the first item would have."""
    item = "1. One\n\n   ```bash\n   echo\n   ```\n"
    text = f"# Page\n\n## Procedure\n\n{item}\n## Procedure 1\n{block('echo 2')}"
    runbook = parse(text, "")
    anchors = [step.anchor for step in find_named(runbook).steps]
    assert anchors == ["procedure-1_1", "procedure-1"]


_PIECES = st.sampled_from(
    [
        "## Do", "## Do", "### Do", "## 1. Do", "### 1. Do", "### 2. Do", "## Procedure", "# Page", "## Do 1",
        "1. Do", "1. Do", "2. Do", "3) Do", "- Do", "Text.", "## Clean up", "### Stop it", "## Do {#do}",
        block("echo"), block("echo", "fish"), block("text", "json"), "   ```bash\n   echo\n   ```\n",
    ]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=14), st.sampled_from([None, "", "do", "page", "procedure", "do-1"]))
def test_two_steps_never_share_a_label_or_an_anchor(pieces: list[str], named: str | None) -> None:
    """Whatever the page, in every procedure of it."""
    runbook = parse("\n\n".join(pieces), named)
    for procedure in runbook.procedures:
        assert len(set(labels(procedure))) == len(procedure.steps)
        assert len({step.anchor for step in procedure.steps}) == len(procedure.steps)
        assert all(labels(procedure))
    listed = [each.anchor for each in runbook.procedures]
    assert len(set(listed)) == len(listed)


# what runs unless something is named


@pytest.mark.parametrize("name", ["cleanup-is-chosen", "delete-is-chosen"])
def test_a_deletion_is_never_chosen(name: str) -> None:
    """Of the only section with shell blocks the title says that it deletes; other sections instruct too."""
    runbook = read_case(f"selection/{name}")
    assert runbook.chosen is None
    assert [each.dangerous for each in runbook.procedures] == [True]


@pytest.mark.parametrize(
    "title",
    [
        "Delete the cluster", "Clean up", "Cleanup", "Cleaning up resources", "Remove it", "Destroy",
        "Disable swap", "Stop the server", "Stopping", "Uninstall", "Uninstalling the chart", "Purge",
        "Rollback", "Tear it down or delete it", "How to delete a node", "Optional: remove the taint",
        "Backup and delete", "Node removal", "💥 Reset", "Shut down the node", "Drain a node",
        "Kill the process",
    ],
)  # fmt: skip
def test_a_section_that_takes_something_away_runs_only_if_named(title: str) -> None:
    """It may be the only one of the page."""
    runbook = parse(f"# Page\n\n## {title}\n{block('echo')}")
    assert (runbook.chosen, runbook.procedures[0].dangerous) == (None, True)
    assert runbook.why_none


@pytest.mark.parametrize(
    "title", ["Deploy", "Format of the file", "Droplets", "Backstop", "Nonstop deploys", "Undocumented"]
)
def test_words_that_only_look_dangerous_are_not(title: str) -> None:
    """A word counts where the verb of a title is, and as a whole."""
    assert parse(f"# Page\n\n## {title}\n{block('echo')}").chosen is not None


def test_a_page_that_is_named_after_a_deletion_is_run() -> None:
    """Whoever names the file has named the procedure."""
    assert parse(f"# Delete a cluster\n{block('echo')}").chosen == "delete-a-cluster"


@pytest.mark.parametrize(
    "other",
    [
        "1. Open the portal.\n2. Click.\n",
        block("az login", "azurecli"),
        block("az login", "azurecli-interactive"),
        block("dir", "cmd"),
        block("Get-Item", "powershell"),
        block("$ make", ""),
        block("select 1;", "sql"),
        "    $ make\n",
        block("apiVersion: v1", "yaml"),
    ],
)
def test_other_instructions_on_the_page_make_the_only_section_unsure(other: str) -> None:
    """Numbered instructions and commands for other programs count, above the section and below it."""
    section = f"## Deploy\n{block('echo')}"
    for page in (f"# Page\n\n## Prepare\n\n{other}\n{section}", f"# Page\n\n{section}\n## Finish\n\n{other}"):
        runbook = parse(page)
        assert runbook.chosen is None
        assert "other instructions" in runbook.why_none


@pytest.mark.parametrize(
    "other",
    [
        "## Prerequisites\n\n1. [kubectl](https://example.org)\n2. [helm](https://example.org)\n",
        "## References\n\n1. A book.\n2. Another.\n",
        "## Overview\n\nSome text.\n",
        "## Troubleshooting\n\n1. Look at the log.\n2. Wait.\n",
        "## Background\n\nText.\n\n## Contact\n\nUs.\n",
    ],
)
def test_text_around_the_only_section_changes_nothing(other: str) -> None:
    """It is plainly the procedure, and no question is asked."""
    assert parse(f"# Page\n\n## Deploy\n{block('echo')}\n{other}").chosen == "deploy"


def test_a_numbered_section_among_others_is_not_chosen() -> None:
    """Its siblings have blocks, too; numbers directly below the title of the page are plain."""
    steps = f"### 1. One\n{block('echo 1')}\n### 2. Two\n{block('echo 2')}"
    assert parse(f"# Page\n\n## Install\n\n{steps}\n## Use it\n{block('echo')}").chosen is None
    below = steps.replace("###", "##")
    assert parse(f"# Page\n\n{below}\n## Use it\n{block('echo')}").chosen == "page"


@pytest.mark.parametrize("title", ["Prerequisites", "Requirements", "Before you begin", "Set the variables"])
def test_blocks_before_the_first_number_must_not_be_skipped(title: str) -> None:
    """Numbered steps need them; the whole page runs both."""
    steps = f"## 1. One\n{block('echo $A')}\n## 2. Two\n{block('echo 2')}"
    page = f"# Page\n\n## {title}\n{block('A=1')}\n{steps}"
    assert parse(page).chosen is None
    assert titles(find_named(parse(page, "")))[0] == title


def test_what_is_done_about_one_cause_is_not_chosen() -> None:
    """The mitigation of an alert depends on the diagnosis, which is chosen."""
    page = "# Alert\n\n## Meaning\n\nText.\n\n## Diagnosis\n{}\n## Mitigation\n{}\n"
    assert parse(page.replace("{}", block("echo"), 1).replace("{}", "Text.")).chosen == "diagnosis"
    assert parse(page.replace("{}", "Text.", 1).replace("{}", block("echo"))).chosen is None


def test_a_titled_section_of_one_topic_among_others_is_not_chosen() -> None:
    """`Steps` of the upgrade are not the procedure of a page that also installs."""
    page = f"# Page\n\n## Install\n{block('echo')}\n## Upgrade\n\n### Steps\n{block('echo 2')}"
    assert parse(page).chosen is None


@pytest.mark.parametrize(
    "below",
    [
        ("Linux", "macOS"),
        ("Option 1", "Option 2"),
        ("Using Helm", "Using kubectl"),
        ("Build", "Alternatively"),
        ("On Ubuntu", "On Fedora", "Verify"),
    ],
)
def test_several_ways_to_one_end_are_no_sequence(below: tuple[str, ...]) -> None:
    """They are procedures of their own, and none of them is chosen, not even in a section titled Steps."""
    text = "".join(f"### {title}\n{block('echo')}" for title in below)
    runbook = parse(f"# Page\n\n## Install\n\n{text}")
    assert runbook.chosen is None
    assert [each.title for each in runbook.procedures] == list(below)
    assert parse(f"# Page\n\n## Steps\n\n{text}").chosen is None


@pytest.mark.parametrize("title", ["Examples", "Usage", "Environment variables", "Notes"])
def test_an_example_is_not_chosen(title: str) -> None:
    """What a section only shows is not what the page is for."""
    assert parse(f"# Page\n\n## {title}\n{block('echo')}").chosen is None


def test_one_topic_of_many_is_not_chosen() -> None:
    """A page with many sections of text is not for the one that has a block."""
    text = "".join(f"## Topic {letter}\n\nText.\n\n" for letter in "abc")
    assert parse(f"# Page\n\n## Deploy\n{block('echo')}\n{text}").chosen is None


# sections in order


def test_a_section_runs_with_its_subsections() -> None:
    """`## Deploy` with `### Build` and `### Ship` is one procedure with two steps."""
    runbook = read_case("operator/multi")
    assert runbook.chosen is None
    assert [(each.anchor, titles(each)) for each in runbook.procedures] == [
        ("deploy", ["Build", "Ship"]),
        ("roll-back", ["Find the old version", "Ship it"]),
    ]
    alone = parse(f"# Page\n\n## Deploy\n\n### Build\n{block('make')}\n### Ship\n{block('make ship')}")
    assert alone.chosen == "deploy"


def test_a_subsection_still_runs_alone() -> None:
    """It is named by its own anchor."""
    assert titles(find_named(read_case("operator/multi", "ship"))) == ["Ship"]


def test_own_text_and_deeper_subsections_run_in_order() -> None:
    """A section's own blocks come first; a list in a subsection is divided into its items."""
    build = f"### Build\n\nText.\n\n#### Compile\n{block('echo compile')}"
    page = (
        f"# Page\n\n## Deploy\n{block('echo own')}\n{build}\n"
        "### Ship\n\n1. Tag\n\n   ```bash\n   echo tag\n   ```\n\n"
        "2. Push\n\n   ```bash\n   echo push\n   ```\n"
    )
    procedure = find_named(parse(page, "deploy"))
    assert titles(procedure) == ["Deploy", "Compile", "Tag", "Push"]
    assert labels(procedure) == ["A", "B", "1", "2"]
    assert "Text." in str(procedure.steps[1].parts[0])


@pytest.mark.parametrize("named", ["", "install-the-thing"])
@pytest.mark.parametrize("name", ["sections-in-order", "sections-no-h1"])
def test_a_whole_page_is_one_procedure(name: str, named: str) -> None:
    """It has the sections as steps, and the anchor of the page's title, also where that is no heading."""
    runbook = read_case(f"selection/{name}", named)
    assert runbook.chosen is None
    assert runbook.named == "install-the-thing"
    assert titles(find_named(runbook)) == ["Download", "Unpack", "Verify"]
    assert runbook.is_sequence


def test_the_front_matter_runs_a_whole_page() -> None:
    """The parts are no procedures beside it, but can still be named."""
    path = CASES / "selection" / "sections-no-h1.md"
    settings = RunbookSettings(procedure="install-the-thing")
    runbook = parse_runbook(path.read_bytes(), path.name, settings)
    assert (runbook.chosen, len(runbook.procedures)) == ("install-the-thing", 1)
    one = parse_runbook(path.read_bytes(), path.name, settings, None, "unpack")
    assert titles(find_named(one)) == ["Unpack"]


def test_a_whole_page_leaves_out_what_deletes() -> None:
    """What cannot be taken back is left out anywhere; what stops something only if nothing follows it."""
    sections = [
        "Prepare",
        "Stop the app",
        "Delete the old data",
        "Update",
        "Troubleshooting",
        "Stop it again",
    ]
    page = "# Page\n\n" + "".join(f"## {title}\n{block('echo')}" for title in sections)
    procedure = find_named(parse(page, ""))
    assert titles(procedure) == ["Prepare", "Stop the app", "Update"]
    assert [each.title for each in procedure.left_out] == [
        "Delete the old data",
        "Troubleshooting",
        "Stop it again",
    ]


def test_what_is_named_is_never_left_out() -> None:
    """A dangerous section that is named runs with all of its subsections."""
    page = f"# Page\n\n## Clean up\n\n### Delete it\n{block('echo')}\n### Roll back\n{block('echo')}"
    procedure = find_named(parse(page, "clean-up"))
    assert (titles(procedure), procedure.left_out) == (["Delete it", "Roll back"], ())


def test_a_whole_page_asks_for_what_a_person_does() -> None:
    """A section with numbered instructions is a step by hand; text, links and references are none."""
    page = (
        "# Page\n\n## Overview\n\nText.\n\n## Prepare\n\n1. Open it.\n2. Click.\n\n## Deploy\n{}\n"
        "## Note\n\nText.\n\n## Finish\n{}\n## References\n\n1. A book.\n".replace("{}", block("echo"))
    )
    procedure = find_named(parse(page, ""))
    assert [(step.title, step.manual) for step in procedure.steps] == [
        ("Prepare", True),
        ("Deploy", False),
        ("Finish", False),
    ]


def test_blocks_below_the_title_and_above_the_sections_run_first() -> None:
    """They are a procedure of their own too, whose anchor is not that of the whole page."""
    page = f"# Page\n{block('echo 0')}\n## One\n{block('echo 1')}"
    runbook = parse(page, "")
    assert titles(find_named(runbook)) == ["Page", "One"]
    assert [each.anchor for each in runbook.procedures] == ["page-introduction", "one", "page"]


def test_an_annotation_of_a_section_holds_for_its_steps() -> None:
    """A section that is annotated `skip` runs nowhere, not even as a part of the page."""
    two = f"<!-- runbook: skip -->\n## Two\n\n### A\n{block('a')}\n### B\n{block('b')}"
    page = f"# Page\n\n## One\n{block('echo 1')}\n{two}"
    procedure = find_named(parse(page, ""))
    assert [[each.runs for each in step.blocks] for step in procedure.steps] == [[True], [False], [False]]


# anchors


@pytest.mark.parametrize(
    ("heading", "named"),
    [
        ("Quick start {#fast}", "fast"),
        ("Quick start {: #fast .wide}", "fast"),
        ("Quick start {.wide #fast}", "fast"),
        ("Quick start ## {#fast}", "fast"),
        ("Build & ship", "build-ship"),
        ("Build & ship", "build--ship"),
        ("Über uns", "über-uns"),
        ("Quick start", "Quick-Start"),
        ("`fly` deploy", "user-content-fly-deploy"),
    ],
)
def test_a_section_is_named_as_renderers_name_it(heading: str, named: str) -> None:
    """By the id in its braces, as MkDocs, Pandoc and kramdown write it, or by the anchor of GitHub."""
    runbook = parse(f"# Page\n\n## Other\n{block('echo')}\n## {heading}\n{block('echo 2')}", named)
    (step,) = find_named(runbook).steps
    assert "{" not in step.title
    assert step.blocks[0].code == "echo 2"


def test_the_id_of_a_heading_is_the_anchor_of_its_section() -> None:
    """It is no part of the title."""
    runbook = read_case("selection/heading-id")
    assert [(each.anchor, each.title) for each in runbook.procedures] == [
        ("vagrant", "Quick start with Vagrant"),
        ("manual", "From source"),
    ]


# shells and errors


def test_fish_runs_where_most_blocks_are_in_fish() -> None:
    """One block in fish among two in sh is shown and not run."""
    (procedure,) = read_case("selection/mixed-fish").procedures
    assert procedure.shell == "sh"
    assert [step.manual for step in procedure.steps] == [False, False, True]


def test_an_error_concerns_only_the_procedure_that_has_it() -> None:
    """The annotation above a heading belongs to its section, and the front matter to every procedure."""
    runbook = parse(f"## Status\n{block('a')}\n## Query\n{block(chr(39) + 'open')}")
    (problem,) = runbook.problems
    assert [each.anchor for each in runbook.procedures if each.has_problem(problem)] == ["query"]
    assert not read_case("selection/error-elsewhere").problems  # a query is data, and does not run
    front_matter = "---\nrunbook:\n  shel: fish\n---\n"
    two = f"<!-- runbook: bogus -->\n## Two\n{block('b')}"
    runbook = parse(f"{front_matter}\n## One\n{block('a')}\n{two}")
    found = [
        [each.anchor for each in runbook.procedures if each.has_problem(one)] for one in runbook.problems
    ]
    assert found == [["one", "two"], ["two"]]


def test_a_page_of_tabs_runs_only_if_it_is_named() -> None:
    """Each tab is for other readers, also if only one has a block; a titled procedure asks which."""
    tabs = '=== "For users"\n\n    Ask an admin.\n\n=== "For admins"\n\n    ```bash\n    echo add\n    ```\n'
    assert parse(f"# Onboarding\n\n{tabs}").chosen is None
    assert parse(f"# Onboarding\n\n## Steps\n\n{tabs}").chosen == "steps"
