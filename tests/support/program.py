"""The program as a user runs it: as a process, with an empty home, without a terminal."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runbook_exec.engine.events import Event
from runbook_exec.journal.journal import read_journal
from tests.support.paths import REPOSITORY

COMMAND = (sys.executable, "-P", "-m", "runbook_exec")
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TZ")


@dataclass(frozen=True, slots=True)
class ProgramResult:
    """The exit status of the program and its output."""

    status: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        """Return all of its output."""
        return self.stdout + self.stderr


@dataclass(frozen=True, slots=True)
class Program:
    """The program in a folder: `home/` with the XDG folders, and `work/` where it starts."""

    folder: Path

    @property
    def work(self) -> Path:
        """Return the working directory."""
        return self.folder / "work"

    @property
    def runs(self) -> Path:
        """Return the folder of journals."""
        return self.folder / "home" / "state" / "runbook-exec" / "runs"

    def environment(self, more: Mapping[str, str | None] | None = None) -> dict[str, str]:
        """Return the program's environment: few of our variables, and `more`; None removes one."""
        home = self.folder / "home"
        mine = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        mine |= {"HOME": str(home), "TERM": "dumb", "PYTHONPATH": str(REPOSITORY)}
        mine["RUNBOOK_EXEC_TRUSTED"] = str(self.folder)
        for name in ("config", "data", "state", "cache"):
            mine[f"XDG_{name.upper()}_HOME"] = str(home / name)
        for name, value in (more or {}).items():
            mine.pop(name, None)
            if value is not None:
                mine[name] = value
        return mine

    def write(self, name: str, text: str) -> Path:
        """Write a file in the working directory, with its line ends unchanged."""
        path = self.work / name
        path.write_bytes(text.encode())
        return path

    def run(
        self, *arguments: str, env: Mapping[str, str | None] | None = None, given: str = ""
    ) -> ProgramResult:
        """Run the program to its end; `given` comes through a pipe."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.work,
            env=self.environment(env),
            input=given.encode(),
            capture_output=True,
            timeout=60,
            start_new_session=True,
        )
        return ProgramResult(
            done.returncode,
            done.stdout.decode("utf-8", "surrogateescape"),
            done.stderr.decode("utf-8", "surrogateescape"),
        )

    def start(self, *arguments: str, env: Mapping[str, str | None] | None = None) -> subprocess.Popen[bytes]:
        """Start the program without waiting; its output is dropped."""
        return subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.work,
            env=self.environment(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def run_page(
        self, text: str, *arguments: str, env: Mapping[str, str | None] | None = None
    ) -> ProgramResult:
        """Run a page of this text."""
        self.write("page.md", text)
        return self.run("page.md", *arguments, env=env)

    def journal_path(self) -> Path:
        """Return the journal of the only run."""
        (path,) = self.runs.glob("*.jsonl")
        return path

    def read_events(self) -> list[Event]:
        """Return the events in that journal."""
        return list(read_journal(self.journal_path()))

    def read_all_files(self) -> bytes:
        """Return the content of all files in the folder."""
        return b"\n".join(path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file())


def prepare_program(folder: Path) -> Program:
    """Return the program in a new folder that is prepared for the shells."""
    # without generated completions, fish reads every manual page of the machine to make some
    (folder / "home" / "data" / "fish" / "generated_completions").mkdir(parents=True)
    (folder / "work").mkdir()
    return Program(folder)


def fish_page(*scripts: str, title: str = "Steps", above: str = "") -> str:
    """Return a page with one step that has these scripts as blocks."""
    blocks = (f"{above}\n```fish\n{script}\n```\n" for script in scripts)
    return f"# Page\n\n## {title}\n\n" + "\n".join(blocks)


def normalize_output(text: str, program: Program) -> str:
    """Return output without times, ids, folders and the version."""
    text = text.replace(str(program.work), "WORK").replace(str(program.folder / "home"), "HOME")
    text = re.sub(r"\d{4}-\d\d-\d\dT\d{6}-[0-9a-f]{8}\.jsonl", "TIME-RUN.jsonl", text)
    text = re.sub(r"(  answer   runbook-exec resume )[0-9a-f]{8} ", r"\1RUN ", text)
    text = re.sub(r"(runbook-exec (?:resume|runs report)) [0-9a-f]{8}$", r"\1 RUN", text, flags=re.MULTILINE)
    text = re.sub(r"^runbook-exec \d+\.\d+\.\d+$", "runbook-exec VERSION", text, flags=re.MULTILINE)
    return re.sub(r"\b\d+\.\d s\b", "0.0 s", text)


def write_program(program: Program, name: str, text: str) -> dict[str, str]:
    """Write a program into a folder, and return an environment that has it in `PATH`."""
    folder = program.folder / "bin"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)
    return {"PATH": f"{folder}:{program.environment()['PATH']}"}
