"""The linter in an action, in a hook of pre-commit, and in a task."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from runbook_exec.cli.main import parse_arguments
from runbook_exec.lint.settings import settings_for
from tests.support.paths import REPOSITORY
from tests.support.program import Program, ProgramResult

BROKEN = "```fish\necho )\n```\n"
DOCS = (REPOSITORY / "docs" / "lint.md").read_text(encoding="utf-8")


def examples(language: str) -> list[str]:
    """The blocks of the linter's page in this language."""
    return list(re.findall(rf"^```{language}\n(.*?)^```$", DOCS, re.MULTILINE | re.DOTALL))


@pytest.fixture
def runner(program: Program) -> Program:
    """A runner that has installed the action in its first step, and has a repository."""
    installed = program.folder / "temporary" / "runbook-exec" / "bin" / "runbook-exec"
    installed.parent.mkdir(parents=True)
    installed.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m runbook_exec "$@"\n')
    installed.chmod(0o755)
    (program.work / "docs").mkdir()
    program.write("docs/a page.md", BROKEN)
    program.write("docs/$(touch proof).md", BROKEN)
    return program


def act(runner: Program, **given: str) -> ProgramResult:
    """Run the action's last step like a runner."""
    action: dict[str, Any] = yaml.safe_load((REPOSITORY / "action.yml").read_text(encoding="utf-8"))
    step = action["runs"]["steps"][-1]
    inputs = {name: value["default"] for name, value in action["inputs"].items()} | given
    variables = {
        name: re.sub(r"\$\{\{ inputs\.([a-z]+) \}\}", lambda found: inputs[found[1]], value)
        for name, value in step["env"].items()
    }
    more: dict[str, str | None] = {**variables, "RUNNER_TEMP": str(runner.folder / "temporary")}
    done = subprocess.run(
        [step["shell"], "-e", "-c", step["run"]],
        cwd=runner.work,
        env=runner.environment(more),
        capture_output=True,
        text=True,
        check=False,
    )
    return ProgramResult(done.returncode, done.stdout, done.stderr)


def test_the_action_lints(runner: Program) -> None:
    """Without inputs the action checks the usual folders, and reports in the runner's format."""
    ran = act(runner)
    assert (ran.status, ran.stderr) == (1, "")
    lines = ran.stdout.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("::error title=P101 syntax,file=docs/") for line in lines)
    assert not (runner.work / "proof").exists()


def test_each_line_of_an_input_is_one_argument(runner: Program) -> None:
    """Paths may have blanks and shell characters; options are options; the output may be a file."""
    ran = act(runner, paths="docs/a page.md\ndocs/$(touch proof).md\n", options="--ignore=P\n--no-cache")
    assert ran == ProgramResult(0, "", "")
    ran = act(runner, paths="docs/a page.md", format="junit", output="lint report.xml")
    assert ran == ProgramResult(1, "", "")
    assert 'failures="1"' in (runner.work / "lint report.xml").read_text(encoding="utf-8")
    assert not (runner.work / "proof").exists()


def test_the_hooks_are_what_pre_commit_runs(program: Program) -> None:
    """Each hook's entry is a command of ours, to which pre-commit adds the files."""
    hooks = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    program.write("page.md", BROKEN)
    for hook in hooks:
        assert (hook["language"], hook["types"]) == ("python", ["markdown"])
        name, *arguments = hook["entry"].split()
        assert name == "runbook-exec"
        assert program.run(*arguments, "page.md").status == 1
    ids = [hook["id"] for hook in hooks]
    (used,) = (each for each in map(yaml.safe_load, examples("yaml")) if "repos" in each)
    assert used["repos"][0]["hooks"][0]["id"] in ids


def test_the_action_has_the_documented_inputs(program: Program) -> None:
    """The documented example uses only inputs of the action."""
    action = yaml.safe_load((REPOSITORY / "action.yml").read_text(encoding="utf-8"))
    (steps,) = (each for each in map(yaml.safe_load, examples("yaml")) if isinstance(each, list))
    assert set(steps[-1]["with"]) <= set(action["inputs"])


def test_the_documented_settings_are_valid(tmp_path: Path) -> None:
    """The documented settings are accepted, and the command line of the task is valid."""
    settings, task = examples("toml")
    (tmp_path / "runbook-exec.toml").write_text(settings, encoding="utf-8")
    page = str(tmp_path / "page.md")
    assert settings_for([page])[page].options["cadence"] == 75 * 86400
    _, *arguments = tomllib.loads(task)["tasks"]["lint-runbooks"]["run"].split()
    assert parse_arguments(arguments)[1].paths == ["runbooks", "docs"]
