"""The rules of the linter, a family in one visible tuple."""

from __future__ import annotations

from . import (
    commands,
    dates,
    destructive,
    drift,
    links,
    meaning,
    page,
    parsing,
    secret_text,
    steps,
    structure,
    values,
)
from .rule import Rule

RULES: tuple[Rule, ...] = (
    *parsing.RULES,
    *values.RULES,
    *meaning.RULES,
    *destructive.RULES,
    *secret_text.RULES,
    *links.RULES,
    *structure.RULES,
    *page.RULES,
    *steps.RULES,
    *dates.RULES,
    *drift.RULES,
    *commands.RULES,
)
