"""What a rule of the linter is, and what it is given to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from ..model import Runbook, Severity, Span


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a rule has found: what, exactly where, what to do, and a safe change if there is one."""

    message: str
    span: Span
    hint: str = ""
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that keeps what the page says: `text[start:end]` of the file becomes `replacement`."""

    start: int
    end: int
    replacement: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page that is looked at, and the pages around it."""

    runbook: Runbook
    path: Path
    site: Site
    options: Mapping[str, Any] = field(default_factory=dict)  # of the nearest settings file


@dataclass(frozen=True, slots=True)
class Site:
    """All pages of one run of the linter, by path, and what rules may ask of the machine."""

    pages: Mapping[Path, Runbook]
    roots: Sequence[Path]  # where pages that links may mean are looked for
    today: date
    refused: Mapping[tuple[Path, int], tuple[Span, str]] = field(
        default_factory=dict
    )  # by the shells, per block


@dataclass(frozen=True, slots=True)
class Example:
    """A document that shows a rule: `files` are others beside it, by name."""

    text: str
    at: tuple[int, int] | None = None  # the line and column of the finding, where it trips the rule
    files: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)  # as in a settings file


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that the linter looks for; `bad` trips it and `good` must not."""

    code: str  # a letter and three digits, never used for anything else
    name: str  # one line, lower case, kebab-case words
    why: str  # Markdown: what goes wrong in real life, and what to do instead
    check: Callable[[Page], Iterator[Finding]]
    bad: tuple[Example, ...] = ()
    good: tuple[Example, ...] = ()
    severity: Severity = Severity.WARNING
    default: bool = True  # whether it looks without being selected
