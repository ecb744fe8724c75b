"""Checks an open page with the rules of the linter, and keeps what they found."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from ..diagnostics.report import Diagnostic
from ..document.model import Runbook
from ..document.parser import parse_runbook
from ..errors import Refused
from ..light_classes import dataclass, field, replace
from ..lint.checker import Checker
from ..lint.inputs import Pages
from ..lint.registry import RULES
from ..lint.rule import LintContext, Rule
from ..lint.selection import LintSettings, check_codes
from ..lint.settings import settings_for
from ..text.span import Span
from .edits import find_change, move_finding
from .pages import OpenPage, OpenPages
from .shell_memory import ShellMemory

if TYPE_CHECKING:
    from .local_check import TrustedPart

_RULE_INFOS = [rule.info for rule in RULES]

_HISTORY_CODES = frozenset(rule.info.code for rule in RULES if rule.asks_history)

_FRESH = 60.0  # seconds, after which facts about other files are collected again

_USUAL_COST = 3e-6  # seconds of CPU for a character of a page


@dataclass(frozen=True, slots=True, eq=False)
class CheckedPage:
    """A page with its findings; `cost` is the CPU time in seconds that it took to find all of them."""

    page: OpenPage
    runbook: Runbook
    found: tuple[Diagnostic, ...]
    settings: LintSettings
    cost: float
    section_starts: Sequence[int] = ()  # offsets of the lines where sections and steps begin, in order
    parts: dict[tuple[int, int], TrustedPart] = field(default_factory=dict)  # sections that were edited since


class PageChecker:
    """Checks open pages, one at a time, on one thread.

    Facts about the folder of a page (its pages, their headings) are kept until `refresh`, or for a minute.
    """

    def __init__(self, pages: OpenPages, report: Callable[[str], None]) -> None:
        self._open = pages
        self._report = report
        self._reported = ""
        self._is_warm = False
        self._shells = ShellMemory()
        self._parsed: dict[str, tuple[str, Runbook]] = {}
        self._context = self._make_context()

    def refresh(self) -> None:
        """Forget the facts about other files: they may have changed."""
        self._context = self._make_context()

    def forget(self, page: OpenPage) -> None:
        """Forget a page that is closed."""
        self._parsed.pop(page.uri, None)

    @property
    def context(self) -> LintContext:
        """Return the facts that the rules share."""
        return self._context

    def parse(self, page: OpenPage) -> Runbook:
        """Return the parsed page; the result for its latest text is remembered."""
        known = self._parsed.get(page.uri)
        if known is None or known[0] != page.text:
            known = page.text, parse_runbook(page.data(), page.path)
            self._parsed[page.uri] = known
        return known[1]

    def latest(self, page: OpenPage) -> Runbook | None:
        """Return the page as it was parsed last, maybe with another text."""
        known = self._parsed.get(page.uri)
        return known[1] if known else None

    def check(self, page: OpenPage, with_history: bool) -> CheckedPage:
        """Check a page with every selected rule.

        Without `with_history`, rules are left out that read the git history.
        """
        if time.monotonic() - self._made > _FRESH:
            self.refresh()
        started = time.thread_time()
        runbook = self.parse(page)
        settings = self._settings(page.path)
        rules = [rule for rule in RULES if with_history or not rule.asks_history]
        found = self.run_rules(page.path, runbook, settings, rules)
        cost = time.thread_time() - started
        if not self._is_warm:  # the first check imports modules
            cost = min(cost, _USUAL_COST * len(page.text))
            self._is_warm = True
        return CheckedPage(page, runbook, tuple(found), settings, cost, _list_starts(runbook))

    def run_rules(
        self, path: str, runbook: Runbook, settings: LintSettings, rules: Sequence[Rule]
    ) -> Sequence[Diagnostic]:
        """Return what some rules find on a page."""
        pages = Pages((path,), {path: runbook.text.encode("utf-8", "replace")})
        checker = Checker(self._context, pages, {path: settings}, rules, self._shells.ask)
        return checker.check_runbooks({path: runbook})[path].result.diagnostics

    def _make_context(self) -> LintContext:
        self._made = time.monotonic()
        context = LintContext(_LivePages(self._open), date.today())
        context.rules = _RULE_INFOS
        context.few_pages = True
        return context

    def _settings(self, path: str) -> LintSettings:
        """Return the settings for a page, or the default ones if its settings file is refused."""
        refused = ""
        try:
            settings = settings_for([path])[path]
            check_codes(settings.codes, _RULE_INFOS)
        except (Refused, OSError) as error:
            settings, refused = LintSettings(), str(error)
        if refused and refused != self._reported:
            self._report(refused)
        self._reported = refused
        return settings


def line_start(span: Span) -> int:
    """Return the offset of the line where a span begins."""
    return span.start - span.column + 1


def _list_starts(runbook: Runbook) -> Sequence[int]:
    steps = (step.span for procedure in runbook.procedures for step in procedure.steps)
    spans = (*(section.span for section in runbook.sections), *(span for span in steps if span.column == 1))
    return sorted(set(map(line_start, spans)))


def keep_history(previous: CheckedPage, checked: CheckedPage) -> CheckedPage:
    """Return the checked page with what the rules about its git history found before."""
    change = find_change(previous.page.text, checked.page.text)
    kept = [move_finding(found, change) for found in previous.found if found.code in _HISTORY_CODES]
    if not kept:
        return checked
    found = sorted((*checked.found, *kept), key=lambda each: (each.location.start, each.code))
    return replace(checked, found=tuple(found), parts={})


class _LivePages(Pages):
    """The open pages, which change while the facts about others stay."""

    def __init__(self, pages: OpenPages) -> None:
        super().__init__((), {})
        self._open = pages

    def __iter__(self) -> Iterator[str]:
        return (page.path for page in self._open)

    def content(self, name: str) -> bytes:
        """Return the bytes of an open page, or of a file. Raises OSError."""
        found = next((page.data() for page in self._open if page.path == name), None)
        return super().content(name) if found is None else found

    def digest(self, name: str) -> str:
        """Return the present digest of a page's bytes. Raises OSError."""
        return hashlib.sha256(self.content(name)).hexdigest()
