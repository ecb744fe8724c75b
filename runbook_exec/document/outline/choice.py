"""Chooses the procedure that runs unless one is named: only what is plainly the procedure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from ...text.lazy_pattern import LazyPattern
from ..markdown.elements import Fence, Html
from ..sections import HeadingNode
from .model import DefaultProcedure, ProcedureOutline
from .titles import (
    are_alternatives,
    comes_before,
    frames_procedure,
    is_dangerous,
    mends_one_cause,
    names_procedure,
    names_procedure_loosely,
    names_task,
    only_helps,
    only_shows,
)
from .tree import PageTree, has_number

# what a block begins with that is only a piece of a command, or of something else
_NO_COMMAND = LazyPattern(
    r"(?>(?:[ \t]*(?:#[^\n]*)?\n)*)[ \t]*(?:--?\w|\{[\"'\w]|/\*|\$\{?\w+\}?[ \t]*$|\$\{)"
)

_TABS = LazyPattern(r"\bdata-scope=|<Tab(?:s|Item)?\b|\bclass=[\"'](?:tab|filter)[\w-]*\b", re.IGNORECASE)

_MOST_OTHERS = 2  # sections beside the procedure; on a page with more the procedure is one topic of many


_IN_TABS = "some of its blocks are in tabs, which are several ways to one end"


def choose_default(
    tree: PageTree, main: Sequence[ProcedureOutline], others: Sequence[ProcedureOutline]
) -> DefaultProcedure:
    """Return the procedure that runs unless one is named, or the reason why none does."""
    wanted = [outline for outline in main or others if not outline.helping]
    if len(wanted) != 1:
        helps = len(main or others) == 1
        return DefaultProcedure(None, "it only helps when something else fails" if helps else "")
    (outline,) = wanted
    reason = _find_reason(tree, outline)
    return DefaultProcedure(None, reason) if reason else DefaultProcedure(outline.anchor)


def _find_reason(tree: PageTree, outline: ProcedureOutline) -> str:
    """Return the reason why the only procedure of a page is not plainly what the page is for."""
    nodes = {node.anchor: index for index, node in enumerate(tree.nodes)}
    steps = [tree.nodes[nodes[step.anchor]] for step in outline.steps if step.anchor in nodes]
    titles = [node.title for node in steps if not has_number(node) and node.anchor != outline.anchor]
    at = nodes.get(outline.anchor)
    if outline.dangerous:
        return f"`{outline.title}` is the title of something that deletes, stops or undoes"
    inside = [outline.preface, *((step.first, step.last) for step in outline.steps)]
    for several in (titles, *_list_subsections(tree, inside)):
        if are_alternatives(several):
            return f"`{several[0]}` and `{several[1]}` may be several ways to one end"
    if _has_tabs(tree, inside):
        return _IN_TABS
    if at is not None and names_procedure(tree.nodes[at].title):
        of_page = at == tree.title_at or tree.nodes[at].parent in (None, tree.title_at)
        return "" if of_page else _find_others(tree, at, [])
    if at in (None, tree.title_at) and any(map(has_number, steps)):
        return _find_earlier(tree, next(node for node in steps if has_number(node)))
    if any(index in tree.tabbed for first, last in inside for index in tree.list_executable(first, last)):
        return _IN_TABS
    return _find_doubt(tree, at, titles, inside)


def _find_earlier(tree: PageTree, first: HeadingNode) -> str:
    """Return which section with blocks comes before the first numbered step of a page, "" if none does."""
    for index in tree.list_sections():
        node = tree.nodes[index]
        if node.first >= first.first:
            break
        apart = frames_procedure(node.title) or only_helps(node.title) or is_dangerous(node.title)
        if tree.runs_below(index) and (not apart or comes_before(node.title)):
            return f"`{node.title}` comes before its first step and has blocks, too"
    return ""


def _list_subsections(tree: PageTree, inside: Sequence[tuple[int, int]]) -> Iterator[list[str]]:
    """Yield the titles of the subsections with blocks, for each section in these elements."""
    starts = [first for first, _ in inside]
    for index, node in enumerate(tree.nodes):
        part = bisect_right(starts, node.first) - 1
        if part >= 0 and node.first < inside[part][1]:
            below = tree.children.get(index, ())
            yield [tree.nodes[number].title for number in below if tree.runs_below(number)]


def _find_doubt(tree: PageTree, at: int | None, titles: list[str], inside: Sequence[tuple[int, int]]) -> str:
    """Return the reason why the only section with blocks, which nothing else marks, is not the procedure."""
    if any(map(is_dangerous, titles)):
        return "a part of it deletes, stops or undoes something"
    blocks = [tree.elements[index] for part in inside for index in tree.list_executable(*part)]
    for block in blocks:
        if isinstance(block, Fence) and _begins_without_command(block.code.text):
            return f"the block on line {block.span.line} does not begin with a command"
    if sum(tree.count_foreign(*part) for part in inside) > len(blocks):
        return "most of its commands are for other programs than these shells"
    around = () if at is None else (at, *tree.iterate_ancestors(at))
    for index in around:
        if index == tree.title_at:
            continue
        title = tree.nodes[index].title
        if only_shows(title) or frames_procedure(title):
            return f"`{title}` is the title of an example or a reference"
        if mends_one_cause(title):
            return f"`{title}` depends on what is wrong"
    if reason := _find_others(tree, at, inside):
        return reason
    if len(titles) > 1 and sum(map(names_task, titles)) * 3 < len(titles) * 2:
        return f"`{titles[0]}`, `{titles[1]}` and so on may be topics rather than steps"
    beside = [node for node in _list_beside(tree, at) if not frames_procedure(node.title)]
    if at is not None and are_alternatives([tree.nodes[at].title, *(node.title for node in beside)]):
        return f"`{tree.nodes[at].title}` and `{beside[0].title}` may be several ways to one end"
    if (
        beside
        and at is not None
        and at != tree.title_at
        and not names_procedure_loosely(tree.nodes[at].title)
    ):
        return f"`{tree.nodes[at].title}` may be one topic among others, such as `{beside[0].title}`"
    if len(beside) > (0 if len(titles) > 1 else _MOST_OTHERS):
        return f"the page has other sections, such as `{beside[0].title}`"
    return ""


def _begins_without_command(code: str) -> bool:
    has_sign = "-" in code or "{" in code or "/" in code or "$" in code
    return has_sign and _NO_COMMAND.match(code) is not None


def _has_tabs(tree: PageTree, inside: Sequence[tuple[int, int]]) -> bool:
    """Return whether HTML that shows one of several texts is among these elements."""
    for first, last in inside:
        for element in tree.elements[first:last]:
            if type(element) is Html and _TABS.search(element.text):
                return True
    return False


def _list_beside(tree: PageTree, at: int | None) -> Iterator[HeadingNode]:
    """Yield the sections beside a node and beside those around it, those that help excepted."""
    around = [] if at is None else [at, *tree.iterate_ancestors(at)]
    for index in around:
        if index != tree.title_at:
            for number in tree.children[tree.nodes[index].parent]:
                if number != index and number != tree.title_at and not only_helps(tree.nodes[number].title):
                    yield tree.nodes[number]
    if at in (None, tree.title_at):
        for index in tree.list_sections():
            if not only_helps(tree.nodes[index].title):
                yield tree.nodes[index]


def _find_others(tree: PageTree, at: int | None, inside: Sequence[tuple[int, int]]) -> str:
    """Return where the page has other instructions than those in these elements, and under a node."""
    covered = [False] * (len(tree.elements) + 1)
    for index in [] if at is None else [at, *tree.iterate_ancestors(at)]:
        node = tree.nodes[index]
        if inside:
            break
        if index != tree.title_at:
            covered[node.first : node.last] = [True] * (node.last - node.first)
    for first, last in inside:
        covered[first:last] = [True] * (last - first)
    parts = [(0, tree.find_start(), "the beginning of the page")]
    for index, node in enumerate(tree.nodes):
        if not tree.has_title_word(index, only_helps) and not frames_procedure(node.title):
            parts.append((node.first, node.own, f"`{node.title}`"))
    for first, last, name in parts:
        if first >= last or covered[first]:
            continue
        code = inside and any(isinstance(element, Fence) for element in tree.elements[first:last])
        if code or tree.has_executable(first, last) or tree.tells_by_hand(first, last):
            return f"the page has other instructions, in {name}"
    return ""
