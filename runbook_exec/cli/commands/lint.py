"""Runs `runbook-exec lint`, which prints the findings of the linter."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ...diagnostics.formats import FORMATS, write
from ...diagnostics.report import Report
from ...document.discovery import collect_pages
from ...errors import Refused, reason
from ...light_classes import dataclass
from ...lint.cache import open_cache
from ...lint.inputs import STANDARD_INPUT
from ...lint.selection import Selection
from ...lint.settings import settings_for
from ...system.gc_pause import relax_gc
from ...system.regular_file import read_bounded
from ..arguments import build_parser
from ..exit_status import EXIT_STATUS
from ..layout import FINDINGS, print_laid_out
from ..lint_work import LintWork
from ..output import print_text, print_warnings

_COMMANDS = "C"  # the codes of the rules that examine this machine begin with this


@dataclass(frozen=True, slots=True)
class LintOptions:
    """The options of `lint`; each text of `select`, `extend_select` and `ignore` lists codes."""

    paths: Sequence[str] = ()
    format: str = "text"
    select: Sequence[str] = ()
    extend_select: Sequence[str] = ()
    ignore: Sequence[str] = ()
    commands: bool = False
    no_cache: bool = False
    statistics: bool = False
    fix: bool = False
    diff: bool = False
    explain: str | None = None
    list_rules: bool = False


def run(arguments: argparse.Namespace) -> int:
    """Lint pages, and print the findings."""
    relax_gc()
    return EXIT_STATUS[lint_pages(LintOptions(**vars(arguments)))]


def lint_pages(asked: LintOptions) -> str:
    """Lint pages, print the report, and return the outcome.

    The outcome is `clean`, `found`, or `incomplete` if something was not checked. Raises Refused.
    """
    if asked.list_rules or asked.explain is not None:
        return _explain(asked.explain)
    if asked.statistics and asked.format != "text":
        raise Refused(
            f"expected `--statistics` without `--format {asked.format}`: statistics are printed as text"
        )
    selection = _selection(asked)
    pages = _pages(asked.paths)
    given = {STANDARD_INPUT: _read_standard_input()} if STANDARD_INPUT in pages else {}
    cache = None if asked.no_cache else open_cache(os.environ)
    work = LintWork(pages, settings_for(pages, selection), given, cache)
    if not (asked.diff or asked.fix):
        return _print_report(asked, work, work.report())
    from .. import lint_fixes  # writes files, which most runs of the linter do not

    if asked.diff:
        return lint_fixes.show_difference(work)
    return _print_report(asked, work, lint_fixes.apply_all(work))


def _read_standard_input() -> bytes:
    try:
        return read_bounded(sys.stdin.buffer, "standard input")
    except OSError as error:
        raise Refused(f"cannot read standard input: {reason(error)}") from None


def _explain(code: str | None) -> str:
    """Print a rule in full, or one line for each rule."""
    from ...lint import explain, registry  # with every rule; not needed if the cache has all results

    if code is not None:
        print_text(explain.explain_rule(registry.rule_of(code)))
    else:
        print_text("".join(f"{line}\n" for line in explain.format_rule_list(registry.RULES)))
    return "clean"


def _selection(asked: LintOptions) -> Selection:
    more = (*_codes(asked.extend_select), *((_COMMANDS,) if asked.commands else ()))
    return Selection(_codes(asked.select), more, _codes(asked.ignore))


def _codes(listed: Iterable[str]) -> tuple[str, ...]:
    return tuple(code.strip() for codes in listed for code in codes.split(",") if code.strip())


def _pages(paths: Sequence[str]) -> list[str]:
    files = [path for path in paths if path != STANDARD_INPUT]
    piped = [STANDARD_INPUT] if STANDARD_INPUT in paths else []
    return piped + [str(path) for path in (collect_pages(files) if files or not piped else ())]


def _print_report(asked: LintOptions, work: LintWork, report: Report) -> str:
    text = "".join(f"{line}\n" for line in _statistics(report)) if asked.statistics else ""
    text = text or write(report, asked.format)
    if asked.fix and STANDARD_INPUT in work.given:
        # as a filter, the program prints the page itself
        sys.stdout.buffer.write(work.given[STANDARD_INPUT])
        sys.stdout.buffer.flush()
        print(text, end="", file=sys.stderr)
    elif asked.format == "text" and not asked.statistics:
        print_laid_out(text, FINDINGS)
    else:
        print_text(text)
    print_warnings(report.not_checked)
    return "incomplete" if report.not_checked else "found" if report.diagnostics else "clean"


def _statistics(report: Report) -> Iterator[str]:
    names = {each.code: each.name for each in report.diagnostics}
    counts = Counter(each.code for each in report.diagnostics)
    width = len(str(max(counts.values(), default=0)))
    for code, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        yield f"{count:>{width}}  {code}  {names[code]}"


_EPILOG = """\
Without a path, it checks runbooks/ and docs/ if they exist. Settings are in runbook-exec.toml, or in the
table [tool.runbook-exec] of pyproject.toml; the file nearest to a page counts. The comment `<!-- runbook:
ignore=CODE -->` silences a rule on its own line and the next, or in the whole block that starts there.

exit status:
  0  no findings
  1  findings
  2  something could not be checked (the output says what)
"""


def parse_arguments(name: str, words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of `lint`."""
    parser = build_parser(
        name,
        "runbook-exec lint [PATH…] [options]",
        "Check pages: the syntax of their blocks, placeholders, links, dates and more.",
        _EPILOG,
    )
    parser.add_argument(
        "paths", metavar="PATH", nargs="*", help="files and folders; `-` reads a page from standard input"
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="text",
        help="output format",
    )
    parser.add_argument("--statistics", action="store_true", help="print how many findings each rule has")
    parser.add_argument(
        "--no-cache", action="store_true", help="check every page again, and store no results"
    )
    rules = parser.add_argument_group("which rules (CODES: P101,M3,unused-input,ALL)")
    for option, meaning in (
        ("--select", "only these rules, instead of those in the settings"),
        ("--extend-select", "also these rules"),
        ("--ignore", "not these rules"),
    ):
        rules.add_argument(option, metavar="CODES", action="append", default=[], help=meaning)
    rules.add_argument(
        "--commands", action="store_true", help="also check which commands this machine has: the rules C6xx"
    )
    rules.add_argument("--list-rules", action="store_true", help="print the rules")
    rules.add_argument(
        "--explain", metavar="CODE", help="explain a rule, with a failing and a passing example"
    )
    mending = parser.add_mutually_exclusive_group()
    mending.add_argument("--fix", action="store_true", help="apply the safe fixes")
    mending.add_argument(
        "--diff", action="store_true", help="print the safe fixes as a diff, and change nothing"
    )
    return parser.parse_args(words)
