"""Finds the comments around a statement in its block, which people read and shells pass over."""

from __future__ import annotations

import re
from itertools import takewhile

from ...document.model import Block, Statement
from ...light_classes import NamedTuple
from ...plan.model import PlanItem
from ...text.lazy_pattern import LazyPattern

# a comment between alternatives, of which the person has chosen one
_SEPARATES = LazyPattern(r"#+[ \t]*(?:or|alternatively)\b[^\n]{0,40}:?", re.IGNORECASE)


class BlockComments(NamedTuple):
    """The comments around a statement."""

    above: tuple[str, ...] = ()  # lines
    beside: str = ""  # after it, on its last line
    below: tuple[str, ...] = ()  # lines after the last statement of its block


def find_comments(item: PlanItem) -> BlockComments:
    """Return the comments around an item's statement; the labels of alternatives do not count."""
    block, statement = item.block, item.statement
    if block is None or statement is None:
        return BlockComments()
    script = block.script.text
    index = next((at for at, each in enumerate(block.statements) if each.start == statement.start), 0)
    ends = [each.end for each in block.statements]
    starts = [each.start for each in block.statements]
    gap = script[ends[index - 1] if index else 0 : statement.start]
    # the rest of the line of the statement before is beside that one
    above = gap.partition("\n")[2] if index else gap
    last = index == len(starts) - 1
    beside, _, below = script[statement.end : len(script) if last else starts[index + 1]].partition("\n")
    comment = beside.lstrip(" \t;&")
    if len(script) != len(block.code):  # a console block: comments have no prompt
        above = _find_console_comments(block, statement)
    return BlockComments(
        _find_lines(above, block.alternatives),
        f"  {comment}" if comment.startswith("#") else "",
        _find_lines(below, block.alternatives) if last else (),
    )


def _find_console_comments(block: Block, statement: Statement) -> str:
    """Return the comments directly above a prompted line; others may be output of the command before."""
    lines = block.code.split("\n")[: max(0, statement.span.line - block.span.line - 1)]
    comments = takewhile(lambda line: line.lstrip().startswith("#"), reversed(lines))
    return "\n".join(reversed([*comments]))


def _find_lines(text: str, labels: tuple[str, ...]) -> tuple[str, ...]:
    lines = (line.strip() for line in text.split("\n"))
    comments = (line for line in lines if line.startswith("#") and line.strip("# \t") not in ("", *labels))
    return tuple(line for line in comments if not (labels and _SEPARATES.fullmatch(line)))
