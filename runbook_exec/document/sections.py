"""Builds the tree of a page's headings, and the sections that they begin."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..light_classes import NamedTuple
from ..text.lazy_pattern import LazyPattern
from ..text.source import Source
from ..text.span import Span
from .markdown.elements import Element, Heading
from .markdown.headings import assign_anchors, read_title
from .model import Runbook, Section


class HeadingNode(NamedTuple):
    """A heading of the page; its elements are `first:last`, before a subheading `first:own`."""

    title: str
    anchor: str
    level: int
    span: Span
    first: int
    own: int
    last: int
    parent: int | None  # the index of the parent node


def build_sections(source: Source, nodes: Sequence[HeadingNode]) -> tuple[Section, ...]:
    """Return the sections of a page with the offsets where they end."""
    ends = [len(source.text)] * len(nodes)
    open_nodes: list[int] = []
    for index, node in enumerate(nodes):
        while open_nodes and nodes[open_nodes[-1]].level >= node.level:
            ends[open_nodes.pop()] = source.starts[node.span.line - 1]
        open_nodes.append(index)
    return tuple(
        Section(node.title, node.anchor, node.level, node.span, end)
        for node, end in zip(nodes, ends, strict=True)
    )


def build_nodes(
    source: Source, elements: Sequence[Element], page_title: str
) -> tuple[tuple[HeadingNode, ...], str]:
    """Return the headings outside lists and quotes, and an anchor for the page itself."""
    headings = [(index, element) for index, element in enumerate(elements) if type(element) is Heading]
    read = [read_title(heading.text) for _, heading in headings]
    titles = [title for title, _ in read]
    *names, page_anchor = assign_anchors([*read, (page_title, "")])
    top = [
        (index, heading, title, anchor)
        for (index, heading), title, anchor in zip(headings, titles, names, strict=True)
        if not heading.items and not heading.quoted
    ]
    lasts = [len(elements)] * len(top)
    parents: list[int | None] = []
    around: list[int] = []
    for number, (index, heading, _, _) in enumerate(top):
        while around and top[around[-1]][1].level >= heading.level:
            lasts[around.pop()] = index
        parents.append(around[-1] if around else None)
        around.append(number)
    owns = [*(index for index, *_ in top[1:]), len(elements)][: len(top)]
    found = tuple(
        HeadingNode(title, anchor, heading.level, heading.span, index + 1, own, last, parent)
        for (index, heading, title, anchor), own, last, parent in zip(top, owns, lasts, parents, strict=True)
    )
    return found, page_anchor


_QUOTED = LazyPattern(r"`+([^`]+)`+|\"([^\"]+)\"|“([^”]+)”|‘([^’]+)’")


def find_section(runbook: Runbook, output: str) -> tuple[Section, ...]:
    """Return the section whose heading quotes a part of the output.

    The sections around it come before it. Dots in a quotation match anything. Empty if no heading quotes the
    output.
    """
    plain = " ".join(output.split()).casefold()
    for section in runbook.sections:
        heading = runbook.text[section.span.start : section.span.end]
        for match in _QUOTED.finditer(heading):
            phrase = next(group for group in match.groups() if group)
            parts = [" ".join(part.split()).casefold() for part in re.split(r"\.{3}|…", phrase)]
            if all(part in plain for part in parts) and sum(map(len, parts)) >= 6:
                around = [s for s in runbook.sections if s.span.start < section.span.start < s.end]
                return (*(s for s in around if s.level > 1), section)
    return ()
