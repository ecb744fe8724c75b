"""Findings of rules, and the changes that fix them."""

from __future__ import annotations

from ..light_classes import NamedTuple
from ..text.span import Span


class Finding(NamedTuple):
    """A finding of a rule: its message, exact place, hint, and a safe change if one is known."""

    message: str
    span: Span
    hint: str = ""
    fix: Fix | None = None
    secret: bool = False  # the text of the span must not be shown


class Fix(NamedTuple):
    """A change that keeps the meaning of a page: `text[start:end]` becomes `replacement`."""

    start: int
    end: int
    replacement: str
