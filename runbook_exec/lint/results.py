"""What came of looking at one page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ..diagnostics.report import Found
from .facts.query_log import Guard, Question


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found on a page, and what of it could not be looked at."""

    path: str
    digest: str = ""  # of the page's bytes
    found: tuple[Found, ...] = ()
    unchecked: Mapping[str, int] = field(default_factory=dict)  # blocks whose shell is not here, by shell
    unread: str = ""  # why it could not be looked at


@dataclass(frozen=True, slots=True)
class Kept:
    """What was found on a page, and what that rests on beside the page itself."""

    looked: Looked
    answers: Mapping[Question, tuple[Any, Guard]] = field(default_factory=dict)
    until: date | None = None  # from this day on, it may be otherwise
