"""Which rules look at a page, and what the settings tell them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import Refused

if TYPE_CHECKING:
    from .rule import Rule


ALL = "ALL"  # every rule, in place of a code


class UnknownCode(Refused):
    """A code that means no rule; the message says where it stands and what may be meant."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rules look: by code or by the beginning of one; `only` replaces the default, `no` takes away."""

    select: Collection[str] = ()
    extend_select: Collection[str] = ()
    ignore: Collection[str] = ()

    def __contains__(self, rule: Rule) -> bool:
        wanted = codes_match_rule(self.select, rule) if self.select else rule.default
        return (wanted or codes_match_rule(self.extend_select, rule)) and not codes_match_rule(
            self.ignore, rule
        )


@dataclass(frozen=True, slots=True)
class LintSettings:
    """What the settings file nearest to a page says."""

    selection: Selection = field(default_factory=Selection)
    options: Mapping[str, Any] = field(default_factory=dict)
    # every code that somebody wrote, after where it stands: to be checked before a rule looks
    codes: tuple[tuple[str, str], ...] = ()


def codes_match_rule(codes: Collection[str], rule: Rule) -> bool:
    """Whether one of the codes, beginnings of codes and names means this rule."""
    return any(code in (ALL, rule.name) or rule.code.startswith(code) for code in codes)
