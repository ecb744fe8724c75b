"""`python -m benchmarks`: measure everything in one run and print one table."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from . import peers
from .cases import CASES
from .claims import Row
from .machine import facts
from .place import FULL, QUICK, Place, Sizes
from .table import table
from .timing import Failed, in_turn

_KEPT = Path(__file__).parent.parent / ".benchmarks"
_MEMORY = Path("/dev/shm")
_NEEDS_PACKAGES = {"builtins", "commands"}


def main() -> int:
    """Measure what is asked for; 1 if some of it could not be measured, 0 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="small sizes: shows that it works, proves nothing"
    )
    parser.add_argument(
        "--only",
        metavar="CASE",
        action="append",
        choices=tuple(CASES),
        help="one of %(choices)s; again for more",
    )
    parser.add_argument(
        "--turns", type=int, metavar="N", help="how often each command runs, whatever the case"
    )
    arguments = parser.parse_args()
    wanted: Sequence[str] = arguments.only or tuple(CASES)
    _KEPT.mkdir(exist_ok=True)
    tools, missing = _tools(wanted)
    for line in facts(peers.versions(_KEPT / "peers"), _KEPT):
        print(line)
    if arguments.quick:
        print("Small sizes: neither the numbers nor what they say of the floors mean anything.")
    for why in missing:
        print(f"not measured: {why}")
    rows: list[Row] = []
    failed = False
    for got in _measure_cases(wanted, QUICK if arguments.quick else FULL, arguments.turns, tools):
        if isinstance(got, Failed):
            failed = True
            _tell()
            print(got, file=sys.stderr)
        else:
            rows += got
    _tell()
    print()
    print(table(rows))
    return 1 if failed else 0


def _tools(wanted: Sequence[str]) -> tuple[dict[str, Path], list[str]]:
    """The tools to compare with that are there, and why others are not."""
    tools: dict[str, Path] = {}
    missing: list[str] = []
    for name in peers.SYSTEM:
        try:
            tools[name] = peers.system(name)
        except peers.Missing as why:
            missing.append(str(why))
    if _NEEDS_PACKAGES.intersection(wanted):
        _tell("installing the tools to compare with")
        try:
            tools |= peers.install_peers(_KEPT / "peers")
        except peers.Missing as why:
            missing.append(str(why))
        _tell()
    return tools, missing


def _measure_cases(
    wanted: Sequence[str], sizes: Sizes, turns: int | None, tools: dict[str, Path]
) -> Iterator[list[Row] | Failed]:
    """The rows of each case, or how it failed."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=_KEPT)))
        memory = None
        if os.access(_MEMORY, os.W_OK):
            memory = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=_MEMORY)))
        for key in wanted:
            place = Place(folder / key, folder / "state", memory, tools)
            # without this folder an interactive fish reads all manual pages in the background
            (place.folder / ".local/share/fish/generated_completions").mkdir(parents=True)
            case = CASES[key](place, sizes)
            try:
                measured = in_turn(case.commands, turns or case.turns, case.warm, partial(_tell, key))
            except Failed as failed:
                yield failed
            else:
                yield [claim.row(measured) for claim in case.claims]


def _tell(*what: str) -> None:
    """Say what is going on, to a person who looks on, on a line that is taken back."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{': '.join(what)}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
