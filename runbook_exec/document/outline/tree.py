"""Provides the tree of a page's headings with the blocks and lists below them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import groupby

from ...light_classes import NamedTuple
from ...text.lazy_pattern import LazyPattern
from ...text.source import Source
from ..markdown.elements import TEXTS, Element, Fence, ListItem
from ..markdown.headings import split_number, strip_markup
from ..sections import HeadingNode
from .labels import number_items
from .titles import is_dangerous, lists_references

_LONGEST_TITLE = 80

_LINK_ITEM = LazyPattern(r"[ \t]*(?:\*\*|__)?(?:\[|<?https?://)")  # an item of a list of links


class NumberedItem(NamedTuple):
    """A top-level item of a numbered list, with its number and its anchor on the page."""

    first: int  # the index of its element
    number: str
    anchor: str


class PageTree(NamedTuple):
    """The headings of a page, and what is below them."""

    source: Source
    elements: Sequence[Element]
    nodes: tuple[HeadingNode, ...]
    children: Mapping[int | None, Sequence[int]]
    title_at: int | None  # the node that is the page's title
    executable: tuple[int, ...]  # indices of elements, in order
    title: str
    anchor: str  # of the page, beside those of its headings
    items: tuple[NumberedItem, ...]  # in order
    foreign: tuple[int, ...]  # indices of the blocks with commands that no shell of ours runs
    tabbed: Collection[int]  # indices of the blocks in tabs

    def iterate_ancestors(self, index: int) -> Iterator[int]:
        """Yield the nodes around a node, the innermost first."""
        parent = self.nodes[index].parent
        while parent is not None:
            yield parent
            parent = self.nodes[parent].parent

    def list_sections(self) -> list[int]:
        """Return the sections of the page: those below its title, and those beside the title."""
        top = self.children.get(None, ())
        if self.title_at is None or self.title_at not in top or self.has_several_titles():
            return list(top)
        below = self.children.get(self.title_at, ())
        return sorted((*(index for index in top if index != self.title_at), *below))

    def has_several_titles(self) -> bool:
        """Return whether several headings look like the page's title."""
        return [node.level for node in self.nodes].count(1) > 1

    def has_executable(self, first: int, last: int) -> bool:
        """Return whether a block in the elements `first:last` could run."""
        return bisect_left(self.executable, first) < bisect_left(self.executable, last)

    def list_executable(self, first: int, last: int) -> Sequence[int]:
        """Return the blocks in the elements `first:last` that could run."""
        return self.executable[bisect_left(self.executable, first) : bisect_left(self.executable, last)]

    def count_foreign(self, first: int, last: int) -> int:
        """Return the number of blocks there with commands that no shell of ours runs."""
        return bisect_left(self.foreign, last) - bisect_left(self.foreign, first)

    def runs_below(self, index: int) -> bool:
        """Return whether a block under a heading or its subheadings could run."""
        return self.has_executable(self.nodes[index].first, self.nodes[index].last)

    def find_start(self) -> int:
        """Return the end of the elements above the first heading."""
        return self.nodes[0].first - 1 if self.nodes else len(self.elements)

    def has_title_word(self, index: int, fits: Callable[[str], bool]) -> bool:
        """Return whether `fits` is true of a title of the section or one around it, not the page's."""
        return any(
            number != self.title_at and fits(self.nodes[number].title)
            for number in (index, *self.iterate_ancestors(index))
        )

    def is_dangerous(self, index: int) -> bool:
        """Return whether a section runs only if it is named."""
        return self.has_title_word(index, is_dangerous)

    def find_items(self, first: int, last: int) -> list[NumberedItem]:
        """Return the top-level items of the numbered lists among the elements `first:last`."""
        at = bisect_left(self.items, (first,))
        return list(self.items[at : bisect_left(self.items, (last,))])

    def has_instructions(self, first: int, last: int) -> bool:
        """Return whether a numbered list among these elements has items that are no links."""
        items = self.find_items(first, last)
        return any(not self._is_link(item.first) for item in items)

    def tells_by_hand(self, first: int, last: int) -> bool:
        """Return whether these elements tell a person to do something, if none of them could run."""
        return self.count_foreign(first, last) > 0 or self.has_instructions(first, last)

    def is_by_hand(self, index: int) -> bool:
        """Return whether a section tells a person to do something, if no block in it could run."""
        node = self.nodes[index]
        return not lists_references(node.title) and self.tells_by_hand(node.first, node.last)

    def _is_link(self, index: int) -> bool:
        item = self.elements[index]
        return isinstance(item, ListItem) and _LINK_ITEM.match(self.source.text, item.content) is not None

    def make_item_title(self, index: int, end: int) -> str:
        """Return the title of an item: its first sentence, or the first line of its first block."""
        for element in self.elements[index + 1 : end]:
            if isinstance(element, TEXTS):
                text = strip_markup(
                    _strip_quote_marks(self.source.text[element.span.start : element.span.end])
                )
                return _shorten_title(text.rstrip(" :"))
            if isinstance(element, Fence):
                return _shorten_title(element.code.text.strip().split("\n", 1)[0])
        return ""


def list_items(
    elements: Sequence[Element], nodes: Sequence[HeadingNode], page_anchor: str
) -> tuple[NumberedItem, ...]:
    """Return the top-level items of all numbered lists; no two have one anchor, nor that of a heading."""
    found = [
        (index, element)
        for index, element in enumerate(elements)
        if type(element) is ListItem and element.ordered and not element.items and not element.quoted
    ]
    if not found:
        return ()
    names = AnchorNames({node.anchor for node in nodes} | {page_anchor})
    firsts = [node.first for node in nodes]
    numbered = []
    for place, group in groupby(found, key=lambda each: bisect_left(firsts, each[0] + 1)):
        section = list(group)
        anchor = nodes[place - 1].anchor if place else page_anchor
        numbers = number_items([item for _, item in section])
        for (index, _), number in zip(section, numbers, strict=True):
            numbered.append(NumberedItem(index, number, names.add_unique(f"{anchor}-{number}")))
    return tuple(numbered)


class AnchorNames:
    """The anchors that are used on a page."""

    def __init__(self, used: set[str]) -> None:
        self._used = used
        self._reached: dict[str, int] = {}

    def add_unique(self, anchor: str) -> str:
        """Use an anchor, with `_1`, `_2`, … at its end if it is used already, and return it."""
        name = anchor
        while name in self._used:
            self._reached[anchor] = self._reached.get(anchor, 0) + 1
            name = f"{anchor}_{self._reached[anchor]}"
        self._used.add(name)
        return name


def has_number(node: HeadingNode) -> bool:
    """Return whether a heading has the number of a step."""
    return split_number(node.title)[0] != ""


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
