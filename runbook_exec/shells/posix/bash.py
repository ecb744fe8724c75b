"""bash: how its text is split into statements, how a value is written in it, what it says of syntax."""

from __future__ import annotations

from collections.abc import Sequence

from ...system.memo import cache_scans
from ..base import Complaint, Filling, Piece, Scan
from . import parser as posix_scan
from . import quoting as posix
from . import syntax as posix_check


@cache_scans
def scan(script: str) -> Scan:
    """Split a script into its complete commands and tell the quoting of every stretch; never raises."""
    return posix_scan.scan(script, "bash")


def fill(text: str, fillings: Sequence[Filling]) -> tuple[Piece, ...]:
    """Write values into a statement so that each arrives exactly; raises Unwritable where that cannot be."""
    return posix.fill(text, fillings, "bash")


def check(scripts: Sequence[str]) -> list[Complaint | None]:
    """What bash says of each script's syntax, or None for one that it parses; executes nothing.

    Raises FileNotFoundError when bash is not installed.
    """
    # -n does not run the `shopt -s extglob` that lets the lines after it parse, in this block or a later one
    extended = ("-O", "extglob") if any("extglob" in script for script in scripts) else ()
    alone = ["\0" in script or scan(script).problem is not None for script in scripts]
    return posix_check.check(("bash", *extended, "-n"), scripts, alone)
