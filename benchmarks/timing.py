"""Whole processes, timed from outside, in turn."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

_SAID = 2000  # characters of a failed process's errors that are told


@dataclass(frozen=True, slots=True)
class Command:
    """A process to be timed; `proof` is a file that it writes if it has done all of its work."""

    name: str
    argv: tuple[str, ...]
    environ: Mapping[str, str]
    cwd: Path
    proof: Path | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One process, from its start to its end."""

    seconds: float
    peak: int  # bytes of memory at most, of the process itself or of a process that it waited for
    processor: float = 0.0  # seconds of processor time, its own and that of the processes that it waited for


@dataclass(frozen=True, slots=True)
class Measured:
    """The runs of several commands by the name of each; the runs at one index were made in one turn."""

    runs: Mapping[str, Sequence[Run]] = field(default_factory=dict)

    def seconds(self, name: str) -> float:
        """The median time of a command."""
        return median(run.seconds for run in self.runs[name])

    def processor(self, name: str) -> float:
        """The median processor time of a command."""
        return median(run.processor for run in self.runs[name])

    def processor_ratio(self, name: str, other: str) -> float:
        """The median, over all turns, of one command's processor time over the other's in the same turn."""
        pairs = zip(self.runs[name], self.runs[other], strict=True)
        return median(mine.processor / theirs.processor for mine, theirs in pairs)

    def median_peak(self, name: str) -> float:
        """The median of the most memory that a command took in each of its runs, in bytes."""
        return median(run.peak for run in self.runs[name])

    def peak(self, name: str) -> int:
        """The most memory that a command took in any of its runs, in bytes."""
        return max(run.peak for run in self.runs[name])

    def difference(self, name: str, other: str) -> float:
        """The median, over all turns, of one command's time less the other's in the same turn."""
        pairs = zip(self.runs[name], self.runs[other], strict=True)
        return median(mine.seconds - theirs.seconds for mine, theirs in pairs)

    def ratio(self, name: str, other: str) -> float:
        """The median, over all turns, of one command's time over the other's in the same turn."""
        pairs = zip(self.runs[name], self.runs[other], strict=True)
        return median(mine.seconds / theirs.seconds for mine, theirs in pairs)


class Failed(Exception):
    """A command did not do its work, so its time means nothing; the message holds what it said."""


def once(command: Command) -> Run:
    """Run a command to its end with nothing to read and nobody reading; raises Failed if it fails."""
    if command.proof is not None:
        command.proof.unlink(missing_ok=True)
    with tempfile.TemporaryFile() as said:
        started = time.perf_counter()
        process = subprocess.Popen(
            command.argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            env=dict(command.environ),
            cwd=command.cwd,
        )
        # Popen.wait tells no memory. What wait4 tells is never less than the memory of this process, which
        # the child shares until it becomes another program: so this process must stay small.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode or (command.proof is not None and not command.proof.exists()):
            said.seek(0)
            words = said.read().decode("utf-8", "replace")[-_SAID:].strip()
            why = f"status {process.returncode}" if process.returncode else "not all of its statements ran"
            raise Failed(f"{command.name} ({' '.join(command.argv)}): {why}\n{words}")
    return Run(seconds, usage.ru_maxrss * 1024, usage.ru_utime + usage.ru_stime)


def in_turn(
    commands: Sequence[Command], turns: int, warm: bool, tell: Callable[[str], None] = lambda text: None
) -> Measured:
    """Run all commands so many times in turn: A B C A B C …; `warm` runs each once more beforehand, untimed.

    `tell` is told what is about to run. Raises Failed as soon as one of them fails.
    """
    for command in commands if warm else ():
        tell(f"{command.name}, untimed")
        once(command)
    runs: dict[str, list[Run]] = {command.name: [] for command in commands}
    for turn in range(1, turns + 1):
        for command in commands:
            tell(f"{command.name}, turn {turn} of {turns}")
            runs[command.name].append(once(command))
    return Measured(runs)
