"""Checks journals for changes, for `runbook-exec runs verify`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..engine.events import RunEnded
from ..journal.hash_chain import Damage, JournalLine, TornLine, read_lines
from ..journal.index import read_summary
from ..journal.user_key import UserKey, is_private_file, is_signed
from ..light_classes import dataclass


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of checking one journal."""

    path: Path
    lines: int
    damages: tuple[Damage, ...]
    torn: TornLine | None
    ended: bool
    seal: str  # "" if the last line has none
    running: bool = False
    is_foreign: bool = False  # whether its last line was written by another user, or on another machine

    @property
    def is_whole(self) -> bool:
        """Return whether no damage was found."""
        return not self.damages


def verify_journal(path: Path, folder: Path, key: UserKey | None) -> Verification:
    """Follow the hash chain of a journal to its end. Raises OSError.

    `folder` is that of this user's journals, and `key` has signed their lines.
    """
    damages: list[Damage] = []
    torn: TornLine | None = None
    last: JournalLine | None = None
    count = 0
    for line in read_lines(path):
        if isinstance(line, TornLine):
            torn = line
            break
        count += 1
        if isinstance(line, Damage):
            damages.append(line)
        else:
            last = line
    ended = last is not None and isinstance(last.event, RunEnded) and last.number == count
    entry = read_summary(path) if not ended else None
    running = entry is not None and entry.running
    foreign = last is not None and not (key is not None and key.has_signed(last.data))
    if last is not None and not is_signed(last.data) and is_private_file(path, folder):
        foreign = False  # an older version signed nothing
    return Verification(
        path, count, tuple(damages), torn, ended, last.seal if ended and last else "", running, foreign
    )


def format_verification(verdict: Verification, seal: str = "") -> Iterator[str]:
    """Format the result; `seal` is one that was noted elsewhere, or its beginning."""
    if verdict.lines and len(verdict.damages) == verdict.lines:
        yield f"{verdict.path}: not a journal of runbook-exec: no line of it is an event of a run"
        return
    for damage in verdict.damages:
        yield f"{verdict.path}:{damage.number}: {damage.what}"
    if has_wrong_seal(verdict, seal):
        yield f"{verdict.path}: the seal is `{verdict.seal or 'missing'}`, and not the one that was noted"
    if verdict.damages:
        return
    lines = f"{verdict.lines} line{'s' * (verdict.lines != 1)}"
    if not verdict.lines:
        state = "the run died before anything was written"
    elif verdict.running:
        state = "in progress, whole so far"
    elif not verdict.ended:
        torn = f"; a last line of {verdict.torn.size} bytes was torn off" if verdict.torn else ""
        state = f"whole, and the run did not end{torn}: whether lines are missing after this cannot be told"
    elif verdict.seal:
        state = f"whole, sealed {verdict.seal}"
    else:
        state = "whole, written by an older version: its last line has no seal and could have been changed"
    foreign = "; foreign: not written by you on this machine, or written anew since" * verdict.is_foreign
    yield f"{verdict.path}: {lines}, {state}{foreign}"


def has_wrong_seal(verdict: Verification, seal: str) -> bool:
    """Return whether the journal's seal differs from the noted one."""
    return bool(seal) and not verdict.seal.startswith(seal.lower())
