"""Runbooks among a project's tests: pytest as somebody runs it, in a project of their own."""

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
    write(pytester, "runbooks/bad.md", BAD)
    write(pytester, "runbooks/good.md", GOOD)
    write(pytester, "docs/page.md", BAD)
    write(pytester, "README.md", BAD)
    pytester.makepyfile("def test_it(): pass")
    return pytester


def write(project: pytest.Pytester, name: str, text: str) -> Path:
    """Put a file into the project."""
    path = project.path / name
    path.write_text(text, encoding="utf-8")
    return path


def collected(project: pytest.Pytester, *arguments: str) -> list[str]:
    """The ids of what pytest finds in the project."""
    ran = project.runpytest_inprocess("--collect-only", "-q", *arguments)
    return [line for line in ran.outlines if "::" in line]


RUNBOOKS = ["runbooks/bad.md::lint", "runbooks/good.md::lint"]


def test_what_is_named_of_a_folder_runbooks(project: pytest.Pytester) -> None:
    """The folder, a page in it, one item of a page: as they are named."""
    assert collected(project, "runbooks/") == RUNBOOKS
    assert collected(project, "runbooks/good.md") == RUNBOOKS[1:]
    assert collected(project, "runbooks/bad.md::lint") == RUNBOOKS[:1]
    assert collected(project, str(project.path / "runbooks")) == RUNBOOKS


def test_pages_that_nobody_called_runbooks(project: pytest.Pytester) -> None:
    """A project in which the package is merely installed has the tests that it had."""
    mine = ["test_pages_that_nobody_called_runbooks.py::test_it"]
    assert collected(project) == mine
    assert collected(project, ".") == mine
    assert collected(project, "docs", "README.md") == []


def test_runbooks_that_the_configuration_names(project: pytest.Pytester) -> None:
    """Folders and files, from the configuration file's folder on, wherever pytest is started."""
    project.makeini("[pytest]\nrunbooks = docs runbooks/good.md\n")
    mine = "test_runbooks_that_the_configuration_names.py::test_it"
    assert collected(project) == ["docs/page.md::lint", "runbooks/good.md::lint", mine]
    assert collected(project, "docs/page.md") == ["docs/page.md::lint"]


def test_a_repository_called_runbooks(pytester: pytest.Pytester) -> None:
    """What counts is the path inside the project."""
    folder = pytester.mkdir("runbooks")
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "README.md").write_text(BAD)
    pytester.chdir()
    assert collected(pytester, str(folder)) == []


@pytest.mark.parametrize(
    "options", [(), ("-n2",), ("--tb=long", "-p", "no:cacheprovider"), ("--full-trace",)]
)
def test_a_failure_is_shown_on_the_page(project: pytest.Pytester, options: tuple[str, ...]) -> None:
    """At its line, in the linter's words, with nothing of ours; in another process too."""
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
    """Whoever reads reports finds the line of the page, not one of ours."""
    ran = project.runpytest_subprocess("runbooks", "--tb=line", "--junit-xml=report.xml")
    assert [line for line in ran.outlines if line.startswith("runbooks/bad.md:6: runbooks/bad.md:6:1: P101")]
    report = (project.path / "report.xml").read_text()
    assert 'classname="runbooks.bad.md" name="lint"' in report
    assert '<failure message="runbooks/bad.md:6:1: P101 ' in report


def test_choosing(project: pytest.Pytester) -> None:
    """By a word of the id, and by what failed last."""
    assert collected(project, "runbooks", "-k", "good and lint") == RUNBOOKS[1:]
    assert collected(project, "runbooks", "-k", "not good") == RUNBOOKS[:1]
    project.runpytest_inprocess("runbooks").assert_outcomes(passed=1, failed=1)
    assert collected(project, "runbooks", "--lf") == RUNBOOKS[:1]


def test_settings_that_are_refused(project: pytest.Pytester) -> None:
    """They are told as they are, without a traceback."""
    write(project, "runbook-exec.toml", 'ignor = ["P101"]\n')
    ran = project.runpytest_inprocess("runbooks/good.md")
    ran.assert_outcomes(failed=1)
    ran.stdout.fnmatch_lines(["*runbook-exec.toml: unknown key `ignor`; did you mean `ignore`?"])
    assert "Traceback" not in ran.stdout.str()
    assert "pytest_plugin/" not in ran.stdout.str()


def test_a_shell_that_is_not_there(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that could not be looked at has not passed."""
    write(project, "runbooks/good.md", GOOD.replace("```sh", "```fish"))
    monkeypatch.setenv("PATH", str(project.path))
    ran = project.runpytest_subprocess("runbooks/good.md")
    ran.assert_outcomes(failed=1)
    ran.stdout.fnmatch_lines(["runbooks/good.md: fish is not on PATH: 1 block could not be checked"])


@pytest.mark.parametrize("options", [(), ("-n2",)])
def test_it_says_that_rehearsals_were_not_isolated(
    project: pytest.Pytester, options: tuple[str, ...]
) -> None:
    """Though they passed, and once for all of them."""
    write(project, "runbooks/good.md", "# Good\n\n## Steps\n\n```sh\nfly\n```\n")
    for name in ("good", "good.twice"):
        write(project, f"runbooks/{name}.rehearsal.md", "# Rehearsal\n\n```console\n$ fly\n```\n")
    forbidden = [
        sys.executable,
        str(REPOSITORY / "tests" / "support" / "without_namespaces.py"),
        sys.executable,
    ]
    ran = project.run(*forbidden, "-m", "pytest", "runbooks/good.md", "-k", "rehearsal", *options)
    ran.assert_outcomes(passed=2)
    said = [line for line in ran.outlines if "not isolated from" in line]
    assert len(said) == 1
    assert said[0].startswith("rehearsals were not isolated from the network and from other files: ")
    assert said[0].endswith("operation not permitted")


def test_rehearsals_are_items_of_their_page(project: pytest.Pytester) -> None:
    """One for each transcript, by the name of its course; a failure is told at the page's line."""
    write(project, "runbooks/good.rehearsal.md", "# Rehearsal\n\n```console\n$ fly\n```\n")
    write(project, "runbooks/good.twice.rehearsal.md", "# Twice\n\n```console\n$ true\n$ fly\n```\n")
    write(project, "runbooks/good.md", "# Good\n\n## Steps\n\n```sh\nfly\n```\n")
    assert [name for name in collected(project, "runbooks") if "good" in name] == [
        "runbooks/good.md::lint",
        "runbooks/good.md::rehearsal",
        "runbooks/good.md::rehearsal-twice",
        "runbooks/good.rehearsal.md::lint",
        "runbooks/good.twice.rehearsal.md::lint",
    ]
    project.runpytest_subprocess("runbooks/good.md", "-k", "rehearsal and not twice").assert_outcomes(
        passed=1
    )
    write(project, "runbooks/good.md", "# Good\n\n## Steps\n\n```sh\nfly --now\n```\n")
    ran = project.runpytest_subprocess("runbooks/good.md", "-k", "rehearsal and not twice")
    ran.assert_outcomes(failed=1)
    again = project.runpytest_subprocess("runbooks/good.md", "-k", "rehearsal")
    again.assert_outcomes(failed=2)
    assert collected(project, "runbooks/good.md", "--lf") == [
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


def test_it_is_at_rest_where_nobody_asks(project: pytest.Pytester) -> None:
    """A run that has no runbooks loads two modules of ours and no library."""
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


def test_the_example_of_stand_ins_in_python(project: pytest.Pytester) -> None:
    """It passes as the documentation has it, and fails where its assertion does."""
    page = (REPOSITORY / "docs" / "pytest.md").read_text(encoding="utf-8")
    example = page.partition("```python\n")[2].partition("```")[0]
    write(project, "runbooks/rotate.md", ROTATE)
    write(project, "test_rotate.py", example)
    project.runpytest_subprocess("test_rotate.py").assert_outcomes(passed=1)
    write(project, "runbooks/rotate.md", ROTATE.replace("'deploy-token=", "'deploy-tokn="))
    ran = project.runpytest_subprocess("test_rotate.py")
    ran.assert_outcomes(failed=1)
    ran.stdout.fnmatch_lines(['>       assert "deploy-token=FlyV1 fm2_made,fm2_up" in call.words'])
