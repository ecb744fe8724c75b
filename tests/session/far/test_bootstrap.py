"""What is sent to a far host is exactly what runs there, with each Python that it may have."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from runbook_exec.session.far.bootstrap import COMMAND, PACKAGE, build_archive, list_files
from runbook_exec.shells.registry import SHELLS
from tests.support.pythons import VERSIONS, find_python

CODE = """
import sys
sys.path.insert(0, {path!r})
from runbook_exec.session.far.helper import main
from runbook_exec.shells.registry import load_driver
for name in {shells!r}:
    load_driver(name)
prefix = "runbook_exec."
print("\\n".join(name.replace(".", "/") + ".py" for name in sys.modules if name.startswith(prefix)))
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_the_archive_is_what_the_far_end_imports(version: str, tmp_path: Path) -> None:
    """Its modules import nothing that is not in it, and none is superfluous."""
    archive = tmp_path / "session.zip"
    archive.write_bytes(build_archive())
    assert len(build_archive()) < 200_000
    code = CODE.format(path=str(archive), shells=list(SHELLS))
    python = find_python(version) / "python3"
    done = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True)
    found = {name.removeprefix("runbook_exec/") for name in done.stdout.split()}
    packages = {name for name in found if f"{name.removesuffix('.py')}/" in " ".join(found)}
    assert found - packages == set(list_files())


@pytest.mark.parametrize("shell", ["bash", "dash", "zsh", "fish"])
def test_the_command_line_is_the_same_in_every_shell(shell: str) -> None:
    """A login shell of any kind starts the far Python with it, and no secret can be in it."""
    program = b"print(6 * 7)"
    given = b"%08d" % len(program) + program
    done = subprocess.run([shell, "-c", COMMAND], input=given, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b"42\n")


@pytest.mark.parametrize("name", list_files())
def test_patterns_need_no_new_python(name: str) -> None:
    """Possessive quantifiers and atomic groups are errors before Python 3.11."""
    new = re.compile(r"(?<!\\)[*+?}]\+|\(\?>")
    tree = ast.parse((PACKAGE / name).read_text(encoding="utf-8"))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    texts = [text.decode("latin-1") if isinstance(text, bytes) else text for text in texts]
    assert [text for text in texts if isinstance(text, str) and new.search(text)] == []
