"""What a rule finds, and the change that mends it."""

from __future__ import annotations

from typing import NamedTuple

from ..text.span import Span


class Finding(NamedTuple):
    """Something that a rule has found: what, exactly where, what to do, and a safe change if there is one."""

    message: str
    span: Span
    hint: str = ""
    fix: Fix | None = None
    secret: bool = False  # what the span covers is not to be shown


class Fix(NamedTuple):
    """A change that keeps what the page says: `text[start:end]` of the file becomes `replacement`."""

    start: int
    end: int
    replacement: str
