"""What a rule of the linter is, and what it is given to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..model import Runbook, Severity, Span
from .pages import Pages

if TYPE_CHECKING:
    from .ahead import Ahead


class Finding(NamedTuple):
    """Something that a rule has found: what, exactly where, what to do, and a safe change if there is one."""

    message: str
    span: Span
    hint: str = ""
    fix: Fix | None = None
    secret: bool = False  # what the span covers is not to be shown


class Fix(NamedTuple):
    """A change that keeps what the page says: `text[start:end]` of the file becomes `replacement`."""

    start: int
    end: int
    replacement: str


class Refusal(NamedTuple):
    """What a block's own shell says of it when it does not parse, and where."""

    span: Span
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """A page that is looked at, and the pages around it."""

    runbook: Runbook
    path: Path
    site: Site
    options: Mapping[str, Any] = field(default_factory=dict)  # of the nearest settings file
    refused: Mapping[int, Refusal] = field(default_factory=dict)  # by shells, by where the block begins


@dataclass(slots=True, eq=False)
class Site:
    """All pages of one run of the linter, by path, and what rules may ask of the machine."""

    pages: Pages
    today: date
    notes: Notes = field(default_factory=lambda: Notes())
    history: Ahead | None = None  # that of the pages' repositories, where it is being looked at
    few: bool = False  # whether so few pages are looked at that what is asked for one is not made for all


Question = tuple[str, ...]
Guard = tuple[Question, Any] | None  # while this question has this answer, another need not be asked again


class Notes:
    """What the findings on a page rest on beside the page itself, and are made anew if it changes."""

    def __init__(self) -> None:
        self._answers: dict[Question, tuple[Any, Guard]] = {}
        self._until: date | None = None

    def known(self, question: Question) -> tuple[Any, Guard] | None:
        """What was noted for this page of a question that was asked before."""
        return self._answers.get(question)

    def asked(self, question: Question, answer: Any, guard: Guard = None) -> None:
        """What is around the page was asked for: a question that can be asked again, and its answer."""
        self._answers[question] = answer, guard

    def holds_until(self, day: date) -> None:
        """From this day on, what is found on the page may be otherwise."""
        self._until = day if self._until is None else min(self._until, day)

    def taken(self) -> tuple[Mapping[Question, tuple[Any, Guard]], date | None]:
        """What was noted since the last time, for one page: the answers, and the first such day."""
        taken = self._answers, self._until
        self._answers, self._until = {}, None
        return taken


@dataclass(frozen=True, slots=True)
class Example:
    """A document that shows a rule: `files` are others beside it, by name."""

    text: str
    at: tuple[int, int] | None = None  # the line and column of the finding, where it trips the rule
    files: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)  # as in a settings file


class Rule(NamedTuple):
    """One thing that the linter looks for; `bad` trips it and `good` must not."""

    code: str  # a letter and three digits, never used for anything else
    name: str  # one line, lower case, kebab-case words
    why: str  # Markdown: what goes wrong in real life, and what to do instead
    check: Callable[[Page], Iterator[Finding]]
    bad: tuple[Example, ...] = ()
    good: tuple[Example, ...] = ()
    severity: Severity = Severity.WARNING
    default: bool = True  # whether it looks without being selected
    asks_shells: bool = False  # whether it looks at what the shells say of the blocks
    asks_history: bool = False  # whether it looks at what git tells of the page
