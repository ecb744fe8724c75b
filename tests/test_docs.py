"""The pages that are followed line by line, followed: on a real terminal, each in a world of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from guides import Reader
from program import REPOSITORY, prepared

DOCS = REPOSITORY / "docs"
OURS = "git+https://example.org/OWNER/runbook-exec"
# what the files for CI say and what cannot be tried here, as it fetches something
INSTALLING = (f"pip install {OURS}", "apt-get update && apt-get install --yes fish")
ACTIONS = ("actions/checkout@v4",)


def folder(there: Path) -> Reader:
    """An empty folder."""
    program = prepared(there)
    bin = there / "bin"
    bin.mkdir()
    executable(bin / "runbook-exec", f'#!/bin/sh\nexec "{sys.executable}" -P -m runbook_exec "$@"\n')
    environment = program.environment({"RUNBOOK_EXEC_TRUSTED": None})  # a reader has to say so
    path = f"{bin}:{environment['PATH']}"
    return Reader(program.work, environment | {"PATH": path, "TMPDIR": str(there)})


def repository(there: Path) -> Reader:
    """An empty git repository."""
    reader = folder(there)
    subprocess.run(["git", "init", "--quiet"], cwd=reader.folder, env=reader.environment, check=True)
    return reader


def clone(there: Path) -> Reader:
    """A clone of this repository, as it is once `scripts/prepare` has been through."""
    reader = folder(there)
    for name in ("docs", "practice", "runbook_exec", "runbooks", "pyproject.toml"):
        (reader.folder / name).symlink_to(REPOSITORY / name)
    for name in ("scripts", ".venv/bin"):
        (reader.folder / name).mkdir(parents=True)
    executable(reader.folder / "scripts" / "practice", (REPOSITORY / "scripts" / "practice").read_text())
    (reader.folder / "scripts" / "prepare").write_text('set -eu\ncd "$(dirname -- "$0")/.."\nvenv() { :; }\n')
    executable(reader.folder / ".venv/bin/python", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    return reader


def executable(path: Path, text: str) -> None:
    """A program of this text."""
    path.write_text(text)
    path.chmod(0o755)


# each page that is followed, and where its reader begins
PAGES: Mapping[str, Callable[[Path], Reader]] = {
    "tutorial.md": clone,
    "how-to/adopt-a-folder-of-notes.md": repository,
    "how-to/check-pages-in-ci.md": repository,
    "how-to/take-secrets-from-1password.md": clone,
    "how-to/share-a-record.md": repository,
    "how-to/migrate-from-runme.md": folder,
}


def works(path: Path, reader: Reader) -> None:
    """Try what a file for CI says, as far as it can be tried here: our commands, our action, our hooks."""
    for each in mappings(yaml.safe_load(path.read_text(encoding="utf-8"))):
        scripts = each.get("script", []) if "script" in each else [each["run"]] if "run" in each else []
        for line in (line for script in scripts for line in str(script).splitlines()):
            if line not in INSTALLING:
                assert line.startswith("runbook-exec "), f"{path.name}: `{line}` is neither ours nor known"
                ran = subprocess.run(["sh", "-c", line], cwd=reader.folder, env=reader.environment)
                assert ran.returncode == 0, f"{path.name}: `{line}` ended with {ran.returncode}"
        if str(each.get("uses", "")).startswith("OWNER/runbook-exec@"):
            inputs = yaml.safe_load((REPOSITORY / "action.yml").read_text(encoding="utf-8"))["inputs"]
            assert each.get("with", {}).keys() <= inputs.keys()
        elif "uses" in each:
            assert each["uses"] in ACTIONS
        if "hooks" in each:
            hooks = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
            assert {hook["id"] for hook in each["hooks"]} <= {hook["id"] for hook in hooks}


def mappings(tree: object) -> Iterator[dict[str, Any]]:
    """All mappings in what a YAML file holds."""
    if isinstance(tree, dict):
        yield tree
    for each in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from mappings(each)


@pytest.mark.parametrize("name", PAGES)
def test_a_reader_can_follow_the_page(name: str, tmp_path: Path) -> None:
    """Every command of the page runs, in order, and prints and ends as the page says."""
    reader = PAGES[name](tmp_path)
    reader.follow((DOCS / name).read_text(encoding="utf-8"))
    for path in sorted([*reader.folder.glob("*.yml"), *reader.folder.glob(".*.y*ml")]):
        works(path, reader)
    for path in sorted(reader.folder.glob(".*/workflows/*.yml")):
        works(path, reader)
