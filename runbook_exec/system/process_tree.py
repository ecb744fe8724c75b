"""Finds the processes that a process has started."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from ..light_classes import NamedTuple


class Member(NamedTuple):
    """A process in a process group."""

    is_copy: bool  # of its parent: a shell makes a copy of itself, which then becomes a program
    is_first: bool  # whether its parent is in another group, as the shell is


class Process(NamedTuple):
    """A process as the system shows it."""

    pid: int
    name: str
    state: str
    parent: int
    group: int
    terminal: int  # the device number of its controlling terminal
    ticks: int
    stack: int  # where its stack begins: changes when it becomes another program; 0 or 1 if that is not shown


def find_program(pid: int) -> str:
    """Return the name of the program that a process runs; "" if it is gone."""
    if sys.platform == "linux":
        process = read_process(pid)
        return process.name if process else ""
    import subprocess  # large, and most runs do not need it

    try:
        command = ["ps", "-o", "comm=", "-p", str(pid)]
        name = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
    return Path(name).name.lstrip("-")


def can_list_programs() -> bool:
    """Return whether the system shows which programs are in a process group."""
    return sys.platform == "linux" and Path("/proc/self/stat").exists()


def list_programs(leader: int, group: int) -> list[int]:
    """Return the processes that `leader` has started, directly or not, and that are in a process group."""
    return [process.pid for process in find_descendants(leader) if process.group == group]


def find_members(leader: int, group: int) -> dict[int, Member]:
    """Return the processes in a process group by their numbers.

    `leader` has started them, directly or not. The result is empty where the system does not show them.
    """
    first = read_process(leader) if can_list_programs() else None
    known = {leader: first} if first else {}
    found = {}
    for process in find_descendants(leader) if first else ():
        known[process.pid] = process
        if process.group == group:
            parent = known.get(process.parent)
            is_copy = process.stack > 1 and parent is not None and process.stack == parent.stack
            found[process.pid] = Member(is_copy, parent is not None and parent.group != group)
    return found


def read_process(pid: int) -> Process | None:
    """Return a process by its number, or None if it is gone; only on Linux."""
    try:
        with Path(f"/proc/{pid}/stat").open("rb") as file:
            head, _, rest = file.read().rpartition(b")")
    except OSError:
        return None
    fields = rest.split()
    name = head.partition(b"(")[2].decode("utf-8", "replace")
    ticks = int(fields[11]) + int(fields[12])
    numbers = int(fields[1]), int(fields[2]), int(fields[4]) & 0xFFFFFFFF, ticks, int(fields[25])
    return Process(pid, name, fields[0].decode(), *numbers)


def find_descendants(leader: int) -> Iterator[Process]:
    """Yield the processes that a process has started, directly or not, parents before their children."""
    left = [leader]
    while left:
        pid = left.pop()
        for child in _list_children(pid):
            if process := read_process(child):
                left.append(child)
                yield process


def _list_children(pid: int) -> list[int]:
    found: list[int] = []
    for thread in list_numbers(f"/proc/{pid}/task"):
        try:
            with Path(f"/proc/{pid}/task/{thread}/children").open("rb") as file:
                found += map(int, file.read().split())
        except FileNotFoundError:
            if Path(f"/proc/{pid}/task/{thread}").exists():  # a kernel that does not list children
                return [p.pid for p in map(read_process, list_numbers("/proc")) if p and p.parent == pid]
        except OSError:
            continue
    return found


def list_numbers(folder: str) -> list[int]:
    """Return the names in a folder that are numbers; none if it is gone."""
    try:
        return [int(path.name) for path in Path(folder).iterdir() if path.name.isdigit()]
    except OSError:
        return []
