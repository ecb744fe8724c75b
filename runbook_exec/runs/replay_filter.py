"""Lets a recording draw on the terminal, and nothing else.

A recording may be somebody else's, and its output was made by any program. Escape sequences that move the
cursor, erase, colour and switch screens pass. Those that set the title or the clipboard, ask the terminal for
an answer, or send it commands of other kinds are left out.
"""

from __future__ import annotations

import re

_LONGEST = 1 << 16  # characters of an unfinished sequence that are held back

_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-OQ-WYZ\\`-~]"
    r"|[\x80-\x9f]"  # the beginnings of the same in 8 bits, after which the rest is text
    r"|[\x00-\x06\x0e-\x1a\x1b-\x1f\x7f]"  # also an ESC that begins none of these
)

_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b\x9c]*\x1b?|[ -/]*)\Z")

# cursor, erasing, inserting, scrolling, styles, scroll region, modes, and what saves and restores them
_DRAWS = re.compile(
    r"\x1b(?:\[(?!3J)[0-9;:]*[A-HJ-MPSTXZ`ad-gmr]|\[[su]|\[\??[0-9;]*[hl]|\[!p|[78=>DEHM]|[(*+)][0-9A-Z])"
)

_MOUSE = re.compile(r"\x1b\[\?(?:[0-9]+;)*(?:9|100[0-7]|101[56]|2004)(?:;[0-9]+)*[hl]")


class ReplayFilter:
    """Removes what a recording must not do, from text that comes in pieces."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """Return the next piece without the sequences that do more than draw."""
        text = self._held + text
        found = _UNFINISHED.search(text, max(0, len(text) - _LONGEST))
        self._held = found[0] if found else ""
        return _SEQUENCE.sub(_keep_drawing, text[: found.start()] if found else text)


def _keep_drawing(found: re.Match[str]) -> str:
    sequence = found[0]
    return sequence if _DRAWS.fullmatch(sequence) and not _MOUSE.fullmatch(sequence) else ""
