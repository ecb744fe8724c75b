"""Rules of the linter, and the page and context that they check."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..diagnostics.finding import Finding
from ..diagnostics.rule import RuleInfo
from ..document.model import Runbook
from ..light_classes import NamedTuple, dataclass, field
from ..text.span import Span
from .facts.query_log import QueryLog
from .inputs import Pages

if TYPE_CHECKING:
    from .facts.prefetch import BackgroundResult


class SyntaxProblem(NamedTuple):
    """The message of a shell about a block that it cannot parse, with the place."""

    span: Span
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """A page to check, and its context."""

    runbook: Runbook
    path: Path
    context: LintContext
    options: Mapping[str, Any] = field(default_factory=dict)  # from the nearest settings file
    syntax_problems: Mapping[int, SyntaxProblem] = field(
        default_factory=dict
    )  # of the shells, by the start of the block


@dataclass(slots=True, eq=False)
class LintContext:
    """The pages, the date and the facts about the machine that the rules of a run share."""

    pages: Pages
    today: date
    query_log: QueryLog = field(default_factory=lambda: QueryLog())
    rules: Sequence[RuleInfo] = ()  # every rule that has a code, also those that are not selected
    history: BackgroundResult | None = None  # of the pages' repositories, if it is being read
    few_pages: bool = False  # so few pages are checked that facts about one are not collected for all


@dataclass(frozen=True, slots=True)
class Example:
    """A document that shows a rule; `files` are the texts of other files beside it, by name."""

    text: str
    at: tuple[int, int] | None = None  # the line and column of the finding, if there must be one
    files: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)  # as in a settings file


class Rule(NamedTuple):
    """A rule of the linter; each `bad` example must have a finding, and no `good` one may."""

    info: RuleInfo
    check: Callable[[Page], Iterator[Finding]]
    bad: tuple[Example, ...] = ()
    good: tuple[Example, ...] = ()
    asks_shells: bool = False  # whether it needs the blocks checked by their shells
    asks_history: bool = False  # whether it needs the git history of the page
