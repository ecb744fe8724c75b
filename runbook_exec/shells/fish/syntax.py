"""Checks the syntax of scripts with fish itself."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...system.temporary_folders import TemporaryFolder
from ..base import Complaint

_LONGEST_ARGUMENT = 128 * 1024 - 1  # Linux: MAX_ARG_STRLEN, with the NUL at its end

_TOGETHER = 16  # scripts between two labels

_LONGEST_CALL = 400_000  # bytes; macOS allows 1 MB with the environment

_SAID = r"(?: \(\D*(?P<number>\d+)\))?: (?P<message>.*)(?:\n(?P<line>.*)\n(?P<carets>[ \t]*\^[~^]*)$)?"


def check(scripts: Sequence[str]) -> list[Complaint | None]:
    """Return the complaint of fish about the syntax of each script, or None if it parses.

    Runs no script. Many scripts cost one process, and each that fails one more. Raises FileNotFoundError if
    fish is not installed.
    """
    found: list[Complaint | None] = [None] * len(scripts)
    encoded = [script.encode("utf-8", "surrogateescape") + b"\n" for script in scripts]
    for batch in _batches(encoded):
        # most are right, and the message for a label takes fish longer than a script
        suspects = _find_suspects(encoded, batch, _TOGETHER)
        for index in _find_suspects(encoded, suspects, 1) if len(suspects) > 1 else suspects:
            found[index] = _complaint(encoded[index])
    return found


def _batches(sources: Sequence[bytes]) -> Iterator[list[int]]:
    """Yield the numbers of the sources in groups that fit in the arguments of one process."""
    batch: list[int] = []
    size = 0
    for index, source in enumerate(sources):
        cost = len(source) + 200  # for the label and the pointers
        if batch and size + cost > _LONGEST_CALL:
            yield batch
            batch, size = [], 0
        batch.append(index)
        size += cost
    if batch:
        yield batch


def _find_suspects(sources: Sequence[bytes], numbers: Sequence[int], together: int) -> list[int]:
    """Return the numbers of sources that may be wrong.

    fish checks groups of `together` sources; if it complains about a group, all sources of the group are
    returned. Sources that cannot be passed as an argument are included.
    """
    given = [
        number
        for number in numbers
        if b"\0" not in sources[number] and len(sources[number]) < _LONGEST_ARGUMENT
    ]
    if not given:
        return list(numbers)
    groups = [given[start : start + together] for start in range(0, len(given), together)]
    label = f"end # {os.urandom(8).hex()}"
    arguments: list[bytes | str] = ["-c", label, "-c", label]
    for group in groups:
        for number in group:
            arguments += ["-c", sources[number]]
        arguments += ["-c", label]
    errors = _run_fish(arguments).split(label)
    # Two labels with nothing between them show the output for right sources.
    silence = errors[1] if len(errors) == len(groups) + 3 else None
    accepted = {
        number
        for group, between in zip(groups, errors[2:], strict=False)
        if between == silence
        for number in group
    }
    return [number for number in numbers if number not in accepted]


def _complaint(source: bytes) -> Complaint | None:
    with TemporaryFolder("exec") as folder:
        path = Path(folder, f"{os.urandom(8).hex()}.fish")
        path.write_bytes(source)
        errors = _run_fish([str(path)])
    found = re.search(re.escape(path.name) + _SAID, errors, re.MULTILINE)
    if found is None:
        return Complaint(errors.strip()) if errors.strip() else None
    columns = _columns(found["line"], found["carets"]) if found["carets"] else None
    return Complaint(found["message"], int(found["number"]) if found["number"] else None, columns)


def _columns(line: str, carets: str) -> tuple[int, int] | None:
    """Return the columns of the line above the carets of fish, or None if that is not clear."""
    left = len(carets) - len(carets.lstrip())
    start = 0
    while left > 0 and start < len(line):
        left -= _width(line[start])
        start += 1
    if left:
        return None
    while start < len(line) and _width(line[start]) == 0:  # an accent is part of the letter before it
        start += 1
    return start, start + len(carets.strip())


def _width(character: str) -> int:
    """Return the width of a character in columns, as fish counts them."""
    if character == "\t" or character.isascii():
        return 1
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _run_fish(arguments: Sequence[bytes | str]) -> str:
    """Return the standard error of `fish -n`, always in English."""
    from subprocess import DEVNULL, run  # most commands of this program check nothing

    environment = {name: value for name, value in os.environ.items() if name != "LANGUAGE"}
    done = run(
        ["fish", "--no-config", "-n", *arguments],
        env=environment | {"LC_ALL": "C.UTF-8"},
        stdin=DEVNULL,
        capture_output=True,
        check=False,
    )
    return done.stderr.decode("utf-8", "replace")
