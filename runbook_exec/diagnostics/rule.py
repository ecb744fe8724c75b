"""Describes a rule without the code that checks it."""

from __future__ import annotations

from ..light_classes import NamedTuple
from .problem import Severity


class RuleInfo(NamedTuple):
    """The code and the name of a rule, why it exists, and how severe its findings are."""

    code: str  # a letter and three digits, never reused for another rule
    name: str  # lower-case words joined with hyphens
    why: str  # Markdown: what goes wrong without the rule, and what to do instead
    severity: Severity = Severity.WARNING
    default: bool = True  # whether the rule is checked without being selected
    does: str = ""  # Markdown: what the rule reports, and which settings it has
