"""`runbook-exec lint`: which pages, what is printed, and how it ends."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from ...diagnostics.formats import write
from ...diagnostics.report import Report
from ...document.discovery import NoSuchPath, collect_pages
from ...lint.cache import Cache, open_cache
from ...lint.inputs import STANDARD_INPUT
from ...lint.linter import lint
from ...lint.selection import LintSettings, Selection, UnknownCode
from ...lint.settings import BadSettings, settings_for
from ..options import build_parser

if TYPE_CHECKING:
    from ...lint.fixes import FixedPage, NotWritten

_PASSES = 10  # a change may bring another to light; no two of ours undo each other

_COMMANDS = "C"  # how the codes of the rules that ask this machine begin


@dataclass(frozen=True, slots=True)
class LintOptions:
    """What the command line asks for; each text of `select`, `extend_select` and `ignore` lists codes."""

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


class NotRun(Exception):
    """The linter cannot look at anything; the message is whole."""


def run(asked: LintOptions) -> str:
    """Do what is asked and print it: `clean`, `found`, or `incomplete` where something was not looked at.

    Raises NotRun.
    """
    try:
        if asked.list_rules or asked.explain is not None:
            return _explain(asked.explain)
        if asked.statistics and asked.format != "text":
            raise NotRun(f"expected `--statistics` without `--format {asked.format}`: it is told as text")
        selection = _selection(asked)
        pages = _pages(asked.paths)
        given = {STANDARD_INPUT: sys.stdin.buffer.read()} if STANDARD_INPUT in pages else {}
        cache = None if asked.no_cache else open_cache(os.environ)
        work = _Work(pages, settings_for(pages, selection), given, cache)
    except (NoSuchPath, BadSettings) as refused:
        raise NotRun(str(refused)) from None
    if asked.diff:
        return _show_difference(work)
    return _print_report(asked, work, _apply_fixes(work) if asked.fix else work.report())


@dataclass(frozen=True, slots=True)
class _Work:
    """The pages to look at, by path, with the settings for each; `given` are the bytes of standard input."""

    pages: Sequence[str]
    settings: Mapping[str, LintSettings]
    given: dict[str, bytes]
    cache: Cache | None

    def report(self) -> Report:
        """Look at them as they are now; raises NotRun."""
        try:
            return lint(self.pages, self.settings, date.today(), given=self.given, cache=self.cache)
        except UnknownCode as refused:
            raise NotRun(str(refused)) from None

    def content(self, path: str) -> bytes:
        """The bytes of a page as they are now; raises OSError."""
        return self.given[path] if path in self.given else Path(path).read_bytes()


def _explain(code: str | None) -> str:
    """Print a rule in full, or a line for each."""
    from ...lint.explain import explain_rule, format_rule_list
    from ...lint.registry import RULES, rule_of

    try:
        _print(
            explain_rule(rule_of(code))
            if code is not None
            else "".join(f"{line}\n" for line in format_rule_list(RULES))
        )
    except UnknownCode as unknown:
        raise NotRun(str(unknown)) from None
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


def _show_difference(work: _Work) -> str:
    from ...lint import fixes

    report = work.report()
    made = pages = 0
    unread: list[str] = []
    for change in fixes.apply_fixes(report, work.content):
        if isinstance(change, fixes.NotWritten):
            unread.append(str(change))
            continue
        _print(fixes.format_diff(change))
        made += change.fix_count
        pages += 1
    _warn((*unread, *report.not_checked))
    looked_at = f"{pages} of {len(report.pages)} page{'s' * (len(report.pages) != 1)}"
    print(f"would mend {made} problem{'s' * (made != 1)} in {looked_at}", file=sys.stderr)
    return "incomplete" if unread or report.not_checked else "found" if made else "clean"


def _apply_fixes(work: _Work) -> Report:
    """Make the safe changes until there are none; the report as it is then."""
    from ...lint import fixes

    refused: dict[str, str] = {}
    total = 0
    report = work.report()
    for _ in range(_PASSES):
        made = 0
        for change in fixes.apply_fixes(report, work.content):
            try:
                made += _write(work, change)
            except fixes.NotWritten as why:
                refused[why.path] = str(why)
        if not made:
            break
        total += made
        report = work.report()
    if total:
        print(f"mended {total} problem{'s' * (total != 1)}", file=sys.stderr)
    return replace(report, not_checked=(*refused.values(), *report.not_checked))


def _write(work: _Work, change: FixedPage | NotWritten) -> int:
    """How many changes were made to a page; raises NotWritten."""
    from ...lint import fixes

    if isinstance(change, fixes.NotWritten):
        raise change
    if change.path == STANDARD_INPUT:
        work.given[STANDARD_INPUT] = change.after
    else:
        fixes.write_page(change)
    return change.fix_count


def _print_report(asked: LintOptions, work: _Work, report: Report) -> str:
    text = "".join(f"{line}\n" for line in _statistics(report)) if asked.statistics else ""
    text = text or write(report, asked.format)
    if asked.fix and STANDARD_INPUT in work.given:
        # the page itself is what a filter prints
        sys.stdout.buffer.write(work.given[STANDARD_INPUT])
        sys.stdout.buffer.flush()
        print(text, end="", file=sys.stderr)
    else:
        _print(text)
    _warn(report.not_checked)
    return "incomplete" if report.not_checked else "found" if report.diagnostics else "clean"


def _statistics(report: Report) -> Iterator[str]:
    names = {each.code: each.name for each in report.diagnostics}
    counts = Counter(each.code for each in report.diagnostics)
    width = len(str(max(counts.values(), default=0)))
    for code, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        yield f"{count:>{width}}  {code}  {names[code]}"


def _warn(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, file=sys.stderr)


def _print(text: str) -> None:
    """Print the text, and the bytes of a file's name as they are."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()


_EPILOG = """\
Without a path it looks at runbooks/ and docs/, as far as they are there. Settings stand in runbook-exec.toml,
or in the table [tool.runbook-exec] of pyproject.toml; the file nearest to a page counts. The comment
`<!-- runbook: ignore=CODE -->` passes over its own line and the next, or the whole block that begins there.

exit status: 0 nothing found; 1 something found; 2 something could not be looked at, which is said
"""


def build_lint_parser() -> argparse.ArgumentParser:
    """What can be asked of it."""
    parser = build_parser(
        "lint",
        "runbook-exec lint [PATH…] [options]",
        "Find what is wrong with pages: in their blocks, as the shells see them, and on the page itself.",
        _EPILOG,
    )
    parser.add_argument(
        "paths", metavar="PATH", nargs="*", help="files and folders; `-` reads a page from standard input"
    )
    parser.add_argument(
        "--format",
        choices=("text", "json", "github", "sarif", "junit"),
        default="text",
        help="how it is told",
    )
    parser.add_argument("--statistics", action="store_true", help="print how often each rule found something")
    parser.add_argument("--no-cache", action="store_true", help="look at every page anew, and keep nothing")
    rules = parser.add_argument_group("which rules (CODES: P101,M3,unused-input,ALL)")
    for option, meaning in (
        ("--select", "only these rules, in place of the settings'"),
        ("--extend-select", "these rules too"),
        ("--ignore", "not these rules"),
    ):
        rules.add_argument(option, metavar="CODES", action="append", default=[], help=meaning)
    rules.add_argument(
        "--commands", action="store_true", help="ask this machine about commands, too: the rules C6xx"
    )
    rules.add_argument("--list-rules", action="store_true", help="print the rules")
    rules.add_argument("--explain", metavar="CODE", help="print why a rule is there, with examples")
    mending = parser.add_mutually_exclusive_group()
    mending.add_argument("--fix", action="store_true", help="make the changes that are safe")
    mending.add_argument("--diff", action="store_true", help="show them, and change nothing")
    return parser
