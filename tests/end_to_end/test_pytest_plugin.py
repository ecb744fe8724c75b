"""Runbooks among the tests of a project: pytest in a project of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.paths import REPOSITORY

pytest_plugins = ["pytester"]

GOOD = "# Good\n\n## Steps\n\n```sh\nprintf fine\n```\n"
BAD = "# Bad\n\n## Steps\n\n```sh\nif true\n```\n"


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project with two runbooks, other pages, and a test."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    monkeypatch.setenv("PY_COLORS", "0")
    for name in ("runbooks", "docs"):
        pytester.mkdir(name)
    write_file(pytester, "runbooks/bad.md", BAD)
    write_file(pytester, "runbooks/good.md", GOOD)
    write_file(pytester, "docs/page.md", BAD)
    write_file(pytester, "README.md", BAD)
    pytester.makepyfile("def test_it(): pass")
    return pytester


def write_file(project: pytest.Pytester, name: str, text: str) -> Path:
    """Write a file of the project."""
    path = project.path / name
    path.write_text(text, encoding="utf-8")
    return path


def collect_ids(project: pytest.Pytester, *arguments: str) -> list[str]:
    """The ids of the items that pytest collects in the project."""
    ran = project.runpytest_inprocess("--collect-only", "-q", *arguments)
    return [line for line in ran.outlines if "::" in line]


RUNBOOKS = ["runbooks/bad.md::lint", "runbooks/good.md::lint"]


def test_paths_in_a_folder_runbooks_are_collected(project: pytest.Pytester) -> None:
    """The folder, a page in it, or one item of a page."""
    assert collect_ids(project, "runbooks/") == RUNBOOKS
    assert collect_ids(project, "runbooks/good.md") == RUNBOOKS[1:]
    assert collect_ids(project, "runbooks/bad.md::lint") == RUNBOOKS[:1]
    assert collect_ids(project, str(project.path / "runbooks")) == RUNBOOKS


def test_other_pages_are_not_collected(project: pytest.Pytester) -> None:
    """The installed package adds no tests to a project without runbooks."""
    mine = ["test_other_pages_are_not_collected.py::test_it"]
    assert collect_ids(project) == mine
    assert collect_ids(project, ".") == mine
    assert collect_ids(project, "docs", "README.md") == []


def test_runbooks_of_the_configuration_are_collected(project: pytest.Pytester) -> None:
    """Folders and files relative to the configuration file, from any working directory."""
    project.makeini("[pytest]\nrunbooks = docs runbooks/good.md\n")
    mine = "test_runbooks_of_the_configuration_are_collected.py::test_it"
    assert collect_ids(project) == ["docs/page.md::lint", "runbooks/good.md::lint", mine]
    assert collect_ids(project, "docs/page.md") == ["docs/page.md::lint"]


def test_the_name_of_the_repository_does_not_count(pytester: pytest.Pytester) -> None:
    """Only the path inside the project counts."""
    folder = pytester.mkdir("runbooks")
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "README.md").write_text(BAD)
    pytester.chdir()
    assert collect_ids(pytester, str(folder)) == []


@pytest.mark.parametrize(
    "options", [(), ("-n2",), ("--tb=long", "-p", "no:cacheprovider"), ("--full-trace",)]
)
def test_a_failure_is_shown_on_the_page(project: pytest.Pytester, options: tuple[str, ...]) -> None:
    """At its line, in the linter's words, without our code; also in another process."""
    ran = project.runpytest_subprocess("runbooks", *options)
    assert ran.ret == pytest.ExitCode.TESTS_FAILED
    text = ran.stdout.str()
    start, end = text.index(" bad.md: lint _"), text.index("= short test summary info =")
    shown = [line for line in text[start:end].splitlines()[1:] if not line.startswith(("=", "["))]
    assert shown[0].startswith("runbooks/bad.md:6:1: P101 ")
    assert shown[1:3] == ["  6 │ if true", "    │ ^^^^^^^"]
    assert f"FAILED runbooks/bad.md::lint - {shown[0][:30]}" in text
    assert "runbook_exec" not in text
    ran.assert_outcomes(passed=1, failed=1)


def test_a_failure_has_its_place(project: pytest.Pytester) -> None:
    """Reports have the line of the page, not a line of our code."""
    ran = project.runpytest_subprocess("runbooks", "--tb=line", "--junit-xml=report.xml")
    assert [line for line in ran.outlines if line.startswith("runbooks/bad.md:6: runbooks/bad.md:6:1: P101")]
    report = (project.path / "report.xml").read_text()
    assert 'classname="runbooks.bad.md" name="lint"' in report
    assert '<failure message="runbooks/bad.md:6:1: P101 ' in report


def test_items_can_be_selected(project: pytest.Pytester) -> None:
    """By a word of the id, and by `--lf`."""
    assert collect_ids(project, "runbooks", "-k", "good and lint") == RUNBOOKS[1:]
    assert collect_ids(project, "runbooks", "-k", "not good") == RUNBOOKS[:1]
    project.runpytest_inprocess("runbooks").assert_outcomes(passed=1, failed=1)
    assert collect_ids(project, "runbooks", "--lf") == RUNBOOKS[:1]


def test_invalid_settings_are_reported(project: pytest.Pytester) -> None:
    """The message is printed without a traceback."""
    write_file(project, "runbook-exec.toml", 'ignor = ["P101"]\n')
    ran = project.runpytest_inprocess("runbooks/good.md")
    ran.assert_outcomes(failed=1)
    ran.stdout.fnmatch_lines(["*runbook-exec.toml: unknown key `ignor`; did you mean `ignore`?"])
    assert "Traceback" not in ran.stdout.str()
    assert "pytest_plugin/" not in ran.stdout.str()


def test_a_missing_shell_fails(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that could not be checked does not pass."""
    write_file(project, "runbooks/good.md", GOOD.replace("```sh", "```fish"))
    monkeypatch.setenv("PATH", str(project.path))
    ran = project.runpytest_subprocess("runbooks/good.md")
    ran.assert_outcomes(failed=1)
    ran.stdout.fnmatch_lines(["runbooks/good.md: fish is not on PATH: 1 block could not be checked"])


@pytest.mark.parametrize("options", [(), ("-n2",)])
def test_missing_isolation_is_reported(project: pytest.Pytester, options: tuple[str, ...]) -> None:
    """Once for all rehearsals, even if they pass."""
    write_file(project, "runbooks/good.md", "# Good\n\n## Steps\n\n```sh\nfly\n```\n")
    for name in ("good", "good.twice"):
        write_file(project, f"runbooks/{name}.rehearsal.md", "# Rehearsal\n\n```console\n$ fly\n```\n")
    forbidden = [
        sys.executable,
        str(REPOSITORY / "tests" / "support" / "without_calls.py"),
        "EPERM",
        "unshare",
        sys.executable,
    ]
    ran = project.run(*forbidden, "-m", "pytest", "runbooks/good.md", "-k", "rehearsal", *options)
    ran.assert_outcomes(passed=2)
    said = [line for line in ran.outlines if "not isolated from" in line]
    assert len(said) == 1
    assert said[0].startswith("rehearsals were not isolated from the network and from other files: ")
    assert said[0].endswith("operation not permitted")


def test_rehearsals_are_items_of_their_page(project: pytest.Pytester) -> None:
    """One for each transcript, named after it; a failure has the page's line."""
    write_file(project, "runbooks/good.rehearsal.md", "# Rehearsal\n\n```console\n$ fly\n```\n")
    write_file(project, "runbooks/good.twice.rehearsal.md", "# Twice\n\n```console\n$ true\n$ fly\n```\n")
    write_file(project, "runbooks/good.md", "# Good\n\n## Steps\n\n```sh\nfly\n```\n")
    assert [name for name in collect_ids(project, "runbooks") if "good" in name] == [
        "runbooks/good.md::lint",
        "runbooks/good.md::rehearsal",
        "runbooks/good.md::rehearsal-twice",
        "runbooks/good.rehearsal.md::lint",
        "runbooks/good.twice.rehearsal.md::lint",
    ]
    project.runpytest_subprocess("runbooks/good.md", "-k", "rehearsal and not twice").assert_outcomes(
        passed=1
    )
    write_file(project, "runbooks/good.md", "# Good\n\n## Steps\n\n```sh\nfly --now\n```\n")
    ran = project.runpytest_subprocess("runbooks/good.md", "-k", "rehearsal and not twice")
    ran.assert_outcomes(failed=1)
    again = project.runpytest_subprocess("runbooks/good.md", "-k", "rehearsal")
    again.assert_outcomes(failed=2)
    assert collect_ids(project, "runbooks/good.md", "--lf") == [
        "runbooks/good.md::rehearsal",
        "runbooks/good.md::rehearsal-twice",
    ]
    ran.stdout.fnmatch_lines(
        [
            "runbooks/good.md:6:1: R701 no line of the transcript allows this call",
            "  6 │ fly --now",
            "runbooks/good.rehearsal.md:4:3:",
            "  expected: fly",
            "       got: fly --now",
        ]
    )
    assert "pytest_plugin/" not in ran.stdout.str()


def test_the_plugin_loads_almost_nothing_by_itself(project: pytest.Pytester) -> None:
    """A run without runbooks loads two modules of ours and no library."""
    project.makeconftest(
        "import sys\n"
        "def pytest_unconfigure():\n"
        "    print('loaded', *sorted(name for name in sys.modules if name.startswith(\n"
        "        ('runbook_exec', 'mistune', 'rich.', 'yaml', 'jinja2', 'pexpect', 'prompt_toolkit'))))\n"
    )
    ran = project.runpytest_subprocess("-s", ".")
    ran.assert_outcomes(passed=1)
    assert "loaded runbook_exec runbook_exec.pytest_plugin" in ran.outlines
    ran = project.runpytest_subprocess("-s", ".", "-p", "no:runbook-exec")
    assert "loaded" in ran.outlines


ROTATE = """# Rotate

## Steps

### 1. Mint

<!-- runbook: capture=new-token -->
```sh
fly tokens create org
```

### 2. Store

```sh
op item edit fly 'deploy-token=<new-token>'
```

### 3. Look

Wait until the workflow is green.
"""


def test_the_documented_example_of_stand_ins_works(project: pytest.Pytester) -> None:
    """It passes as documented, and fails if its assertion fails."""
    page = (REPOSITORY / "docs" / "pytest.md").read_text(encoding="utf-8")
    example = page.partition("```python\n")[2].partition("```")[0]
    write_file(project, "runbooks/rotate.md", ROTATE)
    write_file(project, "test_rotate.py", example)
    project.runpytest_subprocess("test_rotate.py").assert_outcomes(passed=1)
    write_file(project, "runbooks/rotate.md", ROTATE.replace("'deploy-token=", "'deploy-tokn="))
    ran = project.runpytest_subprocess("test_rotate.py")
    ran.assert_outcomes(failed=1)
    ran.stdout.fnmatch_lines(['>       assert "deploy-token=FlyV1 fm2_made,fm2_up" in call.words'])
