"""A stand-in for `mise`: it runs the executables of `mise-tasks/`, as the real one would."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

VERSION = "2026.9.15 linux-x64 (2026-09-27)"
HINT = "mise ERROR Run with --verbose or MISE_VERBOSE=1 for more information"
USAGE = """This is a practice world's stand-in for mise.

Usage: mise <COMMAND>

Commands:
  run      Run task(s) [aliases: r]
  tasks    Manage tasks [aliases: t, task]
  version  Display the version of mise
"""


def _tasks() -> dict[str, str]:
    """The tasks by name: the executables of the nearest `mise-tasks` at or above the working directory."""
    here = Path.cwd()
    for folder in (each / "mise-tasks" for each in (here, *here.parents)):
        if folder.is_dir():
            return {path.name: str(path) for path in sorted(folder.iterdir()) if os.access(path, os.X_OK)}
    return {}


def _description(path: str) -> str:
    for line in Path(path).read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("#MISE description="):
            return line.partition("=")[2].strip().strip('"')
    return ""


def _fail(message: str, status: int = 1) -> int:
    print(message, file=sys.stderr)
    return status


def _run(words: list[str]) -> int:
    quiet = False
    while words and words[0] in ("-q", "--quiet", "-S", "--silent"):
        quiet, words = True, words[1:]
    if not words:
        return _fail(f"mise ERROR no tasks to run: expected `mise run TASK`\n{HINT}")
    name, arguments = words[0], words[1:]
    if arguments[:1] == ["--"]:
        arguments = arguments[1:]
    tasks = _tasks()
    if name not in tasks:
        near = [each for each in tasks if each.startswith(name[:3])]
        alike = ", but there is at least one similarly named task:\n" + "".join(
            f"* {each}\n" for each in near
        )
        return _fail(f"mise ERROR no task {name} found{alike if near else chr(10)}{HINT}")
    if not quiet:
        print(f"[{name}] $ {' '.join([tasks[name], *arguments])}", file=sys.stderr, flush=True)
    return _become([tasks[name], *arguments])


def _become(command: list[str]) -> NoReturn:
    """Take this process's place: the terminal, ^C and the exit status are then the task's own."""
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


def _list() -> int:
    tasks = _tasks()
    width = max(map(len, tasks), default=0)
    for name, path in tasks.items():
        print(f"{name:<{width}}  {_description(path)}".rstrip())
    return 0


def main(folder: str, words: list[str]) -> int:
    """Run `mise` with these words, and return its exit status; the world at `folder` plays no part."""
    first, rest = (words[0], words[1:]) if words else ("", [])
    if first in ("run", "r"):
        return _run(rest)
    if first in ("tasks", "task", "t"):
        if rest[:1] in (["run"], ["r"]):
            return _run(rest[1:])
        return _list() if rest in ([], ["ls"]) else _fail(f"error: unexpected argument '{rest[0]}' found", 2)
    if first in ("version", "--version", "-V", "v"):
        print(VERSION)
        return 0
    if first in ("", "help", "--help", "-h"):
        print(USAGE, end="")
        return 0 if first else 2
    if first in _tasks():
        return _run(words)
    return _fail(f"error: unrecognized subcommand '{first}'\n\n{USAGE}", 2)
