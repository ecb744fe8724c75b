"""Lets pytest collect runbooks: an item for the linter, and one for each rehearsal.

Every run of pytest loads this module if the package is installed. Therefore it imports nothing of ours
before a runbook is collected. A Markdown file is a runbook only if the option `runbooks` names it or its
folder, or if the command line names it by a path through a folder `runbooks`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .diagnostics.report import Diagnostic
    from .rehearsal.python_stand_ins import StandIns


_OPTION = "runbooks"

_HELP = "folders and files whose Markdown pages are runbooks; always: what is named of a folder `runbooks`"

_SUFFIXES = (".md", ".markdown")

_NOT_ISOLATED = "not isolated"

_FOLDERS = pytest.StashKey[tuple[Path, ...]]()


class RunbookFailure(Exception):
    """A page failed its check; the text is a whole report, and its first line is a summary."""

    def __init__(self, text: str, path: Path, line: int = 1) -> None:
        super().__init__(text)
        self.path = path
        self.line = line


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option `runbooks` to the configuration file."""
    parser.addini(_OPTION, _HELP, type="paths", default=[])


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> RunbookFile | None:
    """Collect a Markdown file if it is a runbook."""
    if file_path.suffix.lower() not in _SUFFIXES or not _is_runbook(file_path, parent.config):
        return None
    return RunbookFile.from_parent(parent, path=file_path)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print at the end why rehearsals were not isolated, including those that passed."""
    reports = (each for kind in ("passed", "failed") for each in terminalreporter.stats.get(kind, ()))
    reasons = {
        why for each in reports for name, why in getattr(each, "user_properties", ()) if name == _NOT_ISOLATED
    }
    for why in sorted(reasons):
        terminalreporter.write_line(
            f"rehearsals were not isolated from the network and from other files: {why}"
        )


def _is_runbook(path: Path, config: pytest.Config) -> bool:
    folders = config.stash.get(_FOLDERS, None)
    if folders is None:
        folders = config.stash[_FOLDERS] = (*config.getini(_OPTION), *_find_named_paths(config))
    return any(path.is_relative_to(folder) for folder in folders)


def _find_named_paths(config: pytest.Config) -> Iterable[Path]:
    """The paths on pytest's command line that lead into a folder `runbooks` of the project."""
    for argument in config.args:
        name, _, _ = argument.partition("::")
        path = Path(os.path.abspath(config.invocation_params.dir / name))  # noqa: PTH100 - keeps symbolic links
        if path.is_relative_to(config.rootpath) and _OPTION in path.relative_to(config.rootpath).parts:
            yield path


@pytest.fixture
def stand_ins(tmp_path: Path) -> StandIns:
    """Replace programs by functions of the test, and rehearse runbooks with them."""
    from .rehearsal.python_stand_ins import StandIns

    return StandIns(tmp_path)


class RunbookFile(pytest.File):
    """A page that is a runbook."""

    def collect(self) -> Iterable[pytest.Item]:
        """Yield an item for the linter, and one for each rehearsal."""
        from .rehearsal.transcript.model import is_transcript, transcripts_of

        yield LintItem.from_parent(self, name="lint")
        for transcript in () if is_transcript(self.path) else transcripts_of(self.path):
            course = transcript.name.removeprefix(f"{self.path.stem}.").removesuffix("rehearsal.md")
            # no brackets: pytest reads them as parameters of a function, and `--lf` would not find the item
            name = f"rehearsal-{course.rstrip('.')}" if course else "rehearsal"
            item = RehearsalItem.from_parent(self, name=name)
            item.transcript = transcript
            yield item


class RunbookItem(pytest.Item):
    """A check of a page."""

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The page, and the heading of a failure."""
        return self.path, None, f"{self.path.name}: {self.name}"

    def display_path(self, path: Path) -> str:
        """The path relative to the folder in which pytest was started, if it is below it."""
        here = self.config.invocation_params.dir
        return str(path.relative_to(here) if path.is_relative_to(here) else path)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> object:  # type: ignore[override]
        """The report of a failed check, at its line; any other exception is a bug, with a traceback."""
        failure = excinfo.value
        if not isinstance(failure, RunbookFailure):
            return super().repr_failure(excinfo)
        shown: Any = excinfo.getrepr(style="value", chain=False)
        trace, place, remark = shown.chain[-1]
        short, _, _ = str(failure).partition("\n")
        place = replace(place, path=self.display_path(failure.path), lineno=failure.line, message=short)
        # pytest reads the first, and pytest-xdist, which runs tests in other processes, the second
        shown.chain, shown.reprcrash = [(trace, place, remark)], place
        return shown


class LintItem(RunbookItem):
    """Fails if the linter finds something, or cannot check a part of the page."""

    def runtest(self) -> None:
        """Lint the page with the same settings as `runbook-exec lint`."""
        from datetime import date

        from .diagnostics.formats import write
        from .lint.linter import lint
        from .lint.selection import UnknownCode
        from .lint.settings import BadSettings, settings_for

        path = str(self.path)
        try:
            report = lint([path], settings_for([path]), date.today())
        except (BadSettings, UnknownCode) as refused:
            raise RunbookFailure(str(refused), self.path) from None
        shown = self.display_path(self.path)
        report = replace(report, diagnostics=tuple(each._replace(path=shown) for each in report.diagnostics))
        not_checked = "".join(f"{shown}: {why}\n" for why in report.not_checked)
        if report.diagnostics:
            raise RunbookFailure(
                (write(report, "text") + not_checked).rstrip(), self.path, report.diagnostics[0].location.line
            )
        if not_checked:
            raise RunbookFailure(not_checked.rstrip(), self.path)


class RehearsalItem(RunbookItem):
    """Fails if a rehearsal of the page differs from its transcript, or is not possible."""

    transcript: Path

    def runtest(self) -> None:
        """Rehearse the page as `runbook-exec rehearse` does."""
        from .diagnostics.formats.text import format_diagnostic
        from .lint.settings import BadSettings, settings_for
        from .rehearsal.rehearse import PROGRAMS_OPTION, Options, list_diagnostics, rehearse

        path = str(self.transcript)
        try:
            programs = settings_for([path])[path].options.get(PROGRAMS_OPTION, ())
        except BadSettings as refused:
            raise RunbookFailure(str(refused), self.transcript) from None
        result = rehearse(self.transcript, Options(programs=programs))
        if result.not_isolated:
            self.user_properties.append((_NOT_ISOLATED, result.not_isolated))
        found = [self._with_display_paths(each) for each in list_diagnostics(result)]
        if found:
            text = "\n".join(format_diagnostic(each) for each in found).rstrip()
            raise RunbookFailure(text, Path(list_diagnostics(result)[0].path), found[0].location.line)
        if result.why:
            raise RunbookFailure(f"{self.display_path(self.transcript)}: {result.why}", self.transcript)

    def _with_display_paths(self, found: Diagnostic) -> Diagnostic:
        """The diagnostic with paths as `display_path` shortens them."""
        also = found.also and found.also._replace(path=self.display_path(Path(found.also.path)))
        return found._replace(path=self.display_path(Path(found.path)), also=also)
