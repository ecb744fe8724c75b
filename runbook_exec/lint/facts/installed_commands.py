"""Answers questions about the commands of this machine.

It finds which commands exist, which tasks mise has, and which words completions offer. The names come from
pages, so they are passed only as data: no shell reads any of them as a program.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from ...shells.registry import SHELLS, find_command
from ...text.lazy_pattern import LazyPattern
from ..rule import LintContext

_WAIT = 20  # seconds for one answer: completions may ask a server

# prints a line before each answer with which no completion begins
_COMPLETE = 'for line in $argv; builtin printf "\\n\\1\\n"; builtin complete -C "$line"; end'

# Completions that come with fish, or that fish makes of manual pages, are seldom complete.
_WITH_PROGRAMS = """
for name in $argv
    for folder in $fish_complete_path
        builtin test -e "$folder/$name.fish"; or continue
        builtin contains -- $folder "$__fish_data_dir/completions"; and break
        builtin string match -q -- "*/generated_completions" $folder; and break
        builtin echo "$folder/$name.fish"
        break
    end
end
"""

_NAME = LazyPattern(r"[A-Za-z_][\w.+-]*")


class InstalledCommands:
    """Answers about this machine, each found once."""

    def __init__(self) -> None:
        self._there: dict[tuple[str, str], bool] = {}
        self._tasks: dict[Path, frozenset[str] | None] = {}
        self._completions: dict[str, str] = {}
        self._offered: dict[str, Mapping[str, str]] = {}

    def find_unknown(self, shell: str, names: Iterable[str]) -> frozenset[str]:
        """Return the names that are no command in this shell; none if the shell is not installed."""
        wanted = frozenset(name for name in names if _NAME.fullmatch(name))
        fresh = sorted(name for name in wanted if (shell, name) not in self._there)
        if fresh:
            command = find_command(shell)
            output = _output([*command, *SHELLS[shell].list_unknown, *fresh]) if command else None
            missing = frozenset(output.split("\n")) if output is not None else frozenset()
            self._there |= {(shell, name): name not in missing for name in fresh}
        return frozenset(name for name in wanted if not self._there[shell, name])

    def find_tasks(self, folder: Path) -> frozenset[str] | None:
        """Return the names of mise's tasks in a folder; None if mise is not installed or fails."""
        if folder not in self._tasks:
            output = _output(["mise", "tasks", "ls", "--json", "--hidden"], folder)
            self._tasks[folder] = None if output is None else _task_names(output)
        return self._tasks[folder]

    def find_completions(self, names: Iterable[str]) -> Mapping[str, str]:
        """Return the text of the fish completions that came with programs, by command."""
        wanted = frozenset(name for name in names if _NAME.fullmatch(name))
        fresh = sorted(wanted - self._completions.keys())
        if fresh:
            self._completions |= dict.fromkeys(fresh, "")
            output = _output(["fish", "-c", _WITH_PROGRAMS, *fresh]) or ""
            for line in filter(None, output.split("\n")):
                path = Path(line)
                with suppress(OSError):
                    self._completions[path.stem] = path.read_text(encoding="utf-8", errors="replace")
        return {name: self._completions[name] for name in wanted if self._completions[name]}

    def complete_lines(self, lines: Iterable[str]) -> Mapping[str, Mapping[str, str]]:
        """Return the words that fish offers after each command line, with their descriptions."""
        wanted = dict.fromkeys(lines)
        fresh = [line for line in wanted if line not in self._offered]
        if fresh:
            output = (_output(["fish", "-c", _COMPLETE, *fresh]) or "").split("\n\1\n")[1:]
            for line, answer in zip(fresh, [*output, *[""] * len(fresh)], strict=False):
                words = (each.partition("\t") for each in answer.split("\n") if each)
                self._offered[line] = {word: about for word, _, about in words}
        return {line: self._offered[line] for line in wanted}


@lru_cache(maxsize=1)
def get_installed_commands(context: LintContext) -> InstalledCommands:
    """Return the answers about this machine in this run of the linter."""
    return InstalledCommands()


def _task_names(output: str) -> frozenset[str] | None:
    try:
        tasks = json.loads(output)
        names: set[str] = set()
        for task in tasks:
            aliases = task.get("aliases") or []
            names |= {task["name"], *([aliases] if isinstance(aliases, str) else aliases)}
        return frozenset(names)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _output(command: Sequence[str], folder: Path | None = None) -> str | None:
    """Return the output of a program; None if it is not installed, fails, or takes too long."""
    try:
        process = subprocess.Popen(
            command,
            cwd=folder or os.path.sep,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return None
    with process:
        try:
            output, _ = process.communicate(timeout=_WAIT)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            return None
    return output.decode("utf-8", "replace") if process.returncode in (0, 1) else None
