"""Text for people: the place, what is wrong, the line with carets, and what to do."""

from __future__ import annotations

from ...excerpts import excerpt, printable
from ..run import Found, Report


def write(report: Report) -> str:
    """A paragraph for each finding, and a last line that counts them."""
    said = [_paragraph(each, report.texts[each.path]) for each in report.found]
    return "\n".join([*said, _count(report)]) + "\n"


def _paragraph(each: Found, text: str) -> str:
    finding = each.finding
    place = f"{each.path}:{finding.span.line}:{finding.span.column}"
    lines = [printable(f"{place}: {each.rule.code} {finding.message}"), excerpt(text, finding.span)]
    if finding.hint:
        lines += [f"  {line}" for line in printable(finding.hint).split("\n")]
    return "\n".join(lines) + "\n"


def _count(report: Report) -> str:
    pages = len(report.texts)
    looked_at = f"{pages} page{'s' * (pages != 1)}"
    if not report.found:
        return f"nothing found in {looked_at}"
    found = len(report.found)
    fixable = sum(each.finding.fix is not None for each in report.found)
    told = f"found {found} problem{'s' * (found != 1)} in {looked_at}"
    return f"{told}; --fix mends {fixable} of them" if fixable else told
