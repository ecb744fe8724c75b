"""The linter: a family of small rules in one visible tuple."""

from __future__ import annotations

from . import parsing, values
from .rule import Rule

RULES: tuple[Rule, ...] = (*parsing.RULES, *values.RULES)
