"""Many secrets, in every form, in every shell: no piece of one is in anything that a run leaves."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.support.paths import REPOSITORY
from tests.support.planted_secrets import find_pieces, list_pieces, make_secrets
from tests.support.program import COMMAND, Program
from tests.support.shells import SHELLS

NUMBER = int(os.environ.get("RUNBOOK_EXEC_PLANTED", "10"))  # one of each kind

PRINTER = REPOSITORY / "tests" / "support" / "planted_secrets.py"


def write_page(shell: str, secrets: list[str]) -> str:
    """Return a page with a statement for each secret, which prints it in every form."""
    inputs = "".join(f"    token-{at}: {{source: 'env:PLANTED_{at}'}}\n" for at in range(len(secrets)))
    lines = "".join(f"printf %s <token-{at}> | {sys.executable} {PRINTER}\n" for at in range(len(secrets)))
    return f"---\nrunbook:\n  inputs:\n{inputs}---\n# P\n\n## Steps\n\n```{shell}\n{lines}```\n"


def read_arguments(pid: int) -> bytes:
    """Return the command lines of a process and of all below it, as other users see them."""
    found = b""
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        try:
            found += Path(f"/proc/{one}/cmdline").read_bytes()
            for thread in Path(f"/proc/{one}/task").iterdir():
                waiting += map(int, (thread / "children").read_text().split())
        except OSError:
            continue
    return found


@pytest.mark.parametrize("shell", SHELLS)
def test_no_form_of_a_secret_is_left(shell: str, program: Program) -> None:
    """This includes the screen, all files, reports, `--json`, and the command lines of our processes."""
    secrets = make_secrets(NUMBER, len(shell))
    pieces = list_pieces(secrets)
    temporary = program.folder / "tmp"
    temporary.mkdir()
    program.write("page.md", write_page(shell, secrets))
    found: dict[str, bytes] = {"command lines": b""}
    with (
        tempfile.TemporaryDirectory(dir="/dev/shm") as runtime,
        (program.folder / "shown").open("wb") as shown,
    ):
        env: dict[str, str | None] = {f"PLANTED_{at}": secret for at, secret in enumerate(secrets)}
        env |= {"TMPDIR": str(temporary), "XDG_RUNTIME_DIR": runtime, "PYTHONUTF8": "1"}
        running = subprocess.Popen(
            [*COMMAND, "page.md", "--yes", "--json", "--record"],
            cwd=program.work,
            env=program.environment(env),
            stdin=subprocess.DEVNULL,
            stdout=shown,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        while running.poll() is None:
            found["command lines"] += read_arguments(running.pid)
            time.sleep(0.05)
        assert running.returncode == 0, (program.folder / "shown").read_bytes()[-2000:]
        for path in (*program.folder.rglob("*"), *Path(runtime).rglob("*")):
            if path.is_file():
                found[str(path)] = path.read_bytes()
    for kind in ("md", "html", "json", "junit"):
        found[kind] = program.run("runs", "report", "--format", kind).output.encode()
    for words in (("show",), ("show", "--json"), ("replay", "--speed", "10000")):
        found[" ".join(words)] = program.run("runs", *words).output.encode("utf-8", "surrogateescape")
    leaks = [(name, *leak) for name, data in found.items() for leak in find_pieces(data, pieces)]
    assert leaks[:10] == []
