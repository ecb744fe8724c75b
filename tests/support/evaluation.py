"""Tries to have values executed in the places where a shell or program reads them again.

    python -m tests.support.evaluation [STEP [SHELL…]]

fills values into the places of these shells (by default all), runs what is not refused, and reports what was
executed. Each value is tried with each place, or with a STEP with every so many pairs. Programs that need
another machine have stand-ins that read their arguments as the real ones do.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import NamedTuple

from runbook_exec.document.placeholders import find_placeholders
from runbook_exec.shells.base import Filling, QuotingError
from runbook_exec.shells.registry import SHELLS
from tests.support.paths import REPOSITORY
from tests.support.shells import COMMANDS

_SHELLS = {**COMMANDS, "fish": ("fish", "--no-config")}

# what is around each value of the file: 300 and more values in all
_AROUND = (("", ""), ("1", ""), ("a ", ""), ("", " #"), ("'", "'"), ("\\", ""))

# what is written around the placeholder in code for a shell
_CODE = (
    "echo <x>",
    "echo 'a <x> b'",
    'echo "a <x> b"',
    "echo $(echo <x>)",
    "cat <x>",
    "echo a; echo b<x>c # d",
    "test -n <x>",
    "sh -c 'echo <x>'",
)

_CODE_READERS = ("sh -c", "bash -c", "sudo bash -ec", "ssh web", "eval")


def _read_lines(name: str) -> Iterator[str]:
    text = (REPOSITORY / "tests" / "data" / name).read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line.startswith("# "):
            yield re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], line)


def _quote(code: str, quote: str) -> str:
    if quote == "'":
        return "'" + code.replace("'", "'\\''") + "'"
    return '"' + re.sub(r'[\\"$]', r"\\\g<0>", code) + '"'


def _read_places() -> dict[str, tuple[str, ...]]:
    """Return the places of each shell."""
    nested = [
        f"{reader} {_quote(code, quote)}" for reader, code, quote in product(_CODE_READERS, _CODE, "'\"")
    ]
    places: dict[str, list[str]] = {shell: [*nested] for shell in _SHELLS}
    shells: list[str] = []
    for line in _read_lines("evaluated_places.txt"):
        if re.fullmatch(r"\[[a-z ]+\]", line):
            shells = line.strip("[]").split()
        else:
            for shell in shells:
                places[shell].append(line)
    return {shell: tuple(lines) for shell, lines in places.items()}


VALUES = tuple(
    f"{before}{core}{after}" for before, after in _AROUND for core in _read_lines("executing_values.txt")
)

PLACES: Mapping[str, tuple[str, ...]] = _read_places()

_STAND_INS = {
    "ssh": (
        'while getopts p:l:o:i: o "$@"; do case $OPTARG in *Command=*) sh -c "${OPTARG#*=}";; esac; done\n'
        "shift $((OPTIND - 1)); h=$1; shift; OPTIND=1\n"
        'while getopts p:l: o "$@"; do :; done; shift $((OPTIND - 1))\n'
        's=sh; [ "$h" = fish ] && s="fish --no-config"\n'
        '[ $# = 0 ] && exec $s; exec $s -c "$*"'
    ),
    "su": 'while [ $# -gt 0 ]; do [ "$1" = -c ] && exec sh -c "$2"; shift; done; exec sh',
    "sudo": 'while [ "${1#-}" != "$1" ]; do [ "$1" = -u ] && shift; shift; done; exec "$@"',
    "watch": '[ "$1" = -n ] && shift 2; exec sh -c "$*"',
    "docker": 'shift; while [ "${1#-}" != "$1" ]; do shift; done; shift; exec "$@"',
    "kubectl": 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"',
    "at": "exec sh",
}


class Attempt(NamedTuple):
    """A value in a place of a shell's source."""

    shell: str
    place: str
    value: str


def fill_place(attempt: Attempt) -> str | None:
    """Return the place with the value written into it; None if that is refused."""
    shell = SHELLS[attempt.shell]
    scan = shell.scan(attempt.place)
    found = find_placeholders(attempt.place)
    fillings = [Filling(p.start, p.end, scan.context(p.start, p.end), attempt.value) for p in found]
    try:
        return "".join(piece.text for piece in shell.fill(attempt.place, fillings))
    except QuotingError:
        return None


def prepare_folder(folder: Path) -> None:
    """Make the folder `work`, and `bin` with the stand-ins."""
    (folder / "bin").mkdir()
    for name, script in _STAND_INS.items():
        path = folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)


def is_executed(attempt: Attempt, code: str, folder: Path) -> bool:
    """Run the filled place, and return whether the value made the file `pwned`."""
    work = Path(tempfile.mkdtemp(dir=folder))
    (work / "f").write_text("a 1\n", encoding="utf-8")
    (work / "script").write_bytes(code.encode("utf-8", "surrogateescape") + b"\n")
    with suppress(subprocess.TimeoutExpired):
        subprocess.run(
            [*_SHELLS[attempt.shell], "script"],
            cwd=work,
            env={"PATH": f"{folder}/bin:/usr/bin:/bin", "HOME": str(work), "TERM": "dumb"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=20,
            check=False,
        )
    pwned = any("pwned" in path.name for path in work.iterdir())
    shutil.rmtree(work, ignore_errors=True)
    return pwned


def list_attempts(shell: str, step: int = 1) -> Sequence[Attempt]:
    """Return each value in each place of a shell, or every so many of these pairs."""
    return [Attempt(shell, place, value) for place in PLACES[shell] for value in VALUES][::step]


def try_all(step: int, shells: Sequence[str]) -> None:
    """Try the values in the places, and print the figures and what was executed."""
    with tempfile.TemporaryDirectory() as name:
        prepare_folder(Path(name))
        for shell in shells:
            ran = refused = executed = 0
            for attempt in list_attempts(shell, step):
                code = fill_place(attempt)
                if code is None:
                    refused += 1
                    continue
                ran += 1
                if is_executed(attempt, code, Path(name)):
                    executed += 1
                    print(attempt, repr(code), flush=True)
            print(f"{shell}: {ran} ran, {refused} refused, {executed} executed", flush=True)


if __name__ == "__main__":
    try_all(int(sys.argv[1]) if len(sys.argv) > 1 else 1, sys.argv[2:] or tuple(_SHELLS))
