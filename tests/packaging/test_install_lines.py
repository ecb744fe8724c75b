"""The name under which the program is installed, wherever a person reads it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.support.paths import REPOSITORY

# On PyPI, `runbook-exec` is another project: a line that installs it would install that one.
DISTRIBUTION = "runbook-live"
FOLDERS = ("runbook_exec", "docs", "editors", "scripts", "practice", "benchmarks", "runbooks", ".github")
SUFFIXES = {".md", ".py", ".js", ".json", ".yml", ".yaml", ".toml", ".rb", ".fish", ".sh", ""}
_INSTALL = re.compile(
    r"(?:pip|pipx|uv tool|uv pip|uv) (?:install|inject|add|run --from|upgrade)\b[^\n`]*|uvx [^\n`]*"
)
_OTHER_PROJECT = re.compile(r"(?<![\w./$#-])runbook[-_]exec(?![\w./-])")
_EXTRA = re.compile(r"runbook[-_]exec\[")


def texts() -> Iterator[Path]:
    """Yield the files that people read or run."""
    yield from (path for path in REPOSITORY.iterdir() if path.is_file() and path.suffix in SUFFIXES)
    for folder in FOLDERS:
        for path in (REPOSITORY / folder).rglob("*"):
            hidden = {"node_modules", "__pycache__"} & set(path.parts)
            if path.is_file() and path.suffix in SUFFIXES and not hidden:
                yield path


def test_the_distribution_has_a_name_of_its_own() -> None:
    """The distribution is `runbook-live`, and its command is `runbook-exec`."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] == DISTRIBUTION
    assert list(project["scripts"]) == ["runbook-exec"]


def test_no_line_installs_the_project_of_another() -> None:
    """No install line and no extra names the project that has `runbook-exec` on PyPI."""
    wrong = []
    for path in texts():
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            installs = (found[0] for found in _INSTALL.finditer(line))
            if _EXTRA.search(line) or any(_OTHER_PROJECT.search(words) for words in installs):
                wrong.append(f"{path.relative_to(REPOSITORY)}:{number}: {line.strip()}")
    assert wrong == []


def test_every_way_to_install_is_known() -> None:
    """An install line of the docs that names this project has its distribution's name."""
    lines = [
        found[0]
        for path in texts()
        for found in _INSTALL.finditer(path.read_text(encoding="utf-8", errors="replace"))
        if "runbook" in found[0]
    ]
    assert lines
    assert [line for line in lines if DISTRIBUTION not in line] == []
