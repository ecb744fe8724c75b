"""Writes text for people: the location, the message, the line with carets, the hint."""

from __future__ import annotations

from ...text.ansi import escape_unprintable
from ..report import Diagnostic, Report


def write(report: Report) -> str:
    """Return a paragraph for each finding, and a last line with their number."""
    return "\n".join([*map(format_diagnostic, report.diagnostics), _format_summary(report)]) + "\n"


def format_diagnostic(each: Diagnostic) -> str:
    """Return a finding in full, with an empty line below it."""
    place = f"{each.path}:{each.location.line}:{each.location.column}"
    lines = [escape_unprintable(f"{place}: {each.code} {each.message}"), each.excerpt]
    if each.also:
        lines += [
            f"{each.also.path}:{each.also.location.line}:{each.also.location.column}:",
            each.also.excerpt,
        ]
    if each.hint:
        lines += [f"  {line}" for line in escape_unprintable(each.hint).split("\n")]
    return "\n".join(lines) + "\n"


def _format_summary(report: Report) -> str:
    pages = len(report.pages)
    looked_at = f"{pages} page{'s' * (pages != 1)}"
    if not report.diagnostics:
        return f"nothing found in {looked_at}"
    found = len(report.diagnostics)
    fixable = sum(each.fix is not None for each in report.diagnostics)
    summary = f"found {found} problem{'s' * (found != 1)} in {looked_at}"
    return f"{summary}; --fix mends {fixable} of them" if fixable else summary
