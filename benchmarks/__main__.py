"""`python -m benchmarks`: measure everything in one run and print one table."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from . import cases, peers
from .claims import Row
from .machine import facts
from .table import table
from .timing import Failed, in_turn

_KEPT = Path(__file__).parent.parent / ".benchmarks"
_MEMORY = Path("/dev/shm")


def main() -> int:
    """Measure what is asked for; 1 if a command failed, whose rows are missing then, 0 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes: shows that it works, proves nothing")
    parser.add_argument("--only", metavar="CASE", action="append", choices=cases.CASES, help="again for more: %(choices)s")
    parser.add_argument("--turns", type=int, help="how often each command runs, in every case")
    arguments = parser.parse_args()
    sizes = cases.QUICK if arguments.quick else cases.FULL
    wanted = arguments.only or list(cases.CASES)
    tools, missing = _tools(wanted)
    print("\n".join(facts(peers.versions(_KEPT / "peers"))))
    if arguments.quick:
        print("Small sizes, for a look at the table: neither the numbers nor the floors mean anything.")
    print("".join(f"not compared: {why}\n" for why in missing), flush=True)
    rows: list[Row] = []
    failures: list[str] = []
    _KEPT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_KEPT) as folder, tempfile.TemporaryDirectory(dir=_shared(_KEPT)) as memory:
        for key in wanted:
            place = cases.Place(
                Path(folder, key), Path(folder, "state"), Path(memory) if _MEMORY.is_dir() else None, tools
            )
            place.folder.mkdir()
            case = cases.CASES[key](place, sizes)
            try:
                measured = in_turn(case.commands, arguments.turns or case.turns, case.warm, lambda text: _tell(f"{key}: {text}"))
            except Failed as failed:
                failures.append(str(failed))
                continue
            rows += [claim.row(measured) for claim in case.claims]
    _tell("")
    print(table(rows))
    print("".join(f"\nfailed: {failure}" for failure in failures), end="", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
