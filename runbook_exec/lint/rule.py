"""What a rule of the linter is, and what it is given to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..diagnostics.finding import Finding
from ..diagnostics.rule import RuleInfo
from ..document.model import Runbook
from ..text.span import Span
from .facts.query_log import QueryLog
from .inputs import Pages

if TYPE_CHECKING:
    from .facts.prefetch import BackgroundResult


class SyntaxProblem(NamedTuple):
    """What a block's own shell says of it when it does not parse, and where."""

    span: Span
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """A page that is looked at, and the pages around it."""

    runbook: Runbook
    path: Path
    context: LintContext
    options: Mapping[str, Any] = field(default_factory=dict)  # of the nearest settings file
    syntax_problems: Mapping[int, SyntaxProblem] = field(
        default_factory=dict
    )  # by shells, by where the block begins


@dataclass(slots=True, eq=False)
class LintContext:
    """All pages of one run of the linter, by path, and what rules may ask of the machine."""

    pages: Pages
    today: date
    query_log: QueryLog = field(default_factory=lambda: QueryLog())
    rules: Sequence[RuleInfo] = ()  # every rule that has a code, also those that are not selected
    history: BackgroundResult | None = None  # that of the pages' repositories, where it is being looked at
    few_pages: bool = (
        False  # whether so few pages are looked at that what is asked for one is not made for all
    )


@dataclass(frozen=True, slots=True)
class Example:
    """A document that shows a rule: `files` are others beside it, by name."""

    text: str
    at: tuple[int, int] | None = None  # the line and column of the finding, where it trips the rule
    files: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)  # as in a settings file


class Rule(NamedTuple):
    """One thing that the linter looks for; `bad` trips it and `good` must not."""

    info: RuleInfo
    check: Callable[[Page], Iterator[Finding]]
    bad: tuple[Example, ...] = ()
    good: tuple[Example, ...] = ()
    asks_shells: bool = False  # whether it looks at what the shells say of the blocks
    asks_history: bool = False  # whether it looks at what git tells of the page
