"""Finds text that says when the block below it is meant to run: "If it fails:", "To undo this:"."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...text.lazy_pattern import LazyPattern
from ..markdown.headings import strip_markup

_LONGEST_LABEL = 60  # characters of a text without a colon that is about the block below it

_LONGEST = 400  # characters of a text whose end is about the block below it

_BLANK_LINE = LazyPattern(r"\n[ \t]*\n")

_MARKER = LazyPattern(r"^[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)?(?:\[[ xX]\][ \t]+)?")

_HEADING = LazyPattern(r"(?m)^[ \t>]*#{1,6}[ \t]+(.+)$")

_SENTENCE = LazyPattern(r"(?<=[.!?])\s+(?=[A-Z*_`])")

_FAILS = (
    r"(?:fail(?:s|ed|ure)?|go(?:es)? wrong|went wrong|break(?:s)?|broken?|error(?:s)? out|crash(?:es|ed)?"
    r"|hangs?|(?:is|are|gets?) (?:stuck|corrupt(?:ed)?|broken|unhappy|down)"
    r"|(?:do(?:es)?|did|is|are|was|has|have) ?(?:n['’]t|not)(?: \w+)? (?:work(?:ed|ing)?|start(?:ed)?"
    r"|come (?:up|back)|boot(?:ed)?|respond(?:ed|ing)?|help(?:ed)?|succeed(?:ed)?)"
    r"|won['’]t (?:start|work|boot|come (?:up|back)))\b"
)

# of a failure that has not happened yet, of an undoing, of a later time, or of what must not be done
_CONDITION = LazyPattern(
    rf"(?:(?:and|but)\s+)?(?:if|when|whenever|should|in case)\b.{{0,80}}?\b{_FAILS}"
    rf"|.{{0,80}}?\bif (?:it|this|that|something|anything|things) {_FAILS}"
    r"|if not[,:]|in case of (?:a |an )?(?:\w+ )?(?:failures?|errors?|problems?|trouble|emergenc\w+)\b"
    r"|only (?:if|when|on the first|for the first|the first time|once)\b"
    r"|(?:to|how to) (?:undo|revert|roll (?:it |this |that |everything )?back|go back)\b"
    r"|(?:undo|rollback|roll back)\s*:|going back\b"
    r"|(?:.{0,60}?\b)?after (?:a|an|one|two|three|a few|some|several|\d+) (?:days?|weeks?|months?)\b"
    r"|(?:please\s+)?(?:don['’]t|do not|never) (?:do|run|use|type|copy|execute|try)\b"
    r"|.{0,60}?\bwhat not to (?:do|run|type)\b",
    re.IGNORECASE | re.DOTALL,
)

# parts of words without which a text is no condition
_SIGNS = (
    "if", "when", "should", "in case", "only", "undo", "revert", "roll", "back", "after", "n't", "n’t", "not"
)  # fmt: skip


def find_condition(text: str, headings: Iterable[str]) -> str:
    """Return what says that a block runs only in some case: the text above it, or a heading; else "".

    A text counts if a colon ends it, or if it is as short as a label.
    """
    tail = text[-_LONGEST:].rstrip()
    lines = _BLANK_LINE.split(tail)[-1].split("\n") if _has_sign(tail) else ()
    for written in ("\n".join(lines), lines[-1]) if lines else ():
        label = strip_markup(_MARKER.sub("", written, count=1))
        label = _SENTENCE.split(label)[-1]
        is_short = len(label) <= _LONGEST_LABEL and label[-1:] not in ".!?,;"
        if (is_short or label.endswith(":")) and _is_condition(label):
            return label.rstrip(":")
    return next(filter(_is_condition, headings), "")


def find_last_heading(text: str) -> str:
    """Return the last heading in a text between blocks; empty without one."""
    headings = _HEADING.findall(text) if "#" in text else ()
    return strip_markup(headings[-1].rstrip("# \t")) if headings else ""


def _is_condition(text: str) -> bool:
    return _has_sign(text) and _CONDITION.match(" ".join(text.split())) is not None


def _has_sign(text: str) -> bool:
    lowered = text.lower()
    return any(map(lowered.__contains__, _SIGNS))
