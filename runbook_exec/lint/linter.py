"""The linter: pages in, findings out."""

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
    """Look at pages by their paths, with the settings for each; `given` are the bytes of some of them.

    What a cache holds is taken from there as long as all that it rests on is as it was. Raises UnknownCode
    where a rule that is not there is named.
    """
    run = _LintRun(tuple(paths), settings, today, rules, given or {})
    if cache is None or not run.paths:
        return _build_report([kept.result for kept in run.check(run.paths)])
    return _build_report([*run.check_with_cache(cache)])


class _LintRun:
    """One run of the linter. What is only needed to look at a page is imported when one is looked at."""

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
        """Look at some of the pages."""
        from . import checker, concurrency  # a run that finds all in the cache needs neither

        self._context.few_pages = len(paths) <= _FEW
        known = _load_rules()
        self._context.rules = _list_rules()
        for codes in dict.fromkeys(settings.codes for settings in self._settings.values()):
            check_codes(codes, self._context.rules)
        rules = known if self._rules is None else self._rules
        looking = checker.Checker(self._context, self._pages, self._settings, rules)
        return concurrency.check_in_batches(looking.check, paths, looking.prefetch)

    def check_with_cache(self, cache: Cache) -> Iterator[PageResult]:
        """Look at all pages, but for those about which the cache knows everything."""
        keys = CacheKeys()
        used: set[str] = set()
        known: dict[str, PageResult] = {}
        for path in self.paths:
            with suppress(OSError):  # whoever looks at the page says so
                digest = self._pages.digest(path)
                key = keys.make_key(path, digest, self._settings[path])
                used.add(key)
                kept = cache.get(key, path, digest)
                if kept is not None and self._is_current(kept):
                    known[path] = kept.result
        unknown = [path for path in self.paths if path not in known]
        made: dict[bytes, bytes] = {}
        for kept in self.check(unknown) if unknown else ():
            looked = kept.result
            known[looked.path] = looked
            if not looked.read_error:
                key = keys.make_key(looked.path, looked.digest, self._settings[looked.path])
                made[key.encode()] = format_line(key, kept)
        cache.add(made, used)
        return (known[path] for path in self.paths)

    def _is_current(self, kept: CachedResult) -> bool:
        """Whether what a page's findings rest on beside the page is as it was."""
        if kept.valid_until is not None and self._context.today >= kept.valid_until:
            return False
        return all(
            (guard is not None and self._current_answer(guard[0]) == guard[1])
            or self._current_answer(question) == answer
            for question, (answer, guard) in kept.answers.items()
        )

    def _current_answer(self, question: Query) -> Any:
        if question not in self._answers:
            self._answers[question] = answer_to(self._context, question)
        return self._answers[question]


def _build_report(looked: Sequence[PageResult]) -> Report:
    missing: Counter[str] = Counter()
    for page in looked:
        missing.update(page.unchecked_blocks)
    unchecked = (
        f"{shell} is not on PATH: {count} block{'s' * (count != 1)} could not be checked"
        for shell, count in sorted(missing.items())
    )
    return Report(
        tuple(found for page in looked for found in page.diagnostics),
        {page.path: page.digest for page in looked if not page.read_error},
        (*(page.read_error for page in looked if page.read_error), *unchecked),
        rules=_list_rules,
    )


def _load_rules() -> Sequence[Rule]:
    """Every rule. They are imported only here: a run that finds all results in the cache needs none."""
    from .registry import RULES

    return RULES


def _list_rules() -> Sequence[RuleInfo]:
    return [rule.info for rule in _load_rules()]
