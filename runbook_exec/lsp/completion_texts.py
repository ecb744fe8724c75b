"""Defines what a completion is made of."""

from __future__ import annotations

from collections.abc import Sequence

from ..light_classes import NamedTuple


class Proposal(NamedTuple):
    """A text to choose; `text` is what is written for it, if it is not the label."""

    label: str
    detail: str = ""
    text: str = ""


class Completions(NamedTuple):
    """The proposals at a position; a proposal replaces so many characters before it and after it."""

    proposals: Sequence[Proposal]
    replaced: int
    replaced_after: int = 0
    are_values: bool = False


class LineBefore(NamedTuple):
    """The line with the cursor: the text before it and after it, and its offset in the page."""

    before: str
    after: str
    offset: int
