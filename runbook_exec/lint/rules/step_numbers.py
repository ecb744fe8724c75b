"""D512–D514: the numbers of steps, and the references to them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ...diagnostics.finding import Finding
from ...diagnostics.rule import RuleInfo
from ...document.links import TextRanges, find_hidden_ranges
from ...document.markdown.headings import split_number
from ...document.markdown.wikilinks import find_code_spans
from ...document.model import Runbook
from ...light_classes import NamedTuple
from ...system.memo import cache_latest
from ...text.lazy_pattern import LazyPattern
from ...text.source import make_span
from ...text.span import Span
from ..rule import Example, Page, Rule

_LABEL = LazyPattern(r"(\d{1,6})([a-z]?)")

_LARGEST_GAP = 5  # skipped numbers; if there are more, the numbers do not count steps


_NUMBER = r"\d{1,3}[a-f]?"

_MORE = rf"(?:\s?[-–—]\s?|\s+(?:to|through|and|or)\s+|\s*,\s*(?:(?:and|or)\s+)?)(?:steps?\s+)?{_NUMBER}"

_REFERENCE = LazyPattern(
    rf"\b(?:step\s+{_NUMBER}|steps\s+{_NUMBER}(?:{_MORE}){{1,20}})(?![\w%]|[.,:]\d|\s?(?:ms|s|sec|min|h)\b)",
    re.IGNORECASE,
)

_EACH = LazyPattern(r"(\d+)([a-f]?)", re.IGNORECASE)

_FARTHEST = 20  # a number this much above the last step's does not mean a step

# words after a reference to a step of another page or thing
_WHOSE = LazyPattern(
    r"\s*(?:\(?(?:of|in|from|on|at|under|within)\s+(?!this\b|the\s+(?:above|procedure)\b)\S|[\]/|])",
    re.IGNORECASE,
)

_ANOTHER = LazyPattern(
    r"\[\[|\]\(|\]\[|://|['’]s?\s+steps?\b"
    r"|\b(?:wizard|installer|guide|tutorial|manual|documentation|docs|article|appendix)s?\b"
    r"|\b(?:other|(?<!this )runbook)s?\b",
    re.IGNORECASE,
)

_NEAR = 300  # characters of a sentence that are searched on either side

_SENTENCE = LazyPattern(r"(?<=[.!?])\s+|\n[ \t]*(?=\|)")

# a line that numbers something: a heading, an item, a cell of a table, "Step 3" at its beginning
_NUMBERED_LINE = LazyPattern(
    rf"^[ \t>|]*+(?:[-*+][ \t]++)?(?:\[[ xX]\][ \t]++)?(?:\#{{1,6}}[ \t]++)?[*_~(]{{0,4}}+"
    rf"(?:(?:optional|recommended|manual)\b[):*_]*+[ \t]++)?"
    rf"(?:step[ \t]++({_NUMBER})\b|({_NUMBER})(?:[.):]|[ \t]*+[*|–—-]))",
    re.IGNORECASE | re.MULTILINE,
)

_LETTERED_LINE = LazyPattern(r"^[ \t>]*+(?:[-*+][ \t]++)?\(?([a-f])[.)][ \t]", re.IGNORECASE | re.MULTILINE)


class _NumberedHeading(NamedTuple):
    """The heading of a step that has a number."""

    number: int
    letter: str
    span: Span

    @property
    def label(self) -> str:
        """Return the number with its letter."""
        return f"{self.number}{self.letter}"


@cache_latest
def _sequences(runbook: Runbook) -> Sequence[Sequence[_NumberedHeading]]:
    """Return the numbered headings of each procedure, if they begin with 0 or 1 as steps do."""
    sequences: list[list[_NumberedHeading]] = []
    titles = {section.span.start: section.title for section in runbook.sections}
    for procedure in runbook.procedures:
        found: list[_NumberedHeading] = []
        for step in procedure.steps:
            label = _LABEL.fullmatch(split_number(titles.get(step.span.start, ""))[0].lower())
            if label is not None:
                found.append(_NumberedHeading(int(label[1]), label[2], step.span))
        if len(found) > 1 and found[0].number <= 1:
            sequences.append(found)
    return sequences


def step_gap(page: Page) -> Iterator[Finding]:
    """Report numbers that are skipped between two steps."""
    for sequence in _sequences(page.runbook):
        reached = sequence[0].number
        for step in sequence[1:]:
            missing = step.number - reached - 1
            if missing > _LARGEST_GAP:
                break
            if missing > 0 and not any(
                str(number) in _numbers_anywhere(page.runbook.text)
                for number in range(reached + 1, step.number)
            ):
                last = f" to {step.number - 1}" if missing > 1 else ""
                yield Finding(
                    f"step {step.label} follows step {reached}: expected {reached + 1}{last} between them",
                    step.span,
                    "number the steps anew, or bring back what is missing",
                )
            reached = step.number if step.number <= 1 else max(reached, step.number)


@cache_latest
def _numbers_anywhere(text: str) -> set[str]:
    """Return the numbers that any line of the page has, in a heading of another level or in words."""
    return _whole_and_parts({(step or plain).lower() for step, plain in _NUMBERED_LINE.findall(text)})


def step_repeat(page: Page) -> Iterator[Finding]:
    """Report numbers that two steps have."""
    for sequence in _sequences(page.runbook):
        seen: dict[str, Span] = {}
        before = 0
        for step in sequence:
            if step.label in ("0", "1") and step.number < before:
                seen = {}  # the count begins anew
            before = step.number
            if step.label in seen:
                yield Finding(
                    f"there are two steps {step.label}: the other one is on line {seen[step.label].line}",
                    step.span,
                    f"number the steps anew, or tell the two apart: `{step.number}a` and `{step.number}b`",
                )
            seen.setdefault(step.label, step.span)


def unknown_reference(page: Page) -> Iterator[Finding]:
    """Report references to steps that the page does not have."""
    runbook = page.runbook
    text = runbook.text
    mentions = list(_find_mentions(runbook))
    numbers = _labels_of_steps(runbook) if mentions else set()
    mentioned = (_label(each) for _, found in mentions for each in _list_numbers(found))
    if not numbers or numbers.issuperset(mentioned):
        return  # most pages mention their own steps only, and then it does not matter what a sentence means
    wanted = [each for found in _select_references(text, mentions) for each in _list_numbers(found)]
    if numbers.issuperset(map(_label, wanted)):
        return
    if not (known := _whole_and_parts(numbers | _other_labels(text))):
        return
    most = max(int(label) for label in known if label.isdigit()) + _FARTHEST
    for each in wanted:
        label, letter = _label(each), each[2].lower()
        number = label.removesuffix(letter)
        lettered = any(each.startswith(number) and each[-1].isalpha() for each in known)
        exists = label in known or (
            letter != "" and number in known and (letter in _letters(text) or not lettered)
        )
        if not exists and int(number) <= most:
            yield Finding(
                f"this page has no step {each.group()}",
                make_span(text, each.start(), each.end()),
                "refer to the step by the number it has now, or say whose step it is",
            )


def _label(reference: re.Match[str]) -> str:
    return (reference[1].lstrip("0") or "0") + reference[2].lower()


@cache_latest
def _letters(text: str) -> frozenset[str]:
    """Return the letters with which lines of the page begin, as in `a)`."""
    return frozenset(letter.lower() for letter in _LETTERED_LINE.findall(text))


def _labels_of_steps(runbook: Runbook) -> set[str]:
    """Return every number that a step of the page has; empty if its steps have none."""
    titles = {section.span.start: section.title for section in runbook.sections}
    known: set[str] = set()
    for procedure in runbook.procedures:
        written = [
            split_number(titles[step.span.start])[0] if step.span.start in titles else step.label
            for step in procedure.steps
        ]
        if sum(map(bool, written)) > 1:
            known.update(label.lower() for label in written if label)
            known.update(str(step.number) for step in procedure.steps if step.span.start not in titles)
    return known


def _other_labels(text: str) -> set[str]:
    """Return every number that anything else on the page has."""
    known: set[str] = set()
    ones = 0
    for step, plain in _NUMBERED_LINE.findall(text):
        label = (step or plain).lower()
        ones += label == "1"
        known.add(label.lstrip("0") or "0")
    return known | set(map(str, range(1, ones + 1)))  # "1." before every item


def _whole_and_parts(known: set[str]) -> set[str]:
    """Return the labels, and the numbers of those that have a letter."""
    labels = [match for label in known if (match := _LABEL.fullmatch(label))]
    return {label[group] for label in labels for group in (0, 1)}


def _list_numbers(reference: re.Match[str]) -> Iterator[re.Match[str]]:
    return _EACH.finditer(reference.string, *reference.span())


def _find_mentions(runbook: Runbook) -> Iterator[tuple[Span, re.Match[str]]]:
    """Yield the places of the prose that mention numbers of any steps, with their paragraphs."""
    text = runbook.text
    lowered = text.lower()
    at = lowered.find("step")
    if at < 0:
        return
    same = len(lowered) == len(text)  # a few letters become two
    for span in runbook.paragraphs:
        if same and at < span.start:
            at = lowered.find("step", span.start)
            if at < 0:
                return
        if same and at >= span.end:
            continue
        for reference in _REFERENCE.finditer(text, span.start, span.end):
            at = reference.start()
            yield span, reference


def _select_references(text: str, mentions: Sequence[tuple[Span, re.Match[str]]]) -> Iterator[re.Match[str]]:
    """Yield the mentions that refer to steps of this page, and are neither code nor hidden."""
    hidden = find_hidden_ranges(text)
    code: dict[Span, TextRanges] = {}
    for span, reference in mentions:
        at = reference.start()
        if span not in code:
            code[span] = TextRanges(find_code_spans(text, span.start, span.end))
        if at in hidden or at in code[span]:
            continue
        before = _SENTENCE.split(text[max(span.start, at - _NEAR) : at])[-1]
        after = _SENTENCE.split(text[reference.end() : min(span.end, reference.end() + _NEAR)])[0]
        if not _WHOSE.match(after) and not _ANOTHER.search(f"{before}{reference.group()}{after}"):
            yield reference


def _page(*titles: str) -> str:
    return "## Steps\n\n" + "".join(f"### {title}\n\n```fish\necho a\n```\n\n" for title in titles)


_THREE = _page("1. One", "2. Two", "3. Three")

_LIST = "## Steps\n\n1. One\n2. Two\n3. Three\n\n"


RULES = (
    Rule(
        RuleInfo(
            "D512",
            "step-number-gap",
            does="Reports a missing number between numbered headings. Lists are not checked, because "
            "Markdown numbers them by itself.",
            why="Most often a step was removed. A colleague who was told to begin again at step 4 now "
            "begins at another step.",
        ),
        step_gap,
        bad=(
            Example(_page("1. One", "3. Three"), at=(9, 1)),
            Example(_page("Step 0: Zero", "Step 1: One", "Step 2: Two", "Step 5: Five"), at=(21, 1)),
        ),
        good=(
            Example(_page("1. One", "2. Two")),
            Example(_page("0. Zero", "1. One", "1b. More", "2. Two")),
            Example(_page("404: Not found", "500: Broken")),
            Example(_page("1. One", "2. Two", "1. One", "2. Two")),
            Example("## Steps\n\n1. One\n3. Three\n"),
            Example(_page("Step 1: One", "OPTIONAL Step 2: Two", "Step 3: Three")),
        ),
    ),
    Rule(
        RuleInfo(
            "D513",
            "step-number-repeat",
            does="Reports two steps with the same number.",
            why="Another page or a colleague that names the number can mean either step.",
        ),
        step_repeat,
        bad=(
            Example(_page("1. One", "2. Two", "2. Three"), at=(15, 1)),
            Example(_page("Step 1: One", "Step 1b: Two", "Step 1B: Three"), at=(15, 1)),
        ),
        good=(
            Example(_page("1. One", "2. Two", "3. Three")),
            Example(_page("1. One", "1a. Two", "1b. Three", "2. Four")),
            Example("## Steps\n\n1. One\n1. Two\n1. Three\n"),
            Example(_page("1. One", "2. Two") + "## Rollback\n\n### 1. One\n\n### 2. Two\n"),
        ),
    ),
    Rule(
        RuleInfo(
            "D514",
            "unknown-step-reference",
            does="Reports a sentence about a step number that the page does not have. Pages without "
            "numbered steps, and sentences about another page, are not checked.",
            why="`Go back to step 7` cannot be followed on a page that ends with step 6.",
        ),
        unknown_reference,
        bad=(
            Example(_THREE + "If it fails, go back to step 9.\n", at=(21, 30)),
            Example(_THREE + "Repeat steps 2-4, or *Step 2*.\n", at=(21, 16)),
            Example(_LIST + "Then repeat Step 4: it is quick.\n", at=(7, 18)),
        ),
        good=(
            Example(_THREE + "If it fails, go back to step 2.\n"),
            Example(_THREE + "Type `step 9`. See step 1, steps 2-3, and step 9 of [[other]].\n"),
            Example(_THREE + "The wizard asks for it in step 5. Step 1 of 9. Every step 10 ms. Step 2.9.\n"),
            Example("## A\n\n```fish\necho a\n```\n\nSee step 9.\n"),
            Example(_THREE + "- [ ] **Step 7: read it**\n- [ ] **Step 8: write it**\n\nSee step 7.\n"),
            Example(
                "## Steps\n\n1. One\n1. Two\n1. Three\n\n   a. more\n\nRepeat steps 2 and 3, and step 3a.\n"
            ),
        ),
    ),
)
