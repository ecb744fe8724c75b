"""Builds the outline of a page."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ...light_classes import NamedTuple
from ...text.source import Source
from ..anchors import find_heading
from ..markdown.elements import Element
from ..sections import HeadingNode, build_nodes
from .choice import choose_default
from .foreign import find_foreign
from .model import DefaultProcedure, ProcedureOutline
from .procedures import ProcedureFinder, SectionLister
from .tree import AnchorNames, PageTree, list_items


class Outline(NamedTuple):
    """The headings and procedures of a page."""

    nodes: tuple[HeadingNode, ...]
    main: tuple[ProcedureOutline, ...]  # those that rule 1 finds
    others: tuple[ProcedureOutline, ...]
    default: DefaultProcedure
    anchor: str  # of the page as one procedure
    finder: ProcedureFinder

    @property
    def procedures(self) -> tuple[ProcedureOutline, ...]:
        """Return all of them, the main ones first."""
        return self.main + self.others

    @property
    def is_sequence(self) -> bool:
        """Return whether none of several procedures runs by itself, and none is dangerous."""
        several = self.default.anchor is None and len(self.procedures) > 1
        return several and not any(
            each.dangerous or each.helping or each.left_out for each in self.procedures
        )

    def find_procedure(self, anchor: str) -> ProcedureOutline | None:
        """Return the procedure with this anchor: one that is listed, the page, or that of any heading.

        An empty anchor is the page. Other spellings of an anchor that renderers make are found too.
        """
        wanted = anchor or self.anchor
        listed = {outline.anchor: outline for outline in self.procedures}
        if wanted in listed:
            return listed[wanted]
        if wanted in (self.anchor, self.finder.tree.anchor):
            return self.finder.build_whole(self.anchor)
        index = find_heading([(node.anchor, node.title) for node in self.nodes], wanted)
        if index is None:
            return None
        return listed.get(self.nodes[index].anchor) or self.finder.build_section(index)


def build_outline(
    source: Source,
    elements: Sequence[Element],
    executable: Collection[int],
    page_title: str,
    tabbed: Collection[int] = (),
) -> Outline:
    """Outline a page; `executable` has the indices of blocks that could run, `tabbed` of those in tabs."""
    nodes, page_anchor = build_nodes(source, elements, page_title)
    children: dict[int | None, list[int]] = {}
    for index, node in enumerate(nodes):
        children.setdefault(node.parent, []).append(index)
    title_at = next((index for index, node in enumerate(nodes) if node.level == 1), None)
    foreign = tuple(find_foreign(source, elements, executable))
    items = list_items(elements, nodes, page_anchor)
    tree = PageTree(
        source, elements, nodes, children, title_at, tuple(sorted(executable)), page_title, page_anchor,
        items, foreign, tabbed,
    )  # fmt: skip
    finder = ProcedureFinder(tree)
    main = tuple(finder.find_main())
    lister = SectionLister(finder, main)
    lister.list_sections()
    others = tuple(_join_introductions(tree, lister, bool(main)))
    default = choose_default(tree, main, others)
    return Outline(nodes, main, others, default, _choose_page_anchor(tree, main + others), finder)


def _join_introductions(tree: PageTree, lister: SectionLister, beside: bool) -> list[ProcedureOutline]:
    """Return the procedures of rule 2 in order.

    The own text of a section that is run with its subsections under its own anchor has another anchor.
    """
    alone = not beside and not lister.found and len(lister.introductions) == 1
    names = AnchorNames({node.anchor for node in tree.nodes} | {item.anchor for item in tree.items})
    others = list(lister.found)
    for index in lister.introductions:
        anchor = tree.anchor if index is None else tree.nodes[index].anchor
        own = anchor if alone else names.add_unique(f"{anchor}-introduction")
        others.append(lister.finder.build_introduction(index, own))
    return sorted(others, key=lambda outline: outline.steps[0].first)


def _choose_page_anchor(tree: PageTree, procedures: Sequence[ProcedureOutline]) -> str:
    """Return the anchor of the whole page: its title's, unless that heading is only a part of the page.

    Another procedure with that anchor is the whole page if it is the only one.
    """
    title = tree.title_at
    anchors = [tree.anchor]
    if title is not None and not tree.has_several_titles() and tree.nodes[title].parent is None:
        node = tree.nodes[title]
        if not tree.has_executable(0, node.first) and node.last == len(tree.elements):
            anchors.insert(0, node.anchor)
    used = {outline.anchor for outline in procedures}
    if len(procedures) == 1 and used <= set(anchors):
        return used.pop()
    if free := [anchor for anchor in anchors if anchor not in used]:
        return free[0]
    return AnchorNames(used | {node.anchor for node in tree.nodes}).add_unique("all")
