"""Runs the linter: pages in, findings out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any

from ..diagnostics.report import Report
from ..diagnostics.rule import RuleInfo
from .cache import Cache, CacheKeys, format_line
from .facts.queries import answer_to
from .facts.query_log import Query
from .inputs import Pages
from .results import CachedResult, PageResult
from .rule import LintContext
from .selection import LintSettings, check_codes

if TYPE_CHECKING:
    from .rule import Rule


_FEW = 8  # pages


def lint(
    paths: Iterable[str],
    settings: Mapping[str, LintSettings],
    today: date,
    rules: Sequence[Rule] | None = None,
    given: Mapping[str, bytes] | None = None,
    cache: Cache | None = None,
) -> Report:
    """Check pages by their paths, with the settings of each.

    `given` are the bytes of some of them. Results in the cache are used as long as everything that they
    depend on is the same. Raises UnknownCode if a code in the settings means no rule.
    """
    run = _LintRun(tuple(paths), settings, today, rules, given or {})
    if cache is None or not run.paths:
        return _build_report([cached.result for cached in run.check(run.paths)])
    return _build_report([*run.check_with_cache(cache)])


class _LintRun:
    """Runs the linter once.

    Modules that are needed only to check a page are imported when a page is checked.
    """

    def __init__(
        self,
        paths: Sequence[str],
        settings: Mapping[str, LintSettings],
        today: date,
        rules: Sequence[Rule] | None,
        given: Mapping[str, bytes],
    ) -> None:
        self.paths = paths
        self._settings = settings
        self._rules = rules
        self._pages = Pages(paths, given)
        self._context = LintContext(self._pages, today)
        self._answers: dict[Query, Any] = {}

    def check(self, paths: Sequence[str]) -> Iterator[CachedResult]:
        """Check some of the pages."""
        from . import checker, concurrency  # a run that finds all in the cache needs neither

        self._context.few_pages = len(paths) <= _FEW
        known = _load_rules()
        self._context.rules = _list_rules()
        for codes in dict.fromkeys(settings.codes for settings in self._settings.values()):
            check_codes(codes, self._context.rules)
        rules = known if self._rules is None else self._rules
        page_checker = checker.Checker(self._context, self._pages, self._settings, rules)
        return concurrency.check_in_batches(page_checker.check, paths, page_checker.prefetch)

    def check_with_cache(self, cache: Cache) -> Iterator[PageResult]:
        """Check the pages that have no valid result in the cache; return the results of all."""
        keys = CacheKeys()
        used: set[str] = set()
        known: dict[str, PageResult] = {}
        for path in self.paths:
            with suppress(OSError):  # reported when the page is checked
                digest = self._pages.digest(path)
                key = keys.make_key(path, digest, self._settings[path])
                used.add(key)
                cached = cache.get(key, path, digest)
                if cached is not None and self._is_current(cached):
                    known[path] = cached.result
        unknown = [path for path in self.paths if path not in known]
        made: dict[bytes, bytes] = {}
        for cached in self.check(unknown) if unknown else ():
            result = cached.result
            known[result.path] = result
            if not result.read_error:
                key = keys.make_key(result.path, result.digest, self._settings[result.path])
                made[key.encode()] = format_line(key, cached)
        cache.add(made, used)
        return (known[path] for path in self.paths)

    def _is_current(self, cached: CachedResult) -> bool:
        """Return whether everything beside the page that its findings depend on is the same."""
        if cached.valid_until is not None and self._context.today >= cached.valid_until:
            return False
        return all(
            (guard is not None and self._current_answer(guard[0]) == guard[1])
            or self._current_answer(query) == answer
            for query, (answer, guard) in cached.answers.items()
        )

    def _current_answer(self, query: Query) -> Any:
        if query not in self._answers:
            self._answers[query] = answer_to(self._context, query)
        return self._answers[query]


def _build_report(results: Sequence[PageResult]) -> Report:
    missing: Counter[str] = Counter()
    for page in results:
        missing.update(page.unchecked_blocks)
    unchecked = (
        f"{shell} is not on PATH: {count} block{'s' * (count != 1)} could not be checked"
        for shell, count in sorted(missing.items())
    )
    return Report(
        tuple(found for page in results for found in page.diagnostics),
        {page.path: page.digest for page in results if not page.read_error},
        (*(page.read_error for page in results if page.read_error), *unchecked),
        rules=_list_rules,
    )


def _load_rules() -> Sequence[Rule]:
    """Return every rule.

    The rules are imported only here, because a run that finds all results in the cache needs none.
    """
    from .registry import RULES

    return RULES


def _list_rules() -> Sequence[RuleInfo]:
    return [rule.info for rule in _load_rules()]
