"""Finds where the page says that something takes a while, such as "wait until the pods are running"."""

from __future__ import annotations

import re

from ..document.model import Block, Prose
from ..light_classes import NamedTuple
from ..text.lazy_pattern import LazyPattern
from .model import PlanItem

_UNIT = r"(?:seconds?|minutes?|mins?|hours?|while|moments?|time|bit)\b"

_COUNT = r"(?:(?:up to|about|around|approximately|at least|several|some|quite|few|couple of|an?|the)\s+){0,3}"

_STATE = (
    r"(?:ready|running|healthy|available|completed?|finished|synced|active|established|online|deployed|"
    r"provisioned|bound|reachable|succeeded|green|elected|gone|terminated|in sync|caught up)\b"
)

_WAITS = LazyPattern(
    rf"(?<!need to )(?<!want to )(?<!wish to )\bwait\s+(?:until|for|till|while|{_COUNT}(?:\d+\s*)?{_UNIT})"
    rf"|\btakes?\s+{_COUNT}(?:\d+(?:\s*[-–]\s*\d+|\s+(?:to|or)\s+\d+)?\s*)?{_UNIT}"
    rf"|\b(?:once|until|as soon as)\s+[^.\n]{{1,60}}?\s"
    rf"(?:is|are|becomes?|gets?|(?:has|have)\s+(?:been|become|come))\s+(?:fully\s+|all\s+)?{_STATE}",
    re.IGNORECASE,
)

_SENTENCE_END = LazyPattern(r"[.!?:](?=\s|$)|\n\s*\n")

_LONGEST = 160  # characters of a sentence before or after what was found


class WaitingSentence(NamedTuple):
    """A sentence of the page that says to wait, on one line, and its line on the page."""

    text: str
    line: int


def find_waiting_sentence(item: PlanItem) -> WaitingSentence | None:
    """Return the sentence of the item's step that says to wait; the nearest to the item's block first."""
    parts = item.step.parts
    here = parts.index(item.block) if item.block in parts else 0
    near = sorted(range(len(parts)), key=lambda index: (abs(index - here), index))
    for part in (parts[index] for index in near):
        if isinstance(part, Block):
            continue
        if found := _WAITS.search(part.text):
            return _cut_sentence(part, found.start(), found.end())
    return None


def _cut_sentence(prose: Prose, start: int, end: int) -> WaitingSentence:
    """Return the sentence around a stretch of prose."""
    text, first = prose.text, max(0, start - _LONGEST)
    before = [match.end() for match in _SENTENCE_END.finditer(text, first, start)]
    begin = before[-1] if before else first
    closing = _SENTENCE_END.search(text, end, min(len(text), end + _LONGEST))
    stop = closing.end() if closing else min(len(text), end + _LONGEST)
    sentence = " ".join(text[begin:stop].split()).lstrip("*-> ")
    return WaitingSentence(sentence, prose.span.line + text.count("\n", 0, start))
