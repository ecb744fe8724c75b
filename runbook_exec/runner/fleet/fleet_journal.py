"""Writes and reads the journal of a fleet: which hosts were begun, and how each ended.

Each line has the hash of the line before it, as in the journal of a run.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from ...errors import Refused, reason
from ...journal.hash_chain import first_hash, hash_line, seal_line
from ...light_classes import NamedTuple
from ...system.atomic_write import sync_file

_SUFFIX = ".jsonl"


class FleetRecord(NamedTuple):
    """What the journal of a fleet says."""

    path: Path
    started: Mapping[str, Any]  # the fields of its first line
    outcomes: Mapping[str, str]  # by the name of the host, how it ended last
    begun: frozenset[str]  # the hosts that were ever begun
    seq: int
    previous: str  # the hash of the last line


class FleetJournal:
    """The journal of one fleet, locked while the fleet runs."""

    def __init__(self, path: Path, fleet: str, file: int, seq: int, previous: str) -> None:
        self.path = path
        self._fleet = fleet
        self._file = file
        self._seq = seq
        self._previous = previous

    @classmethod
    def create(cls, folder: Path, fleet: str, time: str) -> FleetJournal:
        """Create the journal of a new fleet; `time` is RFC 3339. Raises Refused."""
        path = folder / f"{time[:19].replace(':', '')}-{fleet}{_SUFFIX}"
        try:
            for each in (folder.parent, folder):
                each.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Refused(f"cannot write the journal `{path}`: {reason(error)}") from None
        return cls(path, fleet, file, 0, first_hash(fleet))

    @classmethod
    def reopen(cls, record: FleetRecord, fleet: str) -> FleetJournal:
        """Continue the journal of a fleet; raises Refused if another process does that."""
        try:
            file = os.open(record.path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(f"fleet {fleet} is in progress in another process") from None
        except OSError as error:
            raise Refused(f"cannot write the journal `{record.path}`: {reason(error)}") from None
        return cls(record.path, fleet, file, record.seq, record.previous)

    def append(self, event: str, time: str, **more: object) -> str:
        """Write an event to the disk, and return its line; raises Refused."""
        self._seq += 1
        known = {"event": event, "fleet": self._fleet, "seq": self._seq, "time": time, **more}
        line = json.dumps({**known, "previous": self._previous}, separators=(",", ":"))
        line = seal_line(line) if event == "fleet_ended" else line
        try:
            os.write(self._file, f"{line}\n".encode())
            sync_file(self._file)
        except OSError as error:
            raise Refused(f"cannot write the journal `{self.path}`: {reason(error)}") from None
        self._previous = hash_line(line.encode())
        return line

    def close(self) -> None:
        """Release the journal."""
        os.close(self._file)


def find_fleet(folder: Path, wanted: str) -> FleetRecord:
    """Return the fleet whose id begins with a text; raises Refused."""
    try:
        paths = [path for path in folder.iterdir() if path.name.endswith(_SUFFIX)]
    except OSError:
        paths = []
    found = [path for path in sorted(paths) if path.name.rpartition("-")[2].startswith(wanted) and wanted]
    if len(found) != 1:
        ids = ", ".join(path.name.rpartition("-")[2].removesuffix(_SUFFIX) for path in found or paths[-8:])
        known = f"; known are {ids}" if ids else ""
        raise Refused(f"`--resume {wanted}`: expected the beginning of one fleet's id{known}")
    return _read_fleet(found[0])


def _read_fleet(path: Path) -> FleetRecord:
    started: dict[str, Any] = {}
    outcomes: dict[str, str] = {}
    begun: set[str] = set()
    previous, seq = "", 0
    try:
        lines = path.read_bytes().split(b"\n")
        for number, line in enumerate(lines[:-1], 1):
            event = json.loads(line)
            previous = previous or first_hash(str(event["fleet"]))
            if event["previous"] != previous:
                raise ValueError(f"line {number} does not follow from the line before it")
            kind, seq = event["event"], event["seq"]
            if not isinstance(seq, int):
                raise ValueError(f"expected a number as `seq` of line {number}")
            if kind == "fleet_started" and not started:
                started = _check_start(event)
            elif kind == "host_began":
                begun.add(event["host"])
                outcomes.pop(event["host"], None)
            elif kind == "host_ended":
                outcomes[event["host"]] = str(event["outcome"])
            previous = hash_line(line)
        if not started:
            raise ValueError("it does not begin with the start of a fleet")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        why = reason(problem) if isinstance(problem, OSError) else str(problem)
        raise Refused(f"the journal `{path}` is damaged: {why}") from None
    return FleetRecord(path, started, outcomes, frozenset(begun), seq, previous)


def _check_start(event: dict[str, Any]) -> dict[str, Any]:
    """Return the event that starts a fleet; raises ValueError if a field is not of its type."""
    texts = [event.get(name) for name in ("fleet", "path", "anchor", "digest", "folder")]
    values = event.get("values", {})
    match event:
        case {"options": [*options], "hosts": [*hosts], "limits": [int(), int(), int()]} if (
            isinstance(values, dict)
            and all(isinstance(host, list) and len(host) == 2 for host in hosts)
            and all(isinstance(text, str) for text in (*texts, *options, *values.values(), *chain(*hosts)))
        ):
            return event
    raise ValueError("the event that starts the fleet has a field of another kind than expected")
