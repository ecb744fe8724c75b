"""Checks only the section of a page that was edited; the findings elsewhere move with their text."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ..diagnostics.report import Diagnostic
from ..document.front_matter.bounds import find_bounds
from ..document.model import Runbook, Section
from ..document.parser import parse_runbook
from ..lint.registry import RULES
from ..lint.rule import Rule
from .edits import TextChange, find_change, move_finding
from .findings import CheckedPage, PageChecker
from .pages import OpenPage

# The rules whose findings in a section depend on that section alone, on the front matter and on other pages.
# The others wait until the whole page is checked.
LOCAL_CODES = frozenset(
    (
        *("P101", "P102", "P105", "P106", "P107", "P109", "P110", "P111"),
        *("M301", "M302", "M303", "M304", "M307", "M308", "M310"),
        *("S401", "S402", "V203", "V204", "V208", "V209", "D501", "D502", "D504", "D508"),
    )
)

_LOCAL_RULES: Sequence[Rule] = tuple(rule for rule in RULES if rule.info.code in LOCAL_CODES)

_LINE_END = re.compile(r"\r\n|\r|\n")

_LONGEST = 60_000  # characters of a section; checking a longer one costs as much as checking the page


class PagePart(NamedTuple):
    """A section with the front matter and the headings above it, as a page of its own."""

    text: str
    head: int  # characters before the section
    start: int  # the offset of the section in the page
    end: int

    def move(self, found: Diagnostic) -> Diagnostic | None:
        """Return a finding at its place in the page; None if it is not in the section."""
        if found.location.start < self.head:
            return None
        shift = self.start - self.head
        return move_finding(found, TextChange(-1, -1, shift))


def check_change(checker: PageChecker, base: CheckedPage, page: OpenPage) -> tuple[Diagnostic, ...] | None:
    """Return the findings on a page that differs from the checked page `base` in one section.

    Returns None if the whole page must be checked: its structure has changed.
    """
    change = find_change(base.page.text, page.text)
    bounds = _find_section(base, change)
    if bounds is None:
        return None
    start, end = bounds
    head = _make_head(base, start)
    before = PagePart(head + base.page.text[start:end], len(head), start, end)
    after = PagePart(head + page.text[start : end + change.shift], len(head), start, end + change.shift)
    path = base.page.path
    old, new = (parse_runbook(part.text.encode("utf-8", "replace"), path) for part in (before, after))
    if _outline(old) != _outline(new) or _opens_comment(before) != _opens_comment(after):
        return None
    rules = [rule for rule in _LOCAL_RULES if rule.info in base.settings.selection]
    found_old = _found_in(before, checker.run_rules(path, old, base.settings, rules))
    found_new = _found_in(after, checker.run_rules(path, new, base.settings, rules))
    inside = [found for found in base.found if start <= found.location.start < end]
    known, seen = _by_code(inside), _by_code(found_old)
    # a rule that finds the same in the old section alone as on the page is trusted with the new section
    trusted = {
        rule.info.code for rule in rules if known.get(rule.info.code, []) == seen.get(rule.info.code, [])
    }
    kept = [
        move_finding(found, change)
        for found in base.found
        if not (found.code in trusted and start <= found.location.start < end)
    ]
    kept += [found for found in found_new if found.code in trusted]
    return tuple(sorted(kept, key=lambda found: (found.location.start, found.code)))


def _find_section(base: CheckedPage, change: TextChange) -> tuple[int, int] | None:
    """Return the bounds of the sections that a change is in; None if it is in none that is small."""
    text = base.page.text
    matter = find_bounds(text)
    body = matter[2] if matter else 0
    if change.start < body or (body == 0 and change.start == 0):
        return None
    starts = [_line_start(section) for section in base.runbook.sections]
    first = bisect_right(starts, change.start) - 1
    last = bisect_left(starts, change.end + 1)
    start = starts[first] if first >= 0 else body
    end = starts[last] if last < len(starts) else len(text)
    return (start, end) if end - start <= _LONGEST else None


def _line_start(section: Section) -> int:
    return section.span.start - section.span.column + 1


def _make_head(base: CheckedPage, start: int) -> str:
    """Return the front matter of a page, and the headings that the section at `start` is below."""
    text = base.page.text
    matter = find_bounds(text)
    above = [section for section in base.runbook.sections if _line_start(section) < start < section.end]
    head = text[: matter[2] if matter else 0]
    head += "".join(f"{'#' * section.level} {section.title}\n\n" for section in above)
    # the section begins on its own line of the page, because some messages name lines
    missing = base.page.positions.position(start).line - (len(_LINE_END.findall(head)))
    return head + "\n" * missing


def _outline(part: Runbook) -> object:
    """Return what must stay the same for a change to be a change of one section only."""
    return (
        [(section.title, section.level) for section in part.sections],
        [
            (block.info, block.language, block.runs, block.why_not, block.annotation.capture)
            for block in part.blocks
        ],
        [problem.code for problem in part.problems if problem.code == "unclosed-fence"],
    )


def _opens_comment(part: PagePart) -> bool:
    return part.text.rfind("<!--") > part.text.rfind("-->")


def _found_in(part: PagePart, found: Iterable[Diagnostic]) -> list[Diagnostic]:
    moved = (part.move(each) for each in found)
    return [each for each in moved if each is not None]


def _by_code(found: Iterable[Diagnostic]) -> Mapping[str, list[tuple[int, int, str]]]:
    codes: dict[str, list[tuple[int, int, str]]] = {}
    for each in found:
        codes.setdefault(each.code, []).append((each.location.start, each.location.end, each.message))
    return codes
