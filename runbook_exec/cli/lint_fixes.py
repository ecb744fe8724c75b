"""Makes or shows safe changes, for `runbook-exec lint --fix` and `--diff`."""

from __future__ import annotations

import sys

from ..diagnostics.report import Report
from ..light_classes import replace
from ..lint.fixes import FixedPage, NotWritten, apply_fixes, format_diff, write_page
from ..lint.inputs import STANDARD_INPUT
from .lint_work import LintWork
from .output import print_text, print_unchanged, print_warnings

_MOST_PASSES = 10  # a change may bring another to light; no two of ours undo each other


def show_difference(work: LintWork) -> str:
    report = work.report()
    made = pages = 0
    unread: list[str] = []
    for change in apply_fixes(report, work.content):
        if isinstance(change, NotWritten):
            unread.append(str(change))
            continue
        (print_text if sys.stdout.isatty() else print_unchanged)(format_diff(change))
        made += change.fix_count
        pages += 1
    print_warnings((*unread, *report.not_checked))
    looked_at = f"{pages} of {len(report.pages)} page{'s' * (len(report.pages) != 1)}"
    print(f"would fix {made} problem{'s' * (made != 1)} in {looked_at}", file=sys.stderr)
    return "incomplete" if unread or report.not_checked else "found" if made else "clean"


def apply_all(work: LintWork) -> Report:
    """Make safe changes until none are left, and return the report after that."""
    refused: dict[str, str] = {}
    total = 0
    report = work.report()
    for _ in range(_MOST_PASSES):
        made = 0
        for change in apply_fixes(report, work.content):
            try:
                made += _write(work, change)
            except NotWritten as why:
                refused[why.path] = str(why)
        if not made:
            break
        total += made
        report = work.report()
    if total:
        print(f"fixed {total} problem{'s' * (total != 1)}", file=sys.stderr)
    return replace(report, not_checked=(*refused.values(), *report.not_checked))


def _write(work: LintWork, change: FixedPage | NotWritten) -> int:
    """Write a page, and return the number of changes in it; raises NotWritten."""
    if isinstance(change, NotWritten):
        raise change
    if change.path == STANDARD_INPUT:
        work.given[STANDARD_INPUT] = change.after
    else:
        write_page(change)
    return change.fix_count
