"""Lists every rule of the linter, in one tuple."""

from __future__ import annotations

from .rule import Rule
from .rules import (
    anchors,
    captures,
    commands,
    dates,
    destructive,
    drift,
    fish_pitfalls,
    front_matter,
    inner_shells,
    links,
    look_alikes,
    placeholders,
    secrets,
    shell_pitfalls,
    site_structure,
    step_numbers,
    syntax,
    unset_values,
    wikilinks,
)
from .selection import UnknownCode, check_codes

RULES: tuple[Rule, ...] = (
    *syntax.RULES,
    *look_alikes.RULES,
    *placeholders.RULES,
    *unset_values.RULES,
    *captures.RULES,
    *fish_pitfalls.RULES,
    *shell_pitfalls.RULES,
    *destructive.RULES,
    *inner_shells.RULES,
    *secrets.RULES,
    *wikilinks.RULES,
    *anchors.RULES,
    *links.RULES,
    *site_structure.RULES,
    *front_matter.RULES,
    *step_numbers.RULES,
    *dates.RULES,
    *drift.RULES,
    *commands.RULES,
)


def rule_of(code: str) -> Rule:
    """Return the rule with this code or name; raises UnknownCode."""
    for rule in RULES:
        if code.upper() == rule.info.code or code == rule.info.name:
            return rule
    check_codes([("", code)], [rule.info for rule in RULES])
    raise UnknownCode(f"expected the whole code of a rule, got `{code}`; --list-rules lists them")
