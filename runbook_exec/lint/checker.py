"""Checks pages: parses each one, lets the shells check its blocks, and runs every rule."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from pathlib import Path

from ..diagnostics.report import Diagnostic, build_diagnostics
from ..document.model import Runbook
from ..document.parser import parse_runbook
from ..errors import reason
from ..system.gc_pause import pause_gc
from .facts.git_history import prefetch_history
from .facts.shell_check import AskShell, ShellCheckResult, ask_shell, check_blocks
from .inputs import Pages
from .results import CachedResult, PageResult
from .rule import LintContext, Page, Rule
from .selection import LintSettings
from .suppressions import suppressed_codes_by_line

_MOST = 1000  # findings of one rule on one page; more are reported after some are fixed


class Checker:
    """Checks the pages of one run, some at a time."""

    def __init__(
        self,
        context: LintContext,
        pages: Pages,
        settings: Mapping[str, LintSettings],
        rules: Sequence[Rule],
        ask: AskShell = ask_shell,
    ) -> None:
        self._context = context
        self._pages = pages
        self._settings = settings
        self._rules = rules
        self._ask_shell = ask
        self._latest: tuple[LintSettings | None, Sequence[Rule]] = None, ()

    def prefetch(self) -> AbstractContextManager[None]:
        """Collect the facts shared by all pages in the background.

        The processes that check pages read these facts.
        """
        settings = {id(each): each for each in self._settings.values()}
        if not any(rule.asks_history for each in settings.values() for rule in self._rules_for(each)):
            return nullcontext()
        folders = {os.path.split(os.path.abspath(name))[0] for name in self._pages}  # noqa: PTH100
        return prefetch_history(self._context, folders)

    @pause_gc
    def check(self, paths: Sequence[str]) -> list[CachedResult]:
        """Return the results of these pages, each with the answers that it depends on."""
        results: dict[str, CachedResult] = {}
        read: dict[str, Runbook] = {}
        for path in paths:
            try:
                data = self._pages.content(path)
            except OSError as error:
                why = f"cannot read `{path}`: {reason(error)}"
                results[path] = CachedResult(PageResult(path, read_error=why))
                continue
            read[path] = parse_runbook(data, path)
        results |= self.check_runbooks(read)
        return [results[path] for path in paths]

    def check_runbooks(self, read: Mapping[str, Runbook]) -> dict[str, CachedResult]:
        """Return the results of parsed pages, by path."""
        results: dict[str, CachedResult] = {}
        rules = {path: self._rules_for(self._settings[path]) for path in read}
        checks = check_blocks(
            {path: read[path] for path in read if any(rule.asks_shells for rule in rules[path])},
            self._ask_shell,
        )
        for path, runbook in read.items():
            check = checks.get(path, ShellCheckResult())
            page = Page(
                runbook, Path(path), self._context, self._settings[path].options, check.syntax_problems
            )
            found = tuple(self._check_page(path, page, rules[path]))
            results[path] = CachedResult(
                PageResult(path, runbook.digest, found, check.unchecked_blocks),
                *self._context.query_log.drain(),
            )
        return results

    def _rules_for(self, settings: LintSettings) -> Sequence[Rule]:
        if settings is not self._latest[0]:
            self._latest = settings, [rule for rule in self._rules if rule.info in settings.selection]
        return self._latest[1]

    def _check_page(self, path: str, page: Page, rules: Sequence[Rule]) -> Iterator[Diagnostic]:
        found = [(rule.info, finding) for rule in rules for finding in islice(rule.check(page), _MOST)]
        found.sort(key=lambda each: (each[1].span.start, each[0].code))
        suppressed = suppressed_codes_by_line(page.runbook)
        for each, (rule, finding) in zip(
            build_diagnostics(path, page.runbook.text, found), found, strict=True
        ):
            codes = suppressed.get(finding.span.line, frozenset())
            if not any(code == rule.name or rule.code.startswith(code) for code in codes):
                yield each
