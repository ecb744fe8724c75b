"""Divides sections into steps: numbered items, subheadings, or one step for a section."""

from __future__ import annotations

from ...light_classes import dataclass, field
from ...text.span import Span
from ..markdown.elements import Fence, Heading
from ..markdown.headings import split_number
from ..sections import HeadingNode
from .labels import make_labels
from .model import StepOutline
from .titles import is_dangerous, is_irreversible, is_never_step, only_helps
from .tree import NumberedItem, PageTree, has_number


def make_heading_step(node: HeadingNode, first: int, last: int, around: tuple[Span, ...] = ()) -> StepOutline:
    """Return the step that a heading begins, with its number."""
    label, rest = split_number(node.title)
    return StepOutline(label, rest, node.anchor, node.span, first, last, node.span, around)


def make_item_steps(
    tree: PageTree, items: list[NumberedItem], last: int, around: tuple[Span, ...] = ()
) -> list[StepOutline]:
    """Return a step for each item of the numbered lists of a section, which ends at `last`."""
    ends = [*(item.first for item in items), last][1:]
    return [
        StepOutline(
            item.number,
            tree.make_item_title(item.first, end),
            item.anchor,
            tree.elements[item.first].span,
            item.first,
            end,
            around=around,
        )
        for item, end in zip(items, ends, strict=True)
    ]


def find_step_items(tree: PageTree, first: int, last: int) -> list[NumberedItem]:
    """Return the numbered items among these elements, if a block that could run belongs to one."""
    items = tree.find_items(first, last)
    if not items:
        return []
    for index in tree.list_executable(items[0].first, last):
        element = tree.elements[index]
        if index < items[-1].first or (isinstance(element, Fence) and element.items):
            return items
    return []


def set_labels(steps: list[StepOutline]) -> tuple[StepOutline, ...]:
    """Return the steps of a procedure with labels of which no two are the same."""
    labels = make_labels([step.label for step in steps])
    return tuple(step._replace(label=label) for step, label in zip(steps, labels, strict=True))


@dataclass(slots=True)
class SectionJoiner:
    """Joins a section and its subsections, in the order of the page, into steps.

    Text without blocks belongs to the step above it, or else to the one below it.
    """

    tree: PageTree
    whole: bool = False  # whether this is the whole page: then sections that delete something are left out
    everything: bool = False  # whether nothing is left out
    steps: list[StepOutline] = field(default_factory=list)
    left_out: list[int] = field(default_factory=list)  # nodes
    waiting: int | None = None  # the first element of text that belongs to the next step

    def join_own(self, node: HeadingNode, around: tuple[Span, ...], *, inside: bool) -> None:
        """Add the steps of a section's own text; `inside` if the section is in another one."""
        tree, first, last = self.tree, node.first, node.own
        items = find_step_items(tree, first, last)
        begin = items[0].first if items else last
        if tree.has_executable(first, begin) or (not items and tree.tells_by_hand(first, last)):
            self._add(make_heading_step(node, first, begin, around))
        elif inside and self.waiting is None:
            self.waiting = first - 1
        for step in make_item_steps(tree, items, last, (*around, node.span)):
            self._add(step)

    def join_sections(self, sections: list[int], around: tuple[Span, ...], begun: int | None) -> None:
        """Add the steps of sections in a section whose first step has the index `begun`.

        It is None for sections of the page: then text below the last step belongs to no step.
        """
        tree = self.tree
        numbered = sum(has_number(tree.nodes[index]) for index in sections) > 1
        for place, index in enumerate(sections):
            node = tree.nodes[index]
            if numbered and has_number(node):
                self._add(make_heading_step(node, node.first, node.last, around))
            elif self._is_left_out(index, sections[place + 1 :]):
                self.left_out.append(index)
                self.waiting = None
            elif tree.runs_below(index):
                self._join_section(index, around)
            elif tree.is_by_hand(index):
                self._add(make_heading_step(node, node.first, node.last, around))
            else:
                self._add_text(node, above=begun is not None and len(self.steps) > begun)

    def _join_section(self, index: int, around: tuple[Span, ...]) -> None:
        node = self.tree.nodes[index]
        begun = len(self.steps)
        self.join_own(node, around, inside=True)
        self.join_sections(list(self.tree.children.get(index, ())), (*around, node.span), begun)

    def _add(self, step: StepOutline) -> None:
        if self.waiting is not None:
            step = step._replace(first=self.waiting)
            self.waiting = None
        self.steps.append(step)

    def _add_text(self, node: HeadingNode, *, above: bool) -> None:
        """Add a section without instructions to the step above it, or to the next."""
        if above and self.waiting is None and self.steps[-1].last == node.first - 1:
            self.steps[-1] = self.steps[-1]._replace(last=node.last)
        elif self.steps and self.waiting is None:
            self.waiting = node.first - 1

    def _is_left_out(self, index: int, later: list[int]) -> bool:
        if self.everything:
            return False
        title = self.tree.nodes[index].title
        if only_helps(title) or is_never_step(title):
            return True
        if not self.whole or not is_dangerous(title):
            return False
        after = (self.tree.nodes[number].title for number in later if self.tree.runs_below(number))
        return is_irreversible(title) or all(is_dangerous(each) or only_helps(each) for each in after)


def find_preface(tree: PageTree, first: int, steps: tuple[StepOutline, ...], last: int) -> tuple[int, int]:
    """Return the elements from `first` to the heading or the item of the first step."""
    if not steps:
        return first, last
    begin = steps[0].first
    above = tree.elements[begin - 1] if begin > first else None
    if isinstance(above, Heading) and above.span == steps[0].heading:
        begin -= 1
    return first, max(first, begin)
