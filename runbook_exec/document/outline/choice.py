"""Chooses the procedure that runs unless one is named: only what is plainly the procedure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .model import DefaultProcedure, ProcedureOutline
from .titles import are_alternatives, is_dangerous, lists_references, names_procedure, only_helps
from .tree import PageTree, has_number


def choose_default(
    tree: PageTree, main: Sequence[ProcedureOutline], others: Sequence[ProcedureOutline]
) -> DefaultProcedure:
    """Return the procedure that runs unless one is named, or the reason why none does."""
    wanted = [outline for outline in main or others if not outline.helping]
    if len(wanted) != 1:
        return DefaultProcedure(None)
    (outline,) = wanted
    nodes = {node.anchor: index for index, node in enumerate(tree.nodes)}
    steps = [tree.nodes[nodes[step.anchor]] for step in outline.steps if step.anchor in nodes]
    titles = [node.title for node in steps if not has_number(node) and node.anchor != outline.anchor]
    at = nodes.get(outline.anchor)
    plain = (at is not None and names_procedure(tree.nodes[at].title)) or (
        at in (None, tree.title_at) and any(map(has_number, steps))
    )
    if outline.dangerous or (not plain and any(map(is_dangerous, titles))):
        return DefaultProcedure(None, "it deletes, stops or undoes something, according to its title")
    if are_alternatives(titles):
        return DefaultProcedure(None, f"`{titles[0]}` and `{titles[1]}` may be several ways to one end")
    inside = [outline.preface, *((step.first, step.last) for step in outline.steps)]
    executable = sum(len(tree.list_executable(*part)) for part in inside)
    if not plain and sum(tree.count_foreign(*part) for part in inside) > executable:
        return DefaultProcedure(None, "most of its commands are for other programs than these shells")
    if not plain and (line := next(_find_others(tree, inside), None)):
        return DefaultProcedure(None, f"the page has other instructions, in the section on line {line}")
    return DefaultProcedure(outline.anchor)


def _find_others(tree: PageTree, inside: Sequence[tuple[int, int]]) -> Iterator[int]:
    """Yield the lines of the sections outside these elements that have instructions too."""
    covered = [False] * (len(tree.elements) + 1)
    for first, last in inside:
        covered[first:last] = [True] * (last - first)
    starts = [(0, tree.find_start(), 1)]
    for index, node in enumerate(tree.nodes):
        if not tree.has_title_word(index, only_helps) and not lists_references(node.title):
            starts.append((node.first, node.own, node.span.line))
    for first, last, line in starts:
        if first >= last or covered[first]:
            continue
        if tree.has_executable(first, last) or tree.tells_by_hand(first, last):
            yield line
