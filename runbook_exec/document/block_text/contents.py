"""Says why the text of a block for a shell is not commands to run: a script, output, data or a synopsis."""

from __future__ import annotations

import re

from ...light_classes import NamedTuple
from ...shells.base import Scan
from ...shells.quoting import Context
from ...text.lazy_pattern import LazyPattern
from .common_commands import first_word, is_known_command, is_plausible_command
from .patterns import ELISION, OUTPUT, PLAIN, PRINTS, SYNOPSIS
from .prompts import PromptForm, match_other_program

_SHEBANG = LazyPattern(r"\s*+#!", re.MULTILINE)

# `$ ls`, and `> ls -l`, which would write a file `ls` and run `-l`
_PROMPT = LazyPattern(r"\$[ \t]|>(?=[ \t]+[A-Za-z][\w-]*[ \t]+\S)", re.MULTILINE)

_OPTION = LazyPattern(r"-{1,2}[A-Za-z]", re.MULTILINE)

# The line before is continued, but not to this one: that is an error of its own.
_BROKEN_END = LazyPattern(r"\\[^\S\n]*\n(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]*\Z", re.MULTILINE)


_SIGNS_OF_SYNOPSIS = ("...", "…", "[")


class NotCommands(NamedTuple):
    """The offset in a script of text that is no command, and what it is."""

    offset: int
    reason: str  # with `{line}` for its line


def find_other_text(script: str, scan: Scan) -> NotCommands | None:
    """Return the first text of a script that is no command; None if all of it may be commands."""
    if _SHEBANG.match(script):
        return NotCommands(0, "a script to be saved, not run (it begins with `#!`)")
    may_abbreviate = any(sign in script for sign in _SIGNS_OF_SYNOPSIS) or (
        "|" in script and ("{" in script or "<" in script)
    )
    for start, end in scan.statements:
        if not PLAIN.match(script, start):
            reason = _explain_statement(script, start)
            if reason:
                return NotCommands(start, reason)
        synopsis = _find_synopsis(script, start, end, scan) if may_abbreviate else None
        if synopsis is not None:
            return synopsis
    return None


def _explain_statement(script: str, start: int) -> str:
    """Return why the statement at `start` is no command, or ""."""
    if found := _PROMPT.match(script, start):
        return f"line {{line}} begins with the prompt `{found[0].strip()}`"
    if OUTPUT.match(script, start):
        return "line {line} is output or data, not a command"
    end = script.find("\n", start)
    line = script[start : end if end >= 0 else len(script)]
    if other := match_other_program(line) or PromptForm.PLACE.match(line):
        return f"line {{line}} begins with the prompt `{other[0].strip()}`"
    if ELISION.match(script, start):
        return "line {line} marks text that is left out"
    if _OPTION.match(script, start) and not _BROKEN_END.search(script, 0, start):
        return "line {line} begins with an option, not with a command"
    return ""


def find_doubtful_statement(script: str, scan: Scan) -> int | None:
    """Return the offset of the first statement that may be output: it begins with no known command.

    The first statement may have another command if an option or a path follows, and later ones the same.
    """
    known: set[str] = set()
    for start, end in scan.statements:
        word = first_word(script[start:end])
        line = script[start:end]
        if word not in known and not (is_known_command(line) if known else is_plausible_command(line)):
            return start
        known.add(word)
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
