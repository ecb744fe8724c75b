"""Every rule of the linter, in one tuple."""

from __future__ import annotations

from .rule import Rule
from .rules import anchors, commands, dates, destructive, drift, links, wikilinks
from .rules import front_matter as page
from .rules import placeholders as values
from .rules import secrets as secret_text
from .rules import shell_pitfalls as meaning
from .rules import site_structure as structure
from .rules import step_numbers as steps
from .rules import syntax as parsing
from .selection import UnknownCode, check_codes

RULES: tuple[Rule, ...] = (
    *parsing.RULES,
    *values.RULES,
    *meaning.RULES,
    *destructive.RULES,
    *secret_text.RULES,
    *wikilinks.RULES,
    *anchors.RULES,
    *links.RULES,
    *structure.RULES,
    *page.RULES,
    *steps.RULES,
    *dates.RULES,
    *drift.RULES,
    *commands.RULES,
)


def rule_of(code: str) -> Rule:
    """The rule with this code or name; raises UnknownCode."""
    for rule in RULES:
        if code.upper() == rule.info.code or code == rule.info.name:
            return rule
    check_codes([("", code)], [rule.info for rule in RULES])
    raise UnknownCode(f"expected the whole code of a rule, got `{code}`; --list-rules lists them")
