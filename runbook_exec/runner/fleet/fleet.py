"""Runs a page on the hosts of a fleet: some at once, and none more after too many have failed."""

from __future__ import annotations

import json
import os
import select
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from ...engine.events import FINISHED
from ...errors import Refused
from ...journal.index import find_journal_of, read_summary
from ...journal.user_key import read_user_key
from ...light_classes import NamedTuple, replace
from ...plan.model import Plan
from ...system.signals import allow_interrupts, defer_interrupts
from ..options import RunOptions
from ..resume import read_unfinished
from ..run import run_plan
from .fleet_journal import FleetJournal
from .host_process import HostProcess
from .targets import Target

_TICK = 0.5  # seconds between updates of the screen

_EXIT = {"succeeded": 0, "partial": 1, "failed": 1, "refused": 2, "waiting": 3, "stopped": 130}


class Limits(NamedTuple):
    """How many hosts run at once, after how many failures no more begin, and how many run alone first."""

    at_once: int = 20
    stop_after: int = 3
    first: int = 1


class HostResult(NamedTuple):
    """How a host ended."""

    name: str
    outcome: str  # of its run, or `not begun`
    reason: str
    marks: tuple[str, ...]  # of the steps
    seconds: float


class HostPlan(NamedTuple):
    """What runs on a host, with the host's own values."""

    plan: Plan
    options: RunOptions


class FleetScreen(Protocol):
    """Shows a fleet while it runs."""

    def update(self, running: Sequence[HostProcess], left: int, ended: Mapping[str, int]) -> None:
        """Show the running hosts, how many are left, and how many have ended with each outcome."""

    def show_end(self, result: HostResult) -> None:
        """Show how one host has ended."""

    def show_note(self, text: str) -> None:
        """Show a message."""


class Fleet:
    """The hosts of a fleet: those left, those that run, and how each has ended."""

    def __init__(
        self,
        fleet: str,
        plans: Mapping[str, HostPlan],
        runs: Path,
        journal: FleetJournal,
        screen: FleetScreen,
        print_line: Callable[[bytes], None] | None,
        list_marks: Callable[[HostProcess], tuple[str, ...]],
    ) -> None:
        """Take the plan of each host by its name; `runs` is the folder of journals.

        `print_line` is called with each event as a line of JSON, with its host; None if nobody wants them.
        """
        self._fleet = fleet
        self._plans = plans
        self._runs = runs
        self._journal = journal
        self._screen = screen
        self._print_line = print_line
        self._list_marks = list_marks
        self._running: dict[int, HostProcess] = {}  # by the descriptor of its output
        self._results: dict[str, HostResult] = {}
        self._stop = ""  # why no more hosts are begun
        self._is_interrupted = False

    def run(self, targets: Sequence[Target], limits: Limits) -> tuple[HostResult, ...]:
        """Run the page on these hosts; returns how each has ended."""
        left = list(targets)
        canaries = left[: limits.first]
        with defer_interrupts():
            self._run_some(canaries, limits.at_once, 0)
            if not self._stop:
                self._run_some(left[limits.first :], limits.at_once, limits.stop_after)
        for target in targets:
            if target.name not in self._results:
                self._results[target.name] = HostResult(target.name, "not begun", self._stop, (), 0.0)
        return tuple(self._results[target.name] for target in targets)

    @property
    def is_interrupted(self) -> bool:
        """Return whether the operator has ended the fleet."""
        return self._is_interrupted

    def _run_some(self, targets: Sequence[Target], at_once: int, stop_after: int) -> None:
        left = list(targets)
        while left or self._running:
            while left and not self._stop and len(self._running) < at_once:
                self._begin(left.pop(0))
            if self._stop:
                left.clear()
            with suppress(KeyboardInterrupt):
                self._wait()
                continue_until = time.monotonic() + _TICK
                while self._running and time.monotonic() < continue_until and self._wait():
                    pass
            failed = sum(result.outcome != "succeeded" for result in self._results.values())
            if failed > stop_after and not self._stop:
                self._stop = f"not begun after {failed} host{'s' * (failed != 1)} did not succeed"
            ended: dict[str, int] = {}
            for result in self._results.values():
                ended[result.outcome] = ended.get(result.outcome, 0) + 1
            self._screen.update(list(self._running.values()), len(left), ended)

    def _begin(self, target: Target) -> None:
        """Begin or resume the run of a host, unless it has succeeded before."""
        run = target.make_run_id(self._fleet)
        path = find_journal_of(self._runs, run)
        summary = read_summary(path) if path else None
        if summary is not None and summary.outcome in FINISHED:
            self._note_end(HostResult(target.name, summary.outcome, "", (), summary.seconds))
            return
        self._emit("host_began", host=target.name, run=run)
        process = HostProcess(target, lambda: _run_host(*self._plans[target.name], target, run, path))
        self._running[process.output] = process

    def _wait(self) -> bool:
        """Handle what comes from the hosts in a moment; returns whether something came."""
        poll = select.poll()
        errors = {process.errors: process for process in self._running.values()}
        for fd in (*self._running, *errors):
            poll.register(fd, select.POLLIN)
        try:
            with allow_interrupts():
                ready = dict(poll.poll(_TICK * 1000))
        except KeyboardInterrupt:
            self._interrupt()
            return True
        for fd in ready:
            process = self._running.get(fd)
            if process is not None:
                for line in process.read_lines():
                    if self._print_line:
                        self._print_line(_add_host(line, process.target.name))
                if not process.is_open:
                    del self._running[fd]
                    self._note_process_end(process)
            elif fd in errors and errors[fd].is_open:
                errors[fd].read_errors()
        return bool(ready)

    def _interrupt(self) -> None:
        self._is_interrupted = True
        self._stop = self._stop or "the fleet was interrupted"
        self._screen.show_note("no more hosts are begun; what runs is being ended")
        for process in self._running.values():
            process.end()

    def _note_process_end(self, process: HostProcess) -> None:
        marks = self._list_marks(process)
        self._note_end(
            HostResult(process.target.name, process.outcome, process.reason, marks, process.seconds)
        )

    def _note_end(self, result: HostResult) -> None:
        self._results[result.name] = result
        self._emit(
            "host_ended",
            host=result.name,
            outcome=result.outcome,
            reason=result.reason,
            seconds=round(result.seconds, 3),
        )
        self._screen.show_end(result)

    def _emit(self, event: str, **fields: object) -> None:
        line = self._journal.append(event, make_time(), **fields)
        if self._print_line:
            self._print_line(line.encode())


def _run_host(plan: Plan, options: RunOptions, target: Target, run: str, path: Path | None) -> int:
    """Run the page on a host, or resume its run; returns the exit status."""
    there = replace(plan, on=target.destination)
    options = replace(options, on=target.destination)
    if path is None:
        return _EXIT[run_plan(there, replace(options, identity=run, on_failure="stop"))]
    for summary in _watch_run(path):
        if summary in FINISHED:
            return 0
    past = read_unfinished(path, read_user_key(path.parent))
    if past.record.digest != plan.runbook.digest:
        raise Refused(f"{plan.runbook.path} has changed since run {run}; begin a new fleet")
    return _EXIT[run_plan(there, options, past=past)]


def _watch_run(path: Path) -> Iterator[str]:
    """Wait until no process has the run; yield its outcome then."""
    while (summary := read_summary(path)) is not None and summary.running:
        time.sleep(_TICK)
    if summary is not None:
        yield summary.outcome


def _add_host(line: bytes, name: str) -> bytes:
    """Return the line of an event with the name of its host."""
    try:
        return json.dumps({**json.loads(line), "host": name}, separators=(",", ":")).encode()
    except ValueError:
        return line


def make_time() -> str:
    """Return the time, RFC 3339."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def make_fleet_folder(runs: Path) -> Path:
    """Return the folder of the journals of fleets, beside that of runs."""
    return runs.parent / "fleets"


def make_fleet_id() -> str:
    """Return a new id."""
    return os.urandom(4).hex()
