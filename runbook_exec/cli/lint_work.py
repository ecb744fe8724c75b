"""Holds the pages that one run of the linter checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from ..diagnostics.report import Report
from ..light_classes import dataclass
from ..lint.cache import Cache
from ..lint.linter import lint
from ..lint.selection import LintSettings
from ..system.regular_file import read_regular_file


@dataclass(frozen=True, slots=True)
class LintWork:
    """Pages by path with the settings for each; `given` has the bytes of standard input."""

    pages: Sequence[str]
    settings: Mapping[str, LintSettings]
    given: dict[str, bytes]
    cache: Cache | None

    def report(self) -> Report:
        """Lint the pages in their present state; raises UnknownCode."""
        return lint(self.pages, self.settings, date.today(), given=self.given, cache=self.cache)

    def content(self, path: str) -> bytes:
        """Return the present bytes of a page; raises OSError."""
        return self.given[path] if path in self.given else read_regular_file(path, pipes=True)
