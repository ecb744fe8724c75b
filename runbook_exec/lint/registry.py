"""Codes of rules, and names, as people write them."""

from __future__ import annotations

from collections.abc import Iterable

from ..text.suggest import did_you_mean
from .rule import Rule
from .rules import commands, dates, destructive, drift, links
from .rules import front_matter as page
from .rules import placeholders as values
from .rules import secrets as secret_text
from .rules import shell_pitfalls as meaning
from .rules import site_structure as structure
from .rules import step_numbers as steps
from .rules import syntax as parsing
from .selection import ALL, UnknownCode, codes_match_rule


def check_codes(codes: Iterable[tuple[str, str]]) -> None:
    """Look whether each code, beginning of one or name means a rule; it comes after where it stands.

    Raises UnknownCode for the first that does not.
    """
    for where, code in codes:
        if not code:
            raise UnknownCode(f"{where}expected the code of a rule, such as `P101`, got nothing")
        if code != ALL and not any(codes_match_rule((code,), rule) for rule in RULES):
            names = (*(rule.code for rule in RULES), *(rule.name for rule in RULES))
            guess = did_you_mean(code, names) or did_you_mean(code.upper(), names)
            guess = guess or "; `runbook-exec lint --list-rules` lists them"
            raise UnknownCode(f"{where}`{code}` is the code of no rule{guess}")


def rule_of(code: str) -> Rule:
    """The rule with this code or name; raises UnknownCode."""
    for rule in RULES:
        if code.upper() == rule.code or code == rule.name:
            return rule
    check_codes([("", code)])
    raise UnknownCode(f"expected the whole code of a rule, got `{code}`; --list-rules lists them")


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
