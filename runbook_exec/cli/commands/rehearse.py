"""Runs `runbook-exec rehearse`, which rehearses runbooks with stand-ins."""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

from ...diagnostics.formats import FORMATS, write
from ...diagnostics.formats.text import format_diagnostic
from ...diagnostics.report import Report
from ...document.discovery import collect_pages
from ...errors import Refused
from ...light_classes import dataclass
from ...lint.settings import settings_for
from ...rehearsal.allowlist import HARMLESS
from ...rehearsal.findings import RULES
from ...rehearsal.rehearse import PROGRAMS_OPTION, Options, RehearsalResult, list_diagnostics, rehearse
from ...rehearsal.transcript.model import is_transcript, transcripts_of
from ...rehearsal.updater import update_transcript
from ..arguments import build_parser
from ..exit_status import EXIT_STATUS
from ..layout import FINDINGS, print_laid_out
from ..output import print_text

_DEFAULT = ("runbooks",)


@dataclass(frozen=True, slots=True)
class RehearseOptions:
    """The options of `rehearse`."""

    paths: Sequence[str] = ()
    format: str = "text"
    update: bool = False
    list_programs: bool = False


def run(arguments: argparse.Namespace) -> int:
    """Rehearse runbooks, and print what differs."""
    return EXIT_STATUS[rehearse_pages(RehearseOptions(**vars(arguments)))]


def rehearse_pages(asked: RehearseOptions) -> str:
    """Rehearse, print the results, and return the outcome.

    The outcome is `passed`, `differs`, or `cannot` if something was not rehearsed. Raises Refused.
    """
    if asked.list_programs:
        more = settings_for(["-"])["-"].options.get(PROGRAMS_OPTION, ())
        print("\n".join(sorted({*HARMLESS, *more})))
        return "passed"
    transcripts, without = _transcripts(asked.paths)
    settings = settings_for([str(path) for path in transcripts])
    if not transcripts and not without:
        raise Refused("expected a runbook with a transcript `NAME.rehearsal.md` beside it, found none")
    results: list[RehearsalResult] = []
    for path in transcripts:
        programs = settings[str(path)].options.get(PROGRAMS_OPTION, ())
        result = rehearse(path, Options(programs=programs))
        if asked.update and result.outcome == "differs":
            result = _update_transcript(path, Options(programs=programs, lenient=True))
        results.append(result)
        if asked.format == "text":
            print_laid_out(format_result(result), FINDINGS)
    report = _report(results, without)
    if asked.format != "text":
        print_text(write(report, asked.format))
    for line in _remarks(results):
        print(line, file=sys.stderr)
    for line in report.not_checked:
        print(line, file=sys.stderr)
    return "cannot" if report.not_checked else "differs" if report.diagnostics else "passed"


def _transcripts(paths: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Return the transcripts below the paths, each once, and messages about pages without one.

    Each named page without a transcript gets a message.
    """
    found: dict[Path, None] = {}
    without: list[str] = []
    for page in collect_pages(paths, _DEFAULT):
        if is_transcript(page):
            found[page] = None
            continue
        its = transcripts_of(page)
        found |= dict.fromkeys(its)
        if not its and str(page) in paths:
            without.append(f"{page}: expected a transcript `{page.stem}.rehearsal.md` beside it, found none")
    return list(found), without


def _update_transcript(path: Path, options: Options) -> RehearsalResult:
    """Write the differences into a transcript, and rehearse again."""
    if update_transcript(path, rehearse(path, options)):
        print(f"{path}: updated, to be reviewed", file=sys.stderr)
    return rehearse(path, Options(programs=options.programs))


def format_result(result: RehearsalResult) -> str:
    """Return the result of a rehearsal as text: its findings and a summary line."""
    calls = len(result.calls)
    said = f"{result.transcript.path}: {result.outcome}"
    if result.outcome == "passed":
        own = result.seconds - result.running
        said += f", {calls} call{'s' * (calls != 1)} in {result.seconds:.2f} s, {own:.2f} s of it our own"
    paragraphs = [format_diagnostic(found) for found in list_diagnostics(result)]
    return "\n".join([*paragraphs, said]) + "\n"


def _remarks(results: Sequence[RehearsalResult]) -> list[str]:
    """Return remarks on how the runbooks were rehearsed."""
    why = {result.not_isolated for result in results} - {""}
    return [f"not isolated from the network and from other files: {each}" for each in sorted(why)]


def _report(results: Sequence[RehearsalResult], without: Sequence[str]) -> Report:
    pages = {}
    for result in results:
        for page in (result.runbook, result.transcript):
            pages[page.path] = hashlib.sha256(page.text.encode("utf-8", "surrogatepass")).hexdigest()
    found = tuple(each for result in results for each in list_diagnostics(result))
    cannot = [
        f"{result.transcript.path}: {_reason(result)}" for result in results if result.outcome == "cannot"
    ]
    return Report(found, pages, (*without, *cannot), "rehearse", lambda: RULES)


def _reason(result: RehearsalResult) -> str:
    return result.why or f"cannot be rehearsed: {result.findings[0].message}"


_EPILOG = """\
Without a path, it rehearses the runbooks in runbooks/. The transcripts of NAME.md are NAME.rehearsal.md and
NAME.ANYTHING.rehearsal.md next to it. In folders, runbooks without a transcript are skipped.

exit status:
  0  all rehearsals passed
  1  something differs
  2  something could not be rehearsed (the output says what)
"""


def parse_arguments(name: str, words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of `rehearse`."""
    parser = build_parser(
        name,
        "runbook-exec rehearse [PATH…] [options]",
        "Run runbooks with stand-ins for the programs they call, as their transcripts describe.",
        _EPILOG,
    )
    parser.add_argument("paths", metavar="PATH", nargs="*", help="runbooks, transcripts, and folders")
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="text",
        help="output format",
    )
    parser.add_argument(
        "--update",
        action="store_true",
        help="write the differences into the transcripts, for you to review",
    )
    parser.add_argument(
        "--list-programs", action="store_true", help="print the programs that a rehearsal does not replace"
    )
    return parser.parse_args(words)
