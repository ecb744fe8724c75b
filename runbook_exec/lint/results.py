"""Defines the results of checking a page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from ..diagnostics.report import Diagnostic
from ..light_classes import dataclass, field
from .facts.query_log import Guard, Query


@dataclass(frozen=True, slots=True)
class PageResult:
    """The findings on a page, and what could not be checked."""

    path: str
    digest: str = ""  # of the page's bytes
    diagnostics: tuple[Diagnostic, ...] = ()
    unchecked_blocks: Mapping[str, int] = field(
        default_factory=dict
    )  # number of blocks whose shell is not installed, by shell
    read_error: str = ""  # why the page could not be read


@dataclass(frozen=True, slots=True)
class CachedResult:
    """The result of a page, with the facts beside the page that it depends on."""

    result: PageResult
    answers: Mapping[Query, tuple[Any, Guard]] = field(default_factory=dict)
    valid_until: date | None = None  # from this day on, the result may be different
