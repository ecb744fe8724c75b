"""Finds the program that waits for a key of a terminal.

On Linux, `/proc` has the system call in which each thread waits, and so the descriptors that it waits for.
Elsewhere, and for programs of another user, only their names are known.
"""

from __future__ import annotations

import os
import struct
import sys
from enum import IntEnum
from pathlib import Path

from ..light_classes import NamedTuple
from .process_tree import Process, find_descendants, list_numbers, read_process


class Certainty(IntEnum):
    """How certain it is that a program waits for a key and for nothing else."""

    UNKNOWN = 0  # the system does not show what it waits for
    POSSIBLE = 1  # it waits for a key or for something else, such as the network
    CERTAIN = 2  # only a key ends its wait, or `TerminalReader.seconds`


class TerminalReader(NamedTuple):
    """A program that may wait for a key."""

    pid: int
    name: str
    certainty: Certainty
    seconds: float = 0.0  # after which its present wait ends by itself; 0 if it does not


class Foreground(NamedTuple):
    """The programs that have a terminal: the most certain reader, and their processor time in ticks."""

    reader: TerminalReader | None = None
    ticks: int = 0


class _Wait(NamedTuple):
    """The descriptors that a thread waits for, and how long; 0 seconds mean for ever."""

    files: tuple[int, ...]
    seconds: float = 0.0


_CALLS = {
    "x86_64": {0: "read", 19: "read", 7: "poll", 271: "ppoll", 23: "select", 270: "pselect", 232: "epoll"},
    "aarch64": {63: "read", 65: "read", 73: "ppoll", 72: "pselect", 22: "epoll"},
}
_CALLS["x86_64"] |= {281: "epoll", 441: "epoll2"}
_CALLS["aarch64"] |= {441: "epoll2"}
_CALLS["riscv64"] = _CALLS["aarch64"]

_POLLFD = struct.Struct("ihh")
_READABLE = 0x41  # POLLIN and POLLRDNORM
_MOST_FILES = 1024  # descriptors of one wait that are looked at

_DEV_TTY = os.makedev(5, 0) if sys.platform == "linux" else -1

# These have their terminal read by a server, which is not in the foreground.
_READ_BY_SERVER = frozenset(("tmux: client", "screen", "gpg"))


def find_terminal_reader(leader: int, group: int) -> Foreground:
    """Return what the process group `group` does at the terminal of the session that `leader` leads."""
    if sys.platform != "linux":
        return _find_by_ps(group)
    first = read_process(leader)
    if first is None and not Path("/proc/self").exists():
        return _guess_reader(group)
    if first is None or not first.terminal:
        return Foreground()
    processes = [first, *find_descendants(leader)]
    members: dict[int, Process] = {}
    for process in processes:  # parents before their children
        # `su -c` starts a program in a session of its own, which may read every terminal
        is_apart = process.terminal != first.terminal and process.parent in members
        if process.group == group or is_apart:
            members[process.pid] = process
    ticks = sum(process.ticks for process in members.values())
    if any(process.state in "RD" for process in members.values()):
        return Foreground(None, ticks)
    parents = {process.parent for process in processes}
    best: TerminalReader | None = None
    for process in members.values():
        # the shell's children are jobs, which do not write to a pipe that it waits for
        is_parent = process.pid in parents and process.pid != leader
        reader = _inspect_process(process, first.terminal, is_parent)
        if reader is not None and (best is None or reader.certainty > best.certainty):
            best = reader
    return Foreground(best, ticks)


def _read_program(process: Process) -> str:
    """Return the name of a process's program as it was called, such as `pager` or `python3`."""
    try:
        with Path(f"/proc/{process.pid}/cmdline").open("rb") as file:
            called = file.read(4096).partition(b"\0")[0].decode("utf-8", "replace")
    except OSError:
        called = ""
    name = Path(called).name.lstrip("-")
    return name if name and " " not in name and ":" not in name else process.name


# what a process waits for ----------------------------------------------------------------------------------


def _inspect_process(process: Process, terminal: int, is_parent: bool) -> TerminalReader | None:
    """Return the process as a reader of the terminal, or None if it waits for something else only."""
    pid = process.pid
    try:
        waits = [wait for thread in list_numbers(f"/proc/{pid}/task") if (wait := _read_wait(pid, thread))]
        kinds = {file: _find_kind(pid, file, terminal) for wait in waits for file in wait.files}
    except PermissionError:
        return TerminalReader(pid, _read_program(process), Certainty.UNKNOWN)
    except (OSError, ValueError, struct.error):
        return None  # it has ended, or has begun to do something else meanwhile
    reading = [wait for wait in waits if any(kinds[file] == "terminal" for file in wait.files)]
    if not reading and process.name in _READ_BY_SERVER:
        return TerminalReader(pid, _read_program(process), Certainty.POSSIBLE)
    if not reading:
        return None
    others = set(kinds.values())
    is_certain = "outside" not in others and not (is_parent and "pipe" in others)
    seconds = min((wait.seconds for wait in reading if wait.seconds), default=0.0)
    certainty = Certainty.CERTAIN if is_certain else Certainty.POSSIBLE
    return TerminalReader(pid, _read_program(process), certainty, seconds)


def _read_wait(pid: int, thread: int) -> _Wait | None:
    """Return what a thread waits for.

    Raises PermissionError if that is not shown, ValueError if the thread is running.
    """
    try:
        with Path(f"/proc/{pid}/task/{thread}/syscall").open("rb") as file:
            words = file.read().split()
    except FileNotFoundError:
        raise PermissionError from None
    if words == [b"running"]:
        raise ValueError(thread)
    call = _CALLS.get(os.uname().machine, {}).get(int(words[0]))
    if call is None or len(words) < 7:
        return None
    given = [int(word, 16) for word in words[1:7]]
    if call == "read":
        return _Wait((given[0],))
    if call == "poll":
        milliseconds = given[2] & 0xFFFFFFFF
        seconds = 0.0 if milliseconds >= 1 << 31 else milliseconds / 1000
        return _Wait(_read_polled(pid, given[0], given[1]), seconds)
    if call == "ppoll":
        return _Wait(_read_polled(pid, given[0], given[1]), _read_time(pid, given[2], 1e9))
    if call in ("select", "pselect"):
        unit = 1e6 if call == "select" else 1e9
        return _Wait(_read_selected(pid, given[0], given[1]), _read_time(pid, given[4], unit))
    milliseconds = given[3] & 0xFFFFFFFF
    limit = 0.0 if milliseconds >= 1 << 31 else milliseconds / 1000
    return _Wait(_read_watched(pid, given[0]), _read_time(pid, given[3], 1e9) if call == "epoll2" else limit)


def _read_memory(pid: int, address: int, size: int) -> bytes:
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as file:
        file.seek(address)
        return file.read(size)


def _read_time(pid: int, address: int, unit: float) -> float:
    if not address:
        return 0.0
    seconds, parts = struct.unpack("qq", _read_memory(pid, address, 16))
    return max(float(seconds + parts / unit), 0.001)  # not 0, which means for ever


def _read_polled(pid: int, address: int, count: int) -> tuple[int, ...]:
    data = _read_memory(pid, address, _POLLFD.size * min(count, _MOST_FILES))
    return tuple(file for file, events, _ in _POLLFD.iter_unpack(data) if file >= 0 and events & _READABLE)


def _read_selected(pid: int, count: int, address: int) -> tuple[int, ...]:
    if not address:
        return ()
    bits = int.from_bytes(_read_memory(pid, address, (min(count, _MOST_FILES) + 63) // 64 * 8), "little")
    return tuple(file for file in range(min(count, _MOST_FILES)) if bits >> file & 1)


def _read_watched(pid: int, queue: int) -> tuple[int, ...]:
    with Path(f"/proc/{pid}/fdinfo/{queue}").open("rb") as file:
        lines = [line.split() for line in file]
    return tuple(
        int(words[1]) for words in lines if words and words[0] == b"tfd:" and int(words[3], 16) & _READABLE
    )


def _find_kind(pid: int, file: int, terminal: int) -> str:
    """Return whether a descriptor is the terminal, a pipe, the process's own, or from outside."""
    path = Path(f"/proc/{pid}/fd/{file}")
    target = os.fspath(path.readlink())
    if target.startswith(("socket:", "anon_inode:[pidfd]", "/dev/ptmx", "/dev/pts/ptmx")):
        return "outside"
    if target.startswith("anon_inode:"):
        return "own"
    if target.startswith("pipe:"):
        return "pipe"
    device = path.stat().st_rdev
    # as the kernel encodes it in /proc/PID/stat
    number = (os.minor(device) & 0xFF) | (os.major(device) << 8) | ((os.minor(device) & ~0xFF) << 12)
    return "terminal" if device and (number == terminal or device == _DEV_TTY) else "own"


# other systems ---------------------------------------------------------------------------------------------


def _find_by_ps(group: int) -> Foreground:
    """Return the last program of a process group, without knowing what it waits for."""
    command = ["ps", "-ax", "-o", "pid=,pgid=,stat=,time=,comm="]
    import subprocess  # large, and most runs do not need it

    try:
        listed = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False).stdout
    except (OSError, subprocess.SubprocessError):
        return _guess_reader(group)
    rows = [row for line in listed.splitlines() if len(row := line.split(None, 4)) == 5]
    members = [row for row in rows if row[1] == str(group)]
    if not members or any(row[2].startswith(("R", "D", "U")) for row in members):
        return Foreground()
    pid, _, _, _, command_name = members[-1]
    ticks = sum(_parse_ticks(row[3]) for row in members)
    name = Path(command_name).name.lstrip("-")
    return Foreground(TerminalReader(int(pid), name, Certainty.UNKNOWN), ticks)


def _guess_reader(group: int) -> Foreground:
    """Return a reader of whose processes the system shows nothing: only its output can tell that it waits."""
    return Foreground(TerminalReader(group, "a program", Certainty.UNKNOWN))


def _parse_ticks(time: str) -> int:
    """Return the processor time that `ps` prints, `MM:SS.cc`, in hundredths of a second."""
    total = 0.0
    for part in time.replace("-", ":").split(":"):
        total = total * 60 + float(part)
    return round(total * 100)
