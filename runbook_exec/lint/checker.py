"""Looking at pages: each is read, its blocks are given to their shells, and every rule looks at it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from pathlib import Path

from ..diagnostics.report import Found, told
from ..document.model import Runbook
from ..document.parser import parse
from ..system.gc_pause import no_search_for_cycles
from .facts.shell_check import Verdict, verdicts
from .inputs import Pages
from .results import Kept, Looked
from .rule import Page, Rule, Site
from .selection import Settings
from .suppressions import ignored_lines

_MOST = 1000  # findings of one rule on one page: who has more mends some, and looks again


class Looking:
    """Looks at the pages of one run, some at a time."""

    def __init__(
        self, site: Site, pages: Pages, settings: Mapping[str, Settings], rules: Sequence[Rule]
    ) -> None:
        self._site = site
        self._pages = pages
        self._settings = settings
        self._rules = rules
        self._latest: tuple[Settings | None, Sequence[Rule]] = None, ()

    def ahead(self) -> AbstractContextManager[None]:
        """What is the same for all pages is found meanwhile, for the processes that look at them."""
        settings = {id(each): each for each in self._settings.values()}
        if not any(rule.asks_history for each in settings.values() for rule in self._rules_for(each)):
            return nullcontext()
        from .facts.git_history import history_ahead

        folders = {os.path.split(os.path.abspath(name))[0] for name in self._pages}  # noqa: PTH100
        return history_ahead(self._site, folders)

    @no_search_for_cycles()
    def look(self, paths: Sequence[str]) -> list[Kept]:
        """What is found on these pages, and what that rests on."""
        looked: dict[str, Kept] = {}
        read: dict[str, Runbook] = {}
        for path in paths:
            try:
                data = self._pages.content(path)
            except OSError as error:
                why = f"cannot read `{path}`: {(error.strerror or str(error)).lower()}"
                looked[path] = Kept(Looked(path, unread=why))
                continue
            read[path] = parse(data, path)
        rules = {path: self._rules_for(self._settings[path]) for path in read}
        said = verdicts({path: read[path] for path in read if any(rule.asks_shells for rule in rules[path])})
        for path, runbook in read.items():
            verdict = said.get(path, Verdict())
            page = Page(runbook, Path(path), self._site, self._settings[path].options, verdict.refused)
            found = tuple(self._on_page(path, page, rules[path]))
            looked[path] = Kept(
                Looked(path, runbook.digest, found, verdict.missing), *self._site.notes.taken()
            )
        return [looked[path] for path in paths]

    def _rules_for(self, settings: Settings) -> Sequence[Rule]:
        if settings is not self._latest[0]:
            self._latest = settings, [rule for rule in self._rules if rule in settings.selection]
        return self._latest[1]

    def _on_page(self, path: str, page: Page, rules: Sequence[Rule]) -> Iterator[Found]:
        found = [(rule, finding) for rule in rules for finding in islice(rule.check(page), _MOST)]
        found.sort(key=lambda each: (each[1].span.start, each[0].code))
        ignored = ignored_lines(page.runbook)
        for each, (rule, finding) in zip(told(path, page.runbook.text, found), found, strict=True):
            codes = ignored.get(finding.span.line, frozenset())
            if not any(code == rule.name or rule.code.startswith(code) for code in codes):
                yield each
