"""Finds the bounds of a page's front matter without parsing it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...diagnostics.problem import Problem
from ...light_classes import dataclass, field
from ...text.lazy_pattern import LazyPattern
from ..model import RunbookSettings

_OPENING = LazyPattern(r"\ufeff?(?:---|(?P<toml>\+\+\+))[ \t]*\r?\n")

_CLOSING = LazyPattern(r"^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.MULTILINE)

_CLOSING_TOML = LazyPattern(r"^\+\+\+[ \t]*(?:\r?\n|\Z)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The front matter of a page; `end` is the offset of the text below it, 0 without any."""

    data: Mapping[str, Any] = field(default_factory=dict)
    settings: RunbookSettings = field(default_factory=RunbookSettings)
    end: int = 0
    problems: tuple[Problem, ...] = ()


def find_bounds(text: str) -> tuple[int, int, int] | None:
    """Return the offsets of the YAML or TOML in a page's front matter, and the end of its last line.

    YAML is between a `---` on the first line and the next `---` or `...`, TOML between two lines `+++`. The
    third offset is the end of that last line. Returns None if one of the two lines is missing.
    """
    opening = _OPENING.match(text)
    if opening is None:
        return None
    closing = (_CLOSING_TOML if opening["toml"] else _CLOSING).search(text, opening.end())
    return (opening.end(), closing.start(), closing.end()) if closing else None


def is_toml(text: str) -> bool:
    """Return whether the front matter of a page is TOML."""
    return text.startswith(("+++", "\ufeff+++"))
