"""Shows a fleet: a line for each host that runs, and at the end a table of hosts and steps."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from itertools import groupby

from ..light_classes import NamedTuple
from ..text.ansi import escape_unprintable
from ..text.display import clip, count_columns, pad, wrap
from ..text.durations import format_duration
from .writer import TerminalWriter

_REPAINT = 0.4  # seconds between two paintings

_NAMES = 3  # hosts of a group that are named

_COLOURS = {"succeeded": "green", "failed": "red", "refused": "red", "partial": "red", "waiting": "yellow"}

_MARK_COLOURS = {"✓": "green", "✗": "red"}


class RunningHost(NamedTuple):
    """A host that runs: its name, where it is in the page, and for how long it has been running."""

    name: str
    step: int  # 0 before the first statement
    title: str
    seconds: float


class HostRow(NamedTuple):
    """How a host ended: its name, the marks of the steps, the outcome, the reason, and the time."""

    name: str
    marks: tuple[str, ...]
    outcome: str
    reason: str
    seconds: float


class FleetView:
    """Writes the progress of a fleet and its result."""

    def __init__(self, writer: TerminalWriter, steps: int, hosts: int) -> None:
        self._writer = writer
        self._steps = steps
        self._hosts = hosts
        self._painted = 0  # lines that the next painting replaces
        self._next = 0.0

    def show_progress(self, running: Sequence[RunningHost], left: int, ended: Mapping[str, int]) -> None:
        """Paint a line for each host that runs, as many as the terminal has room for."""
        if not self._writer.tty or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _REPAINT
        self._clear()
        width = max((count_columns(host.name) for host in running), default=0)
        room = max(3, self._writer.rows - 4)
        lines = [self._describe(host, min(width, 30)) for host in running[:room]]
        if len(running) > room:
            lines.append(f"  … {len(running) - room} more")
        known = [f"{count} {outcome}" for outcome, count in ended.items()]
        lines.append(f"  {', '.join([*known, f'{len(running)} running', f'{left} left'])}")
        for line in lines:
            self._writer.write_line(clip(line, self._writer.full_width - 1))
        self._painted = len(lines)

    def _describe(self, host: RunningHost, width: int) -> str:
        place = f"{host.step}/{self._steps}  {host.title}" if host.step else "connecting"
        took = format_duration(int(host.seconds)) if host.seconds >= 1 else ""
        return f"  {pad(clip(escape_unprintable(host.name), width), width)}  {place}  {took}".rstrip()

    def _clear(self) -> None:
        if self._painted:
            self._writer.stream.write(b"\x1b[%dA\x1b[J" % self._painted)
            self._painted = 0

    def show_end(self, row: HostRow) -> None:
        """Write how one host has ended, where no line is painted again, and always if it failed."""
        if self._writer.tty and row.outcome == "succeeded":
            return
        self._clear()
        took = f", {format_duration(row.seconds)}" if row.seconds else ""
        outcome = self._writer.paint(row.outcome, _COLOURS.get(row.outcome, "dim"))
        self._writer.write_line(f"  {escape_unprintable(row.name)}: {outcome}{took}")
        if row.reason and row.outcome != "succeeded":
            self._writer.write_wrapped(row.reason, "dim", indent=4)

    def show_note(self, text: str) -> None:
        """Write a message."""
        self._clear()
        self._writer.write_wrapped(text, "yellow")

    def show_result(self, rows: Sequence[HostRow], fleet: str, journal: str) -> None:
        """Write the table of hosts and steps, with hosts that ended in the same way in one line.

        `journal` is the path of the fleet's journal; "" for a fleet that has none here.
        """
        self._clear()
        self._writer.write_line()
        groups: dict[tuple[str, tuple[str, ...], str], list[HostRow]] = {}
        for row in rows:
            groups.setdefault((row.outcome, row.marks, row.reason), []).append(row)
        names = {key: _name_hosts([row.name for row in group]) for key, group in groups.items()}
        width = min(max(map(count_columns, names.values()), default=0), 40)
        ordered = sorted(groups, key=lambda key: (key[0] != "succeeded", -len(groups[key])))
        for key in ordered:
            outcome, marks, reason = key
            painted = " ".join(
                self._writer.paint(mark, _MARK_COLOURS.get(mark, "dim"))
                for mark in marks or ["–"] * self._steps
            )
            shown = self._writer.paint(outcome, _COLOURS.get(outcome, "dim"))
            self._writer.write_line(f"  {pad(clip(names[key], width), width)}  {painted}  {shown}")
            if reason and outcome != "succeeded":
                for line in wrap(escape_unprintable(reason), self._writer.width - 8):
                    self._writer.write_line(f"      {self._writer.paint(line, 'dim')}")
        self._writer.write_line()
        counts = [
            f"{len(list(group))} {outcome}"
            for outcome, group in groupby(sorted(rows, key=lambda row: row.outcome), lambda row: row.outcome)
        ]
        self._writer.write_line(f"  {', '.join(counts)}")
        self._writer.write_line()
        self._writer.write_line(f"  fleet    {fleet}")
        if journal:
            self._writer.write_line(f"  journal  {journal}")
        if journal and any(row.outcome != "succeeded" for row in rows):
            self._writer.write_line(f"  `runbook-exec fleet --resume {fleet}` continues with the hosts left")
        self._writer.write_line()


def _name_hosts(names: Sequence[str]) -> str:
    shown = ", ".join(map(escape_unprintable, names[:_NAMES]))
    return f"{shown} and {len(names) - _NAMES} more" if len(names) > _NAMES else shown
