"""Runs this program for an agent: a command to its end, or a run in a process of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..light_classes import NamedTuple
from ..runner.trust import TRUSTED_FOLDERS
from .tool_error import ToolError

_COMMAND = (sys.executable, "-P", "-m", "runbook_exec")

_PATIENCE = 120.0  # seconds for a command that only reads

# a folder that is trusted as a whole may be one that the agent writes to; the other would hold every command
_NOT_PASSED = (TRUSTED_FOLDERS, "RUNBOOK_EXEC_HOLD")


class CommandOutput(NamedTuple):
    """What a command has printed, and its exit status."""

    status: int
    text: str
    errors: str


def run_command(words: Sequence[str]) -> CommandOutput:
    """Run a command of this program to its end; raises ToolError if it takes too long."""
    try:
        done = subprocess.run(
            [*_COMMAND, *words],
            env=_make_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ToolError(f"this took longer than {_PATIENCE:.0f} seconds and was ended") from None
    return CommandOutput(done.returncode, _decode(done.stdout), _decode(done.stderr))


class RunProcess:
    """A process that starts a run. The end of this program does not reach it."""

    def __init__(self, words: Sequence[str]) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        self._process = subprocess.Popen(
            [*_COMMAND, *words],
            env=_make_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a pipe would end the statement with its reader
            stderr=self._errors,
            start_new_session=True,
        )

    def find_status(self) -> int | None:
        """Return the exit status if the process has ended."""
        return self._process.poll()

    def read_errors(self) -> str:
        """Return what the process has printed as errors."""
        return _decode(os.pread(self._errors.fileno(), 1 << 16, 0))


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _make_environment() -> dict[str, str]:
    """Return the environment of a command.

    Some clients start this program with few variables, and without a private folder no secret can be kept.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _NOT_PASSED}
    environment["NO_COLOR"] = "1"
    private = Path(f"/run/user/{os.getuid()}")
    with contextlib.suppress(OSError):
        if "XDG_RUNTIME_DIR" not in environment and private.stat().st_uid == os.getuid():
            environment["XDG_RUNTIME_DIR"] = str(private)
    return environment
