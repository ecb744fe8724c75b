"""Chains the lines of a journal: each line holds the hash of the line before it.

The last line of a run is sealed with its own hash.

A change of any byte is detected, unless all later hashes are computed again. In that case only a seal that
was noted elsewhere, for example in a report, shows the change.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..engine.events import Event, RunEnded
from ..light_classes import NamedTuple
from ..text.digests import sha256
from ..text.lazy_pattern import LazyPattern
from .event_lines import from_line
from .paths import LONGEST_LINE, open_journal, read_bounded_lines

VERSION = 2  # version 1 had no seal and no version number


_SEAL = LazyPattern(rb',"seal":"([0-9a-f]{64})"\}')

_SEAL_SIZE = len(',"seal":""}') + 64


class JournalLine(NamedTuple):
    """A line of a journal: its number from 1, its event, its hash, its bytes, and its seal or ""."""

    number: int
    event: Event
    digest: str
    data: bytes
    seal: str = ""


class Damage(NamedTuple):
    """Damage to a line, described in words."""

    number: int
    what: str


class TornLine(NamedTuple):
    """A last line without its end, as a crash of the machine leaves it; `size` is in bytes."""

    number: int
    size: int


def first_hash(run: str, version: int = VERSION) -> str:
    """Return the hash in the first line of a journal, which has no line before it."""
    return hash_line(f"runbook-exec {version} {run}".encode())


def hash_line(line: bytes) -> str:
    """Return the hash of a line's bytes, in hexadecimal."""
    return sha256(line).hexdigest()


def seal_line(line: str) -> str:
    """Return a run's last line with its own hash at the end, because no line follows."""
    return f'{line[:-1]},"seal":"{hash_line(line.encode())}"}}'


def read_lines(path: Path) -> Iterator[JournalLine | Damage | TornLine]:
    """Yield the lines of a journal and its damages. Raises OSError.

    After a damaged line the chain continues from its bytes as they are.
    """
    previous, version = "", VERSION
    with open_journal(path) as file:
        for number, raw in enumerate(read_bounded_lines(file), 1):
            if len(raw) == LONGEST_LINE:
                yield Damage(number, f"expected an event, found a line of {LONGEST_LINE:,} bytes or more")
                return
            if not raw.endswith(b"\n"):
                yield _check_unfinished(number, raw)
                return
            line = raw[:-1]
            try:
                data = json.loads(line)
                event = from_line(line.decode())
                if number == 1:
                    version = _version(data)
                    previous = first_hash(event.run, version)
            except ValueError as error:
                yield Damage(number, str(error))
            except RecursionError:
                yield Damage(number, "expected one event of a run, found nesting without end")
            else:
                yield from _check_line(
                    JournalLine(number, event, hash_line(line), line), data, previous, version
                )
            previous = hash_line(line)


def _check_line(
    line: JournalLine, told: dict[str, Any], previous: str, version: int
) -> Iterator[JournalLine | Damage]:
    if told.get("previous") != previous:
        yield Damage(line.number, _explain_break(line.number))
        return
    if not isinstance(line.event, RunEnded) or version == 1:
        yield line
        return
    data = line.data
    seal = _SEAL.fullmatch(data, max(0, len(data) - _SEAL_SIZE))
    if seal is None:
        yield Damage(line.number, "expected a seal at the end of the line that ends the run")
    elif not _has_right_seal(data):
        yield Damage(line.number, "the seal is not that of this line, so one of the two was changed")
    else:
        yield line._replace(seal=seal[1].decode())


def _explain_break(number: int) -> str:
    if number == 1:
        return "this is not how the journal of its run begins, so lines were taken out, or it was changed"
    return (
        f"this line does not follow from line {number - 1}: one of the two was changed, "
        "or what stood between them was taken out"
    )


def _version(data: dict[str, Any]) -> int:
    version = data.get("journal", 1)
    if not isinstance(version, int) or version < 1:
        raise ValueError("expected the version of the journal as a number")
    if version > VERSION:
        raise ValueError(f"written by a newer runbook-exec: version {version}, and this one reads {VERSION}")
    return version


def _check_unfinished(number: int, line: bytes) -> TornLine | Damage:
    """Check a last line without a line end: a torn line has no end, so one that has was changed."""
    text = line.decode("utf-8", "replace")
    try:
        data, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return TornLine(number, len(line))
    if end == len(text) and _has_right_seal(line):
        return Damage(
            number,
            "expected the end of the line after its last brace; the line itself is whole: the machine died "
            "just there, or it was removed",
        )
    if end < len(text) or (isinstance(data, dict) and "seal" in data):
        return Damage(number, "expected the end of the line after its last brace")
    return TornLine(number, len(line))


def _has_right_seal(line: bytes) -> bool:
    seal = _SEAL.fullmatch(line, max(0, len(line) - _SEAL_SIZE))
    return seal is not None and hash_line(line[: seal.start()] + b"}") == seal[1].decode()
