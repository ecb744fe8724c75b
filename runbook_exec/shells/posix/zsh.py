"""zsh: how its text is split into statements, how a value is written in it, what it says of syntax."""

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
    return posix_scan.scan(script, "zsh")


def fill(text: str, fillings: Sequence[Filling]) -> tuple[Piece, ...]:
    """Write values into a statement so that each arrives exactly; raises Unwritable where that cannot be."""
    return posix.fill(text, fillings, "zsh")


def check(scripts: Sequence[str]) -> list[Complaint | None]:
    """What zsh says of each script's syntax, or None for one that it parses; executes nothing.

    Raises FileNotFoundError when zsh is not installed.
    """
    # zsh takes a `}` for the end of a list wherever it stands, so one script could close what is around it
    return posix_check.check(("zsh", "-f", "-n"), scripts, [True] * len(scripts))
