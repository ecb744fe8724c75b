"""Selects the rules that check a page, and their settings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ..diagnostics.rule import RuleInfo
from ..errors import Refused
from ..light_classes import dataclass, field
from ..text.suggest import did_you_mean

ALL = "ALL"  # every rule, in place of a code


class UnknownCode(Refused):
    """A code that means no rule; the message has its place and a suggestion."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rules are checked, by code, beginning of a code or name.

    `select` replaces the default.
    """

    select: Collection[str] = ()
    extend_select: Collection[str] = ()
    ignore: Collection[str] = ()

    def __contains__(self, rule: RuleInfo) -> bool:
        wanted = codes_match_rule(self.select, rule) if self.select else rule.default
        return (wanted or codes_match_rule(self.extend_select, rule)) and not codes_match_rule(
            self.ignore, rule
        )


@dataclass(frozen=True, slots=True)
class LintSettings:
    """The settings of a page, from the nearest settings file and the command line."""

    selection: Selection = field(default_factory=Selection)
    options: Mapping[str, Any] = field(default_factory=dict)
    # every code as written, after the place where it is written; `check_codes` checks them
    codes: tuple[tuple[str, str], ...] = ()


def codes_match_rule(codes: Collection[str], rule: RuleInfo) -> bool:
    """Return whether one of the codes, beginnings of codes or names means this rule."""
    return any(code in (ALL, rule.name) or rule.code.startswith(code) for code in codes)


def check_codes(codes: Iterable[tuple[str, str]], rules: Sequence[RuleInfo]) -> None:
    """Check that each code means one of the rules.

    Each pair has the place where a code is written, and the code. A code may also be the beginning of a
    rule's code, or a name. Raises UnknownCode for the first that means no rule.
    """
    for where, code in codes:
        if not code:
            raise UnknownCode(f"{where}expected the code of a rule, such as `P101`, got nothing")
        if code != ALL and not any(codes_match_rule((code,), rule) for rule in rules):
            names = (*(rule.code for rule in rules), *(rule.name for rule in rules))
            guess = did_you_mean(code, names) or did_you_mean(code.upper(), names)
            guess = guess or "; `runbook-exec lint --list-rules` lists them"
            raise UnknownCode(f"{where}`{code}` is the code of no rule{guess}")
