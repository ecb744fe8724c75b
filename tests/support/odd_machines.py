"""Odd machines, as commands that become the program, and runs on them."""

from __future__ import annotations

import shlex
import subprocess
import sys
from typing import NamedTuple

from tests.support.paths import REPOSITORY
from tests.support.program import COMMAND, Program

ALL = ["first", "second", "third"]  # what the statements of the page write

WITHOUT = shlex.join([sys.executable, str(REPOSITORY / "tests/support/without_calls.py")])


class Machine(NamedTuple):
    """A machine, as commands that become the program, and what is expected of a run on it."""

    name: str
    commands: str  # they end with the program and its arguments, "$@"
    status: int = 0
    line: str = ""  # what the only line on standard error matches; "" for no line
    ran: tuple[str, ...] = tuple(ALL)
    needs: str = ""  # "mounts" or "linux", if only such a machine can be made odd in this way


def isolate(commands: str) -> str:
    """Return commands that run in a namespace of mounts of their own."""
    return f'exec unshare -rm bash -c {shlex.quote(commands)} x "$@"'


def after(code: str) -> str:
    """Return commands that begin with this Python code."""
    start = f"import os, signal, sys; {code}; os.execvp(sys.argv[1], sys.argv[1:])"
    return f'exec {shlex.quote(sys.executable)} -c {shlex.quote(start)} "$@"'


def in_folder(name: str) -> str:
    """Return commands with a folder of this name, in shell quotes, for temporary files."""
    return f'export TMPDIR="$PWD"/{name}; mkdir "$TMPDIR" && exec "$@"'


# names of the folder for temporary files, in the quotes of bash
NAMES = {
    "quotes": """'a'"'"'b "c" $HOME `id` d'""",
    "a line end": "$'a\\nb'",
    "backslashes": r"""'a\\b'"'"'\'""",
    "what shells use": "'a;touch PWNED;[x]*?{a,b}~#(y)&|<>!%'",
    "bytes that are no text": "$'a\\377b'",
    "a colon": "a:b",
    "braces": "'{folder}{0}{}'",
    "a dash": "./-n",
}


def can_mount() -> bool:
    """Whether this machine lets us mount folders in a namespace."""
    done = subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True)
    return done.returncode == 0


def run_on(program: Program, commands: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run the page after these commands of bash."""
    log = program.folder / "log"
    return subprocess.run(
        ["bash", "-c", commands, "x", *COMMAND, "page.md", *arguments],
        cwd=program.work,
        # Python does not notice that a file of its own did not fit
        env=program.environment({"LOG": str(log), "PYTHONDONTWRITEBYTECODE": "1"}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        start_new_session=True,
    )


def read_log(program: Program) -> list[str]:
    """Return what the statements of the page have written."""
    log = program.folder / "log"
    return log.read_text().split() if log.exists() else []
