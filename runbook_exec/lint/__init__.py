"""The linter: a family of small rules in one visible tuple."""

from __future__ import annotations

from . import meaning, parsing, secret_text, values
from .rule import Rule

RULES: tuple[Rule, ...] = (*parsing.RULES, *values.RULES, *meaning.RULES, *secret_text.RULES)
