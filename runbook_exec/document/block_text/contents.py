"""Says why the text of a block for a shell is not commands to run: a script, output, data or a synopsis."""

from __future__ import annotations

import re
from typing import NamedTuple

from ...shells.base import Scan
from ...shells.quoting import Context
from .patterns import ELISION, OUTPUT, PRINTS, SYNOPSIS

_SHEBANG = re.compile(r"\s*+#!")

_OPTION = re.compile(r"-{1,2}[A-Za-z]")

_LINE = re.compile(r"[^\n]*+")


class NotCommands(NamedTuple):
    """The offset in a script of text that is no command, and what it is."""

    offset: int
    reason: str  # with `{line}` for its line


def find_other_text(script: str, scan: Scan) -> NotCommands | None:
    """Return the first text of a script that is no command; None if all of it may be commands."""
    if _SHEBANG.match(script):
        return NotCommands(0, "a script to be saved, not run (it begins with `#!`)")
    for start, end in scan.statements:
        if OUTPUT.match(script, start):
            return NotCommands(start, "line {line} is output or data, not a command")
        if ELISION.match(script, start):
            return NotCommands(start, "line {line} stands for text that is left out")
        if _OPTION.match(script, start):
            return NotCommands(start, "line {line} begins with an option, not with a command")
        synopsis = _find_synopsis(script, start, end, scan)
        if synopsis is not None:
            return synopsis
    return None


def _find_synopsis(script: str, start: int, end: int, scan: Scan) -> NotCommands | None:
    found = SYNOPSIS.search(script, start, end)
    if found is None or PRINTS.match(script, start):
        return None
    while found is not None:
        bare = scan.context(found.start(), found.end()) in (Context.BARE, Context.UNSAFE)
        if bare and not scan.in_comment(found.start()):
            return NotCommands(
                found.start(), f"line {{line}} is a synopsis: `{found[0].strip()}` is not to be typed"
            )
        found = SYNOPSIS.search(script, found.end(), end)
    return None
