"""Finds the procedures of a page, and builds the one under any heading or of the whole page."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ...light_classes import NamedTuple
from ...text.span import Span
from ..markdown.headings import split_number
from ..sections import HeadingNode
from .model import ProcedureOutline, StepOutline
from .steps import (
    SectionJoiner,
    find_preface,
    find_step_items,
    make_heading_step,
    make_item_steps,
    set_labels,
)
from .titles import are_alternatives, is_dangerous, is_never_step, names_procedure, only_helps
from .tree import PageTree, has_number


class ProcedureFinder(NamedTuple):
    """The rules that find procedures, and the page that they work on."""

    tree: PageTree

    def find_main(self) -> Iterator[ProcedureOutline]:
        """Yield (rule 1) sections with a title such as "Procedure", else with numbered headings."""
        nodes = self.tree.nodes
        titled = [
            index
            for index, node in enumerate(nodes)
            if names_procedure(node.title) and not self._only_names_page(index)
        ]
        around = {ancestor for index in titled for ancestor in self.tree.iterate_ancestors(index)}
        if named := [index for index in titled if index not in around]:
            yield from map(self._build_titled, named)
            return
        groups: dict[tuple[int | None, int], list[int]] = {}
        for index, node in enumerate(nodes):
            if has_number(node):
                groups.setdefault((node.parent, node.level), []).append(index)
        yield from self._find_numbered(groups)

    def _find_numbered(self, groups: dict[tuple[int | None, int], list[int]]) -> Iterator[ProcedureOutline]:
        tree = self.tree
        counts = {parent for (parent, _), group in groups.items() if len(group) > 1}
        around = {
            ancestor for parent in counts if parent is not None for ancestor in tree.iterate_ancestors(parent)
        }
        several = [
            (parent, group)
            for (parent, _), group in groups.items()
            if len(group) > 1 or self._is_only_step(group[0], counts | around)
        ]
        inside = {index for _, group in several for index in group}
        outer = [
            (parent, group)
            for parent, group in several
            if parent is None or not inside & {parent, *tree.iterate_ancestors(parent)}
        ]
        running = [(parent, group) for parent, group in outer if any(map(tree.runs_below, group))]
        for parent, group in running or (outer if not tree.executable else []):
            yield self._from_headings(parent, group, ())

    def build_section(self, index: int) -> ProcedureOutline:
        """Return the procedure under a heading with its subsections in order, whatever they hold."""
        tree, node = self.tree, self.tree.nodes[index]
        if names_procedure(node.title):
            return self._build_titled(index)
        dangerous = tree.is_dangerous(index)
        joiner = SectionJoiner(tree, everything=dangerous)
        joiner.join_own(node, (), inside=False)
        joiner.join_sections(list(tree.children.get(index, ())), (), 0)
        steps = set_labels(joiner.steps) or (
            make_heading_step(node, node.first, node.last)._replace(label="1"),
        )
        return ProcedureOutline(
            node.title, node.anchor, node.span, steps, find_preface(tree, node.first, steps, node.last),
            dangerous, tuple(tree.nodes[number] for number in joiner.left_out),
            tree.has_title_word(index, only_helps), several=len(joiner.steps) > 1,
        )  # fmt: skip

    def build_whole(self, anchor: str) -> ProcedureOutline:
        """Return the page as one procedure: its sections in order, but for those that delete something."""
        tree = self.tree
        joiner = SectionJoiner(tree, whole=True, everything=is_dangerous(tree.title))
        first, title = tree.find_start(), tree.title_at
        sections = tree.list_sections()
        if tree.has_executable(0, first):
            joiner.steps += self._make_steps(tree.title, tree.anchor, self._start_span(), 0, first, None)
        if title is not None and title not in sections:
            joiner.join_own(tree.nodes[title], (), inside=False)
        joiner.join_sections(sections, (), None)
        steps = set_labels(joiner.steps)
        span = tree.nodes[title].span if title is not None else self._start_span()
        left_out = tuple(tree.nodes[index] for index in joiner.left_out)
        preface = find_preface(tree, 0, steps, first)
        return ProcedureOutline(tree.title, anchor, span, steps, preface, left_out=left_out, several=True)

    def build_introduction(self, index: int | None, anchor: str) -> ProcedureOutline:
        """Return the procedure of a section's own text; of the text above all headings if None."""
        tree = self.tree
        if index is None:
            title, span, first, last = tree.title, self._start_span(), 0, tree.find_start()
            steps = set_labels(self._make_steps(title, anchor, span, first, last, None))
            return ProcedureOutline(title, anchor, span, steps, find_preface(tree, first, steps, last))
        node = tree.nodes[index]
        first, last = node.first, self._find_own_end(index)
        steps = set_labels(self._make_steps(node.title, anchor, node.span, first, last, node.span))
        dangerous, helping = tree.is_dangerous(index), tree.has_title_word(index, only_helps)
        preface = find_preface(tree, first, steps, last)
        return ProcedureOutline(node.title, anchor, node.span, steps, preface, dangerous, (), helping)

    def _build_titled(self, index: int) -> ProcedureOutline:
        """Return the procedure under a heading: its subheadings, list items or itself as steps."""
        tree, node = self.tree, self.tree.nodes[index]
        children = self.tree.children.get(index, ())
        last = node.last
        if any(tree.nodes[number].first < tree.nodes[number].last for number in children):
            left_out = [
                number
                for number in children
                if not has_number(tree.nodes[number]) and is_never_step(tree.nodes[number].title)
            ]
            if steps := [number for number in children if number not in left_out]:
                return self._from_headings(index, steps, tuple(tree.nodes[number] for number in left_out))
            last = node.own
        dangerous, helping = tree.is_dangerous(index), tree.has_title_word(index, only_helps)
        if items := tree.find_items(node.first, last):
            steps_of_items = make_item_steps(tree, items, last)
            if tree.has_executable(node.first, items[0].first):
                start = StepOutline("", node.title, node.anchor, node.span, node.first, items[0].first)
                steps_of_items.insert(0, start)
            labelled = set_labels(steps_of_items)
        else:
            step = StepOutline("", node.title, node.anchor, node.span, node.first, last, node.span)
            labelled = set_labels([step])
        preface = find_preface(tree, node.first, labelled, last)
        return ProcedureOutline(node.title, node.anchor, node.span, labelled, preface, dangerous, (), helping)

    def _from_headings(
        self, parent: int | None, group: Sequence[int], left_out: tuple[HeadingNode, ...]
    ) -> ProcedureOutline:
        tree = self.tree
        if parent is None:
            title, anchor, first, own = tree.title, tree.anchor, 0, tree.find_start()
            span, heading, dangerous, helping = self._start_span(), None, False, False
        else:
            node = tree.nodes[parent]
            title, anchor, span, heading = node.title, node.anchor, node.span, node.span
            first, own, dangerous = node.first, node.own, tree.is_dangerous(parent)
            helping = tree.has_title_word(parent, only_helps)
        steps = []
        preface = (first, own)
        if tree.has_executable(first, own):
            steps.append(StepOutline("", title, anchor, span, first, own, heading))
            preface = (first, first)
        steps += [make_heading_step(tree.nodes[i], tree.nodes[i].first, tree.nodes[i].last) for i in group]
        labelled = set_labels(steps)
        return ProcedureOutline(title, anchor, span, labelled, preface, dangerous, left_out, helping)

    def _make_steps(
        self, title: str, anchor: str, span: Span, first: int, last: int, heading: Span | None
    ) -> list[StepOutline]:
        """Return the steps of a stretch without subsections: its list items, or one."""
        tree = self.tree
        items = find_step_items(tree, first, last)
        if not items:
            return [StepOutline("", title, anchor, span, first, last, heading)]
        steps = make_item_steps(tree, items, last)
        if tree.has_executable(first, items[0].first):
            steps.insert(0, StepOutline("", title, anchor, span, first, items[0].first))
        return steps

    def _start_span(self) -> Span:
        start = self.tree.source.starts[0]
        return self.tree.source.span(start, start)

    def _only_names_page(self, index: int) -> bool:
        """Return whether this only names a page with several sections that run, not as its steps."""
        tree = self.tree
        if index != tree.title_at:
            return False
        below = tree.children.get(index, ())
        return sum(tree.runs_below(number) and not has_number(tree.nodes[number]) for number in below) > 1

    def _is_only_step(self, index: int, counting: Collection[int | None]) -> bool:
        """Return whether this is the first and only step of a section.

        Nodes in `counting` contain steps.
        """
        tree = self.tree
        parent = tree.nodes[index].parent
        is_section = parent is not None and (parent != tree.title_at or tree.has_several_titles())
        return is_section and split_number(tree.nodes[index].title)[0] == "1" and index not in counting

    def _find_own_end(self, index: int) -> int:
        """Return the end of the elements before the first subsection with executable blocks."""
        nodes, node = self.tree.nodes, self.tree.nodes[index]
        last = node.own
        for number in range(index + 1, len(nodes)):
            below = nodes[number]
            if below.first > node.last or self.tree.has_executable(below.first, below.own):
                break
            last = below.own
        return last


class SectionLister:
    """Lists (rule 2) the sections that are procedures of their own."""

    def __init__(self, finder: ProcedureFinder, main: Sequence[ProcedureOutline]) -> None:
        self.finder = finder
        self._tree = finder.tree
        self._taken = [False] * (len(finder.tree.elements) + 1)
        for outline in main:
            for first, last in (outline.preface, *((step.first, step.last) for step in outline.steps)):
                self._taken[first:last] = [True] * (last - first)
        self.found: list[ProcedureOutline] = []
        self.introductions: list[int | None] = []  # the nodes whose own text is a procedure

    def list_sections(self) -> None:
        """Find them, in the order of the page."""
        tree, start = self._tree, self._tree.find_start()
        sections = tree.list_sections()
        if tree.has_executable(0, start) and not any(self._taken[:start]):
            self.introductions.append(None)
        if tree.title_at is not None and tree.title_at not in sections:
            self._add_own(tree.title_at)
        for index in sections:
            self._add_section(index)

    def _add_own(self, index: int) -> None:
        node = self._tree.nodes[index]
        if self._tree.has_executable(node.first, node.own) and not any(self._taken[node.first : node.own]):
            self.introductions.append(index)

    def _add_section(self, index: int) -> None:
        tree, node = self._tree, self._tree.nodes[index]
        if not tree.runs_below(index):
            return
        running = [number for number in tree.children.get(index, ()) if tree.runs_below(number)]
        own = tree.has_executable(node.first, node.own)
        if any(self._taken[node.first : node.last]):
            if own and not any(self._taken[node.first : node.own]):
                self.found.append(self.finder.build_section(index))
        elif own or (
            len(running) > 1
            and not only_helps(node.title)
            and not are_alternatives([tree.nodes[number].title for number in running])
        ):
            self._add_group(index)
            return
        for number in running:
            self._add_section(number)

    def _add_group(self, index: int) -> None:
        """Add a section with its subsections, and those that it leaves out as procedures of their own."""
        outline = self.finder.build_section(index)
        self.found.append(outline)
        left_out = {node.span.start for node in outline.left_out}
        nodes, number = self._tree.nodes, index + 1
        while left_out and number < len(nodes) and nodes[number].first <= nodes[index].last:
            if nodes[number].span.start in left_out:
                self._add_section(number)
            number += 1
