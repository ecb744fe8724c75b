"""The linter: pages in, findings out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any

from ..diagnostics.report import Report
from .cache import Cache, Keys, line
from .facts.query_log import Question
from .inputs import Pages
from .results import Kept, Looked
from .rule import Site
from .selection import Settings

if TYPE_CHECKING:
    from .rule import Rule


_FEW = 8  # pages


def lint(
    paths: Iterable[str],
    settings: Mapping[str, Settings],
    today: date,
    rules: Sequence[Rule] | None = None,
    given: Mapping[str, bytes] | None = None,
    cache: Cache | None = None,
) -> Report:
    """Look at pages by their paths, with the settings for each; `given` are the bytes of some of them.

    What a cache holds is taken from there as long as all that it rests on is as it was. Raises UnknownCode
    where a rule that is not there is named.
    """
    run = _Run(tuple(paths), settings, today, rules, given or {})
    if cache is None or not run.paths:
        return _report([kept.looked for kept in run.look(run.paths)])
    return _report([*run.look_with(cache)])


class _Run:
    """One run of the linter. What is only needed to look at a page is imported when one is looked at."""

    def __init__(
        self,
        paths: Sequence[str],
        settings: Mapping[str, Settings],
        today: date,
        rules: Sequence[Rule] | None,
        given: Mapping[str, bytes],
    ) -> None:
        self.paths = paths
        self._settings = settings
        self._rules = rules
        self._pages = Pages(paths, given)
        self._site = Site(self._pages, today)
        self._answers: dict[Question, Any] = {}

    def look(self, paths: Sequence[str]) -> Iterator[Kept]:
        """Look at some of the pages."""
        from .checker import Looking
        from .concurrency import spread
        from .registry import RULES, check_codes

        self._site.few = len(paths) <= _FEW
        for codes in dict.fromkeys(settings.codes for settings in self._settings.values()):
            check_codes(codes)
        rules = RULES if self._rules is None else self._rules
        looking = Looking(self._site, self._pages, self._settings, rules)
        return spread(looking.look, paths, looking.ahead)

    def look_with(self, cache: Cache) -> Iterator[Looked]:
        """Look at all pages, but for those about which the cache knows everything."""
        keys = Keys()
        used: set[str] = set()
        known: dict[str, Looked] = {}
        for path in self.paths:
            with suppress(OSError):  # whoever looks at the page says so
                digest = self._pages.digest(path)
                key = keys.key(path, digest, self._settings[path])
                used.add(key)
                kept = cache.get(key, path, digest)
                if kept is not None and self._holds(kept):
                    known[path] = kept.looked
        unknown = [path for path in self.paths if path not in known]
        made: dict[bytes, bytes] = {}
        for kept in self.look(unknown) if unknown else ():
            looked = kept.looked
            known[looked.path] = looked
            if not looked.unread:
                key = keys.key(looked.path, looked.digest, self._settings[looked.path])
                made[key.encode()] = line(key, kept)
        cache.add(made, used)
        return (known[path] for path in self.paths)

    def _holds(self, kept: Kept) -> bool:
        """Whether what a page's findings rest on beside the page is as it was."""
        if kept.until is not None and self._site.today >= kept.until:
            return False
        return all(
            (guard is not None and self._answer(guard[0]) == guard[1]) or self._answer(question) == answer
            for question, (answer, guard) in kept.answers.items()
        )

    def _answer(self, question: Question) -> Any:
        if question not in self._answers:
            from .facts.queries import answer_to

            self._answers[question] = answer_to(self._site, question)
        return self._answers[question]


def _report(looked: Sequence[Looked]) -> Report:
    missing: Counter[str] = Counter()
    for page in looked:
        missing.update(page.unchecked)
    unchecked = (
        f"{shell} is not on PATH: {count} block{'s' * (count != 1)} could not be checked"
        for shell, count in sorted(missing.items())
    )
    return Report(
        tuple(found for page in looked for found in page.found),
        {page.path: page.digest for page in looked if not page.unread},
        (*(page.unread for page in looked if page.unread), *unchecked),
    )
