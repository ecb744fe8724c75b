"""What came of looking at one page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ..diagnostics.report import Diagnostic
from .facts.query_log import Guard, Query


@dataclass(frozen=True, slots=True)
class PageResult:
    """What was found on a page, and what of it could not be looked at."""

    path: str
    digest: str = ""  # of the page's bytes
    diagnostics: tuple[Diagnostic, ...] = ()
    unchecked_blocks: Mapping[str, int] = field(
        default_factory=dict
    )  # blocks whose shell is not here, by shell
    read_error: str = ""  # why it could not be looked at


@dataclass(frozen=True, slots=True)
class CachedResult:
    """What was found on a page, and what that rests on beside the page itself."""

    result: PageResult
    answers: Mapping[Query, tuple[Any, Guard]] = field(default_factory=dict)
    valid_until: date | None = None  # from this day on, it may be otherwise
