"""Defines the items that pytest collects for a runbook.

They are the linter's findings, and each of its rehearsals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from ..diagnostics.formats import write
from ..diagnostics.formats.text import format_diagnostic
from ..diagnostics.report import Diagnostic
from ..light_classes import replace
from ..lint.linter import lint
from ..lint.selection import UnknownCode
from ..lint.settings import BadSettings, settings_for
from ..rehearsal.rehearse import PROGRAMS_OPTION, Options, list_diagnostics, rehearse
from ..rehearsal.transcript.model import is_transcript, transcripts_of
from . import NOT_ISOLATED


class RunbookFailure(Exception):
    """The failure of a page; the text is complete, and its first line is a summary."""

    def __init__(self, text: str, path: Path, line: int = 1) -> None:
        super().__init__(text)
        self.path = path
        self.line = line


class RunbookFile(pytest.File):
    """A page, and the items that pytest runs for it."""

    def collect(self) -> Iterable[pytest.Item]:
        """Yield an item for the linter, and one for each transcript."""
        yield LintItem.from_parent(self, name="lint")
        for transcript in () if is_transcript(self.path) else transcripts_of(self.path):
            course = transcript.name.removeprefix(f"{self.path.stem}.").removesuffix("rehearsal.md")
            # no brackets: pytest takes them for the parameters of a function, and `--lf` misses the item
            name = f"rehearsal-{course.rstrip('.')}" if course else "rehearsal"
            item = RehearsalItem.from_parent(self, name=name)
            item.transcript = transcript
            yield item


class RunbookItem(pytest.Item):
    """A check of a page."""

    funcargs: Mapping[str, object] = MappingProxyType({})  # other plugins expect that every test has it

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return the page, and the heading of a failure."""
        return self.path, None, f"{self.path.name}: {self.name}"

    def display_path(self, path: Path) -> str:
        """Return the path relative to the folder that pytest was started in."""
        here = self.config.invocation_params.dir
        return str(path.relative_to(here) if path.is_relative_to(here) else path)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> object:  # type: ignore[override]
        """Return the text of a RunbookFailure at its line.

        Any other error is a bug of ours, with a traceback.
        """
        failure = excinfo.value
        if not isinstance(failure, RunbookFailure):
            return super().repr_failure(excinfo)
        told: Any = excinfo.getrepr(style="value", chain=False)
        trace, place, remark = told.chain[-1]
        short, _, _ = str(failure).partition("\n")
        place = replace(place, path=self.display_path(failure.path), lineno=failure.line, message=short)
        # this process prints the chain; the process that pytest-xdist reports to prints the crash
        told.chain, told.reprcrash = [(trace, place, remark)], place
        return told


class LintItem(RunbookItem):
    """Fails if the linter finds something, or could not check all of the page."""

    def runtest(self) -> None:
        """Lint the page with the settings of `runbook-exec lint`."""
        path = str(self.path)
        try:
            report = lint([path], settings_for([path]), date.today())
        except (BadSettings, UnknownCode) as refused:
            raise RunbookFailure(str(refused), self.path) from None
        shown = self.display_path(self.path)
        report = replace(report, diagnostics=tuple(each._replace(path=shown) for each in report.diagnostics))
        told = "".join(f"{shown}: {why}\n" for why in report.not_checked)
        if report.diagnostics:
            raise RunbookFailure(
                (write(report, "text") + told).rstrip(), self.path, report.diagnostics[0].location.line
            )
        if told:
            raise RunbookFailure(told.rstrip(), self.path)


class RehearsalItem(RunbookItem):
    """Fails if a rehearsal of the page differs from its transcript, or cannot be made."""

    transcript: Path

    def runtest(self) -> None:
        """Rehearse the page like `runbook-exec rehearse`."""
        path = str(self.transcript)
        try:
            programs = settings_for([path])[path].options.get(PROGRAMS_OPTION, ())
        except BadSettings as refused:
            raise RunbookFailure(str(refused), self.transcript) from None
        result = rehearse(self.transcript, Options(programs=programs))
        if result.not_isolated:
            self.user_properties.append((NOT_ISOLATED, result.not_isolated))
        found = [self._with_display_paths(each) for each in list_diagnostics(result)]
        if found:
            told = "\n".join(format_diagnostic(each) for each in found).rstrip()
            raise RunbookFailure(told, Path(list_diagnostics(result)[0].path), found[0].location.line)
        if result.why:
            raise RunbookFailure(f"{self.display_path(self.transcript)}: {result.why}", self.transcript)

    def _with_display_paths(self, found: Diagnostic) -> Diagnostic:
        """Return the diagnostic with paths relative to the folder that pytest was started in."""
        also = found.also and found.also._replace(path=self.display_path(Path(found.also.path)))
        return found._replace(path=self.display_path(Path(found.path)), also=also)
