"""Checks only the section of a page that was edited; the findings elsewhere move with their text."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence

from ..diagnostics.report import Diagnostic
from ..document.front_matter.bounds import find_bounds
from ..document.model import Runbook
from ..document.parser import parse_runbook
from ..light_classes import NamedTuple
from ..lint.registry import RULES
from ..lint.rule import Rule
from .edits import TextChange, find_change, move_finding
from .findings import CheckedPage, PageChecker, line_start
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

# of these, the rules that ask whether a block runs: the section alone may not tell
_ABOUT_RUNNING = frozenset(("P102", "M308", "M310", "V203", "V204", "V208", "V209"))

_LOCAL_RULES: Sequence[Rule] = tuple(rule for rule in RULES if rule.info.code in LOCAL_CODES)

_LINE_END = re.compile(r"\r\n|\r|\n")

_LONGEST = 12_000  # characters of a section; a longer one waits until the whole page is checked


class StructureChanged(Exception):
    """Raised if an edit has changed more than the section that it is in."""


class SectionTooLong(Exception):
    """Raised if an edit is in no section that is checked sooner than the page."""


class PagePart(NamedTuple):
    """A section with the front matter and the headings above it, as a page of its own."""

    text: str
    head: int  # characters before the section
    start: int  # the offset of the section in the page
    end: int

    def parse(self, path: str) -> Runbook:
        """Return the part as a page."""
        return parse_runbook(self.text.encode("utf-8", "replace"), path)

    def move(self, found: Iterable[Diagnostic]) -> list[Diagnostic]:
        """Return the findings in the section, at their places in the page."""
        change = TextChange(-1, -1, self.start - self.head)
        return [move_finding(each, change) for each in found if each.location.start >= self.head]


class TrustedPart(NamedTuple):
    """A section of a checked page, and the rules that find the same in it alone as on the page."""

    part: PagePart
    outline: object
    rules: tuple[Rule, ...]


def check_change(checker: PageChecker, base: CheckedPage, page: OpenPage) -> tuple[Diagnostic, ...]:
    """Return the findings on a page that differs from the checked page `base` in one section.

    Raises StructureChanged if more than that section must be checked, and SectionTooLong if it is long.
    """
    change = find_change(base.page.text, page.text)
    start, end = _find_section(base, change)
    trusted = base.parts.get((start, end))
    if trusted is None:
        trusted = base.parts[start, end] = _make_trusted(checker, base, start, end)
    before = trusted.part
    text = before.text[: before.head] + page.text[start : end + change.shift]
    after = PagePart(text, before.head, start, end + change.shift)
    new = after.parse(base.page.path)
    if trusted.outline != _outline(after, new):
        raise StructureChanged
    codes = {rule.info.code for rule in trusted.rules}
    kept = [
        move_finding(found, change)
        for found in base.found
        if not (found.code in codes and start <= found.location.start < end)
    ]
    kept += after.move(checker.run_rules(base.page.path, new, base.settings, trusted.rules))
    return tuple(sorted(kept, key=lambda found: (found.location.start, found.code)))


def _make_trusted(checker: PageChecker, base: CheckedPage, start: int, end: int) -> TrustedPart:
    head = _make_head(base, start)
    part = PagePart(head + base.page.text[start:end], len(head), start, end)
    old = part.parse(base.page.path)
    rules = [rule for rule in _LOCAL_RULES if rule.info in base.settings.selection]
    on_page = [block for block in base.runbook.blocks if start <= block.span.start < end]
    if [block.runs for block in on_page] != [block.runs for block in old.blocks]:
        rules = [rule for rule in rules if rule.info.code not in _ABOUT_RUNNING]
    known = _by_code(found for found in base.found if start <= found.location.start < end)
    seen = _by_code(part.move(checker.run_rules(base.page.path, old, base.settings, rules)))
    same = (rule for rule in rules if known.get(rule.info.code) == seen.get(rule.info.code))
    return TrustedPart(part, _outline(part, old), tuple(same))


def _find_section(base: CheckedPage, change: TextChange) -> tuple[int, int]:
    """Return the bounds of the sections or steps that a change is in. Raises as `check_change` does."""
    text = base.page.text
    matter = find_bounds(text)
    body = matter[2] if matter else 0
    if change.start < body or (body == 0 and change.start == 0):
        raise StructureChanged
    starts = base.section_starts
    first = bisect_right(starts, change.start) - 1
    last = bisect_left(starts, change.end + 1)
    start = starts[first] if first >= 0 else body
    end = starts[last] if last < len(starts) else len(text)
    if end - start > _LONGEST:
        raise SectionTooLong
    return start, end


def _make_head(base: CheckedPage, start: int) -> str:
    """Return the front matter of a page, and the headings that the section at `start` is below."""
    text = base.page.text
    matter = find_bounds(text)
    above = [section for section in base.runbook.sections if line_start(section.span) < start < section.end]
    head = text[: matter[2] if matter else 0]
    head += "".join(f"{'#' * section.level} {section.title}\n\n" for section in above)
    # the section begins on its own line of the page, because some messages name lines
    missing = base.page.positions.position(start).line - (len(_LINE_END.findall(head)))
    return head + "\n" * missing


def _outline(part: PagePart, runbook: Runbook) -> object:
    """Return what must stay the same for a change to be a change of one section only."""
    return (
        [(section.title, section.level) for section in runbook.sections],
        [
            (block.info, block.language, block.runs, block.why_not, block.annotation.capture)
            for block in runbook.blocks
        ],
        [problem.code for problem in runbook.problems if problem.code == "unclosed-fence"],
        part.text.rfind("<!--") > part.text.rfind("-->"),
    )


def _by_code(found: Iterable[Diagnostic]) -> Mapping[str, list[tuple[int, int, str]]]:
    codes: dict[str, list[tuple[int, int, str]]] = {}
    for each in found:
        codes.setdefault(each.code, []).append((each.location.start, each.location.end, each.message))
    return codes
