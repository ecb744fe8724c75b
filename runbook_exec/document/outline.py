"""Outlines a page: finds its sections, its procedures and their steps."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from ..text.source import Source
from ..text.span import Span
from .markdown.elements import Element, Fence, Heading, ListItem, Paragraph
from .markdown.headings import split_number, strip_markup
from .sections import HeadingNode, build_nodes

PROCEDURE_TITLES = ("procedure", "steps", "instructions", "runbook")


# A section with one of these in its title runs only if it is named.
DANGEROUS = (
    "debug", "troubleshoot", "rollback", "roll back", "rolling back", "revert", "undo", "emergenc", "shutoff",
    "shut off", "recover", "disaster", "break glass", "break-glass", "uninstall", "teardown", "tear down",
    "tear-down", "destroy", "decommission", "wipe",
)  # fmt: skip

_DANGEROUS = re.compile(r"\b(?:" + "|".join(DANGEROUS) + ")", re.IGNORECASE)

_HELPING = re.compile(r"\b(?:debug|troubleshoot)", re.IGNORECASE)  # belongs to another procedure


_LONGEST_TITLE = 80


class StepOutline(NamedTuple):
    """A step, which consists of the elements `first:last`."""

    label: str  # the number as written; "" for none
    title: str
    anchor: str
    span: Span
    first: int
    last: int
    heading: Span | None = None  # if it begins with a heading


class ProcedureOutline(NamedTuple):
    """A procedure of the page: its steps, and the elements before them."""

    title: str
    anchor: str
    span: Span
    steps: tuple[StepOutline, ...]
    preface: tuple[int, int]
    dangerous: bool = False
    left_out: tuple[HeadingNode, ...] = ()  # dangerous sections in it, which are not steps
    helping: bool = False  # whether it only helps when another procedure fails


class _SectionRange(NamedTuple):
    """A section that becomes a procedure; its elements are `first:last`."""

    title: str
    anchor: str
    span: Span
    first: int
    last: int
    dangerous: bool
    heading: Span | None  # None for the text above the first heading


class Outline(NamedTuple):
    """The headings and procedures of a page; `main` are the procedures that rule 1 finds."""

    nodes: tuple[HeadingNode, ...]
    main: tuple[ProcedureOutline, ...]
    others: tuple[ProcedureOutline, ...]
    rules: _OutlineRules

    def find_default_anchor(self) -> str | None:
        """Return the anchor of the procedure that runs unless another is named; None without one."""
        wanted = [outline for outline in self.main or self.others if not outline.helping]
        return wanted[0].anchor if len(wanted) == 1 and not wanted[0].dangerous else None

    def find_procedure(self, anchor: str) -> ProcedureOutline | None:
        """Return the procedure under the heading with this anchor, even if no block there could run."""
        for index, node in enumerate(self.nodes):
            if node.anchor == anchor:
                return self.rules.build_procedure(index)
        return None


def build_outline(
    source: Source, elements: Sequence[Element], executable: Collection[int], page_title: str
) -> Outline:
    """Outline a page; `executable` has the indices of the blocks that could run."""
    headings, page_anchor = build_nodes(source, elements, page_title)
    children: dict[int | None, list[int]] = {}
    for index, node in enumerate(headings):
        children.setdefault(node.parent, []).append(index)
    title_at = next((index for index, node in enumerate(headings) if node.level == 1), None)
    ordered = tuple(sorted(executable))
    rules = _OutlineRules(source, elements, headings, children, title_at, ordered, page_title, page_anchor)
    main = tuple(rules.find_main())
    return Outline(headings, main, tuple(rules.find_others(main)), rules)


class _OutlineRules(NamedTuple):
    """The rules that find procedures, and the page that they work on."""

    source: Source
    elements: Sequence[Element]
    nodes: tuple[HeadingNode, ...]
    children: Mapping[int | None, Sequence[int]]
    title_at: int | None  # the node that is the page's title
    executable: tuple[int, ...]  # indices of elements, in order
    title: str
    anchor: str

    def find_main(self) -> Iterator[ProcedureOutline]:
        """Yield (rule 1) sections with a title such as "Procedure", else with numbered headings."""
        titled = [
            index
            for index, node in enumerate(self.nodes)
            if node.title.casefold().rstrip(" .:;!?…") in PROCEDURE_TITLES
            and not self._only_names_page(index)
        ]
        around = {ancestor for index in titled for ancestor in self._ancestors(index)}
        named = [index for index in titled if index not in around]
        if named:
            yield from (self._mark_helping(self.build_procedure(index), index) for index in named)
            return
        groups: dict[tuple[int | None, int], list[int]] = {}
        for index, node in enumerate(self.nodes):
            if split_number(node.title)[0]:
                groups.setdefault((node.parent, node.level), []).append(index)
        counts = {parent for (parent, _), group in groups.items() if len(group) > 1}
        around = {ancestor for parent in counts if parent is not None for ancestor in self._ancestors(parent)}
        several = [
            (parent, group)
            for (parent, _), group in groups.items()
            if len(group) > 1 or self._is_only_step(group[0], counts | around)
        ]
        inside = {index for _, group in several for index in group}
        outer = [
            (parent, group)
            for parent, group in several
            if parent is None or not inside & {parent, *self._ancestors(parent)}
        ]
        running = [
            (parent, group)
            for parent, group in outer
            if any(self._has_executable(self.nodes[index].first, self.nodes[index].last) for index in group)
        ]
        for parent, group in running or (outer if not self.executable else []):
            yield self._mark_helping(self._from_headings(parent, group, ()), parent)

    def find_others(self, main: Sequence[ProcedureOutline]) -> Iterator[ProcedureOutline]:
        """Yield (rule 2) every other section that holds blocks of its own."""
        taken = [False] * (len(self.elements) + 1)
        for outline in main:
            for first, last in (outline.preface, *((step.first, step.last) for step in outline.steps)):
                taken[first:last] = [True] * (last - first)
        start = self.nodes[0].first - 1 if self.nodes else len(self.elements)
        if self._has_executable(0, start) and not any(taken[:start]):
            span = self.source.span(self.source.starts[0], self.source.starts[0])
            yield self._from_section(_SectionRange(self.title, self.anchor, span, 0, start, False, None))
        for index, node in enumerate(self.nodes):
            if self._has_executable(node.first, node.own) and not any(taken[node.first : node.own]):
                outline = self._from_section(self._section_range(index, self._find_own_end(index)))
                yield self._mark_helping(outline, index)

    def build_procedure(self, index: int) -> ProcedureOutline:
        """Return the procedure under a heading: its subheadings, list items or itself as steps."""
        node = self.nodes[index]
        children = self.children.get(index, ())
        if any(self.nodes[number].first < self.nodes[number].last for number in children):
            titles = {number: self.nodes[number].title for number in children}
            left_out = [
                number
                for number, title in titles.items()
                if not split_number(title)[0] and _DANGEROUS.search(title)
            ]
            steps = sorted(titles.keys() - left_out)
            if steps:
                return self._from_headings(index, steps, tuple(self.nodes[number] for number in left_out))
        section = self._section_range(index, node.last)
        items = self._find_items(section)
        return self._from_items(section, items) if items else self._as_one_step(section)

    def _only_names_page(self, index: int) -> bool:
        """Return whether this only names a page with several sections that run, not as its steps."""
        if index != self.title_at:
            return False
        running = [
            node
            for node in (self.nodes[number] for number in self.children.get(index, ()))
            if self._has_executable(node.first, node.last) and not split_number(node.title)[0]
        ]
        return len(running) > 1

    def _is_only_step(self, index: int, counting: Collection[int | None]) -> bool:
        """Return whether this is the first and only step of a section.

        Nodes in `counting` contain steps.
        """
        parent = self.nodes[index].parent
        is_section = parent is not None and (parent != self.title_at or self._has_several_titles())
        return is_section and split_number(self.nodes[index].title)[0] == "1" and index not in counting

    def _has_several_titles(self) -> bool:
        return sum(node.level == 1 for node in self.nodes) > 1

    def _ancestors(self, index: int) -> Iterator[int]:
        parent = self.nodes[index].parent
        while parent is not None:
            yield parent
            parent = self.nodes[parent].parent

    def _is_dangerous(self, index: int) -> bool:
        return self._has_title_word(index, _DANGEROUS)

    def _mark_helping(self, outline: ProcedureOutline, index: int | None) -> ProcedureOutline:
        return outline._replace(helping=index is not None and self._has_title_word(index, _HELPING))

    def _has_title_word(self, index: int, words: re.Pattern[str]) -> bool:
        """Return whether a title of the section or one around it, not the page's, has these words."""
        return any(
            words.search(self.nodes[number].title) and number != self.title_at
            for number in (index, *self._ancestors(index))
        )

    def _has_executable(self, first: int, last: int) -> bool:
        return bisect_left(self.executable, first) < bisect_left(self.executable, last)

    def _find_own_end(self, index: int) -> int:
        """Return the end of the elements before the first subsection with executable blocks."""
        node = self.nodes[index]
        last = node.own
        for number in range(index + 1, len(self.nodes)):
            below = self.nodes[number]
            if below.first > node.last or self._has_executable(below.first, below.own):
                break
            last = below.own
        return last

    def _from_headings(
        self, parent: int | None, group: Sequence[int], left_out: tuple[HeadingNode, ...]
    ) -> ProcedureOutline:
        if parent is None:
            start = self.nodes[0].first - 1
            title, anchor, first, own, dangerous = self.title, self.anchor, 0, start, False
            span, heading = self.source.span(self.source.starts[0], self.source.starts[0]), None
        else:
            node = self.nodes[parent]
            title, anchor, span, heading = node.title, node.anchor, node.span, node.span
            first, own, dangerous = node.first, node.own, self._is_dangerous(parent)
        steps = []
        preface = (first, own)
        if self._has_executable(first, own):
            steps.append(StepOutline("", title, anchor, span, first, own, heading))
            preface = (first, first)
        for number in group:
            child = self.nodes[number]
            label, rest = split_number(child.title)
            steps.append(
                StepOutline(label, rest, child.anchor, child.span, child.first, child.last, child.span)
            )
        return ProcedureOutline(title, anchor, span, tuple(steps), preface, dangerous, left_out)

    def _section_range(self, index: int, last: int) -> _SectionRange:
        node = self.nodes[index]
        dangerous = self._is_dangerous(index)
        return _SectionRange(node.title, node.anchor, node.span, node.first, last, dangerous, node.span)

    def _from_section(self, section: _SectionRange) -> ProcedureOutline:
        """Return the procedure of a section (rule 2): its list if it contains blocks, else one step."""
        items = self._find_items(section)
        bounds = pairwise((*items, section.last))
        if items and any(
            isinstance(element := self.elements[index], Fence) and (element.items or begin != items[-1])
            for begin, end in bounds
            for index in self.executable[
                bisect_left(self.executable, begin) : bisect_left(self.executable, end)
            ]
        ):
            return self._from_items(section, items)
        return self._as_one_step(section)

    def _find_items(self, section: _SectionRange) -> list[int]:
        """Return the top-level items of the numbered lists in a section."""
        return [
            index
            for index in range(section.first, section.last)
            if isinstance(item := self.elements[index], ListItem)
            and item.ordered
            and not item.items
            and not item.quoted
        ]

    def _from_items(self, section: _SectionRange, items: list[int]) -> ProcedureOutline:
        title, anchor, span, first, last, dangerous, _ = section
        steps = []
        preface = (first, items[0])
        if self._has_executable(*preface):
            steps.append(StepOutline("", title, anchor, span, *preface))
            preface = (first, first)
        for index, end in pairwise((*items, last)):
            item = self.elements[index]
            if isinstance(item, ListItem):
                name = f"{anchor}-{item.number}"
                steps.append(
                    StepOutline(item.number, self._item_title(index, end), name, item.span, index, end)
                )
        return ProcedureOutline(title, anchor, span, tuple(steps), preface, dangerous)

    def _as_one_step(self, section: _SectionRange) -> ProcedureOutline:
        title, anchor, span, first, last, dangerous, heading = section
        step = StepOutline("", title, anchor, span, first, last, heading)
        return ProcedureOutline(title, anchor, span, (step,), (first, first), dangerous)

    def _item_title(self, index: int, end: int) -> str:
        """Return the title of an item: its first sentence, or the first line of its first block."""
        for element in self.elements[index + 1 : end]:
            if isinstance(element, Paragraph | Heading):
                text = strip_markup(
                    _strip_quote_marks(self.source.text[element.span.start : element.span.end])
                )
                return _shorten_title(text.rstrip(" :"))
            if isinstance(element, Fence):
                return _shorten_title(element.code.text.strip().split("\n", 1)[0])
        return ""


def _strip_quote_marks(text: str) -> str:
    return re.sub(r"^[ \t]*(?:>[ \t]?)*|^#+[ \t]+", "", text, flags=re.MULTILINE)


def _shorten_title(text: str) -> str:
    """Return the first sentence of a text, cut after a word if it is too long for a title."""
    sentence = re.match(r"(.+?[.!?:])\s+[^a-z\s]", text)
    if sentence:
        text = sentence[1].rstrip(".:")
    if len(text) > _LONGEST_TITLE:
        text = text[: _LONGEST_TITLE - 1].rsplit(" ", 1)[0] + "…"
    return text
