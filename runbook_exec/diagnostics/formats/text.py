"""Text for people: the place, what is wrong, the line with carets, and what to do."""

from __future__ import annotations

from ...text.ansi import printable
from ..report import Found, Report


def write(report: Report) -> str:
    """A paragraph for each finding, and a last line that counts them."""
    return "\n".join([*map(paragraph, report.found), _count(report)]) + "\n"


def paragraph(each: Found) -> str:
    """A finding in full, with an empty line below it."""
    place = f"{each.path}:{each.place.line}:{each.place.column}"
    lines = [printable(f"{place}: {each.code} {each.message}"), each.excerpt]
    if each.also:
        lines += [f"{each.also.path}:{each.also.place.line}:{each.also.place.column}:", each.also.excerpt]
    if each.hint:
        lines += [f"  {line}" for line in printable(each.hint).split("\n")]
    return "\n".join(lines) + "\n"


def _count(report: Report) -> str:
    pages = len(report.pages)
    looked_at = f"{pages} page{'s' * (pages != 1)}"
    if not report.found:
        return f"nothing found in {looked_at}"
    found = len(report.found)
    fixable = sum(each.fix is not None for each in report.found)
    told = f"found {found} problem{'s' * (found != 1)} in {looked_at}"
    return f"{told}; --fix mends {fixable} of them" if fixable else told
