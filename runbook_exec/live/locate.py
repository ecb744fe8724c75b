"""Finds the runs that go on and can be attached to."""

from __future__ import annotations

from pathlib import Path

from ..engine.events import RunStarted
from ..errors import Refused
from ..journal.event_lines import from_line
from ..journal.index import find_journal, is_locked, list_runs
from ..journal.paths import open_journal, read_bounded_lines

_START = b'{"event":"run_started"'


def find_socket(journal: Path) -> str:
    """Return the socket of the run with this journal if it goes on and has one; "" otherwise.

    Raises OSError.
    """
    with open_journal(journal) as file:
        if not is_locked(file.fileno()):
            return ""
        starts = [line for line in read_bounded_lines(file) if line.startswith(_START)]
    try:
        started = from_line(starts[-1].decode()) if starts else None
    except ValueError:
        return ""
    return started.socket if isinstance(started, RunStarted) else ""


def find_live_run(folder: Path, wanted: str | None) -> tuple[str, str]:
    """Return the id and the socket of a run that goes on: the one that is wanted, or the newest.

    Raises Refused if no such run can be attached to.
    """
    if wanted is not None:
        journal = find_journal(folder, wanted)
        if address := find_socket(journal):
            return wanted, address
        with open_journal(journal) as file:
            going = is_locked(file.fileno())
        why = "was started without `--hold`" if going else f"does not run; `runbook-exec resume {wanted}`"
        raise Refused(f"cannot attach to run {wanted}: it {why}{'' if going else ' continues it'}")
    for entry in list_runs(folder):
        if entry.running and (address := find_socket(entry.path)):
            return entry.run, address
    raise Refused("no run with `--hold` is in progress; `runbook-exec runs` lists the runs")
