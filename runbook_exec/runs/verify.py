"""`runbook-exec runs verify`: whether journals are as they were written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..engine.events import RunEnded
from ..journal.hash_chain import Damage, Line, Torn, read_lines
from ..journal.index import entry_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be told of one journal."""

    path: Path
    lines: int
    damages: tuple[Damage, ...]
    torn: Torn | None
    ended: bool
    seal: str  # "" where the last line has none
    running: bool = False

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong with it, as far as that can be told."""
        return not self.damages


def verify(path: Path) -> Verdict:
    """Follow the chain of a journal to its end; raises OSError."""
    damages: list[Damage] = []
    torn: Torn | None = None
    last: Line | None = None
    count = 0
    for line in read_lines(path):
        if isinstance(line, Torn):
            torn = line
            break
        count += 1
        if isinstance(line, Damage):
            damages.append(line)
        else:
            last = line
    ended = last is not None and isinstance(last.event, RunEnded) and last.number == count
    entry = entry_of(path) if not ended else None
    running = entry is not None and entry.running
    return Verdict(path, count, tuple(damages), torn, ended, last.seal if ended and last else "", running)


def told(verdict: Verdict, seal: str = "") -> Iterator[str]:
    """The verdict in lines; `seal` is one that was noted elsewhere, or the beginning of it."""
    for damage in verdict.damages:
        yield f"{verdict.path}:{damage.number}: {damage.what}"
    if wrong_seal(verdict, seal):
        yield f"{verdict.path}: the seal is `{verdict.seal or 'missing'}`, and not the one that was noted"
    if verdict.damages:
        return
    lines = f"{verdict.lines} line{'s' * (verdict.lines != 1)}"
    if not verdict.lines:
        state = "the run died before anything was written"
    elif verdict.running:
        state = "going on, whole so far"
    elif not verdict.ended:
        torn = f"; a last line of {verdict.torn.size} bytes was torn off" if verdict.torn else ""
        state = f"whole, and the run did not end{torn}: whether lines are missing after this cannot be told"
    elif verdict.seal:
        state = f"whole, sealed {verdict.seal}"
    else:
        state = "whole, written by an older version: its last line has no seal and could have been changed"
    yield f"{verdict.path}: {lines}, {state}"


def wrong_seal(verdict: Verdict, seal: str) -> bool:
    """Whether the journal's seal is not the one that was noted."""
    return bool(seal) and not verdict.seal.startswith(seal.lower())
