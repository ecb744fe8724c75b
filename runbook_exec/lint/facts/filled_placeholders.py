"""Finds the placeholders of a page that a run fills in."""

from __future__ import annotations

from collections.abc import Sequence

from ...document.model import Placeholder, Statement
from ...shells.quoting import Context
from ...system.memo import cache_latest
from ..rule import Page

_NEAR = 2000  # characters before a placeholder in which its command is searched for


@cache_latest
def filled_placeholders(page: Page) -> Sequence[tuple[Statement, Placeholder]]:
    """Return the placeholders that are filled in, with their statements, in page order."""
    return [
        (statement, placeholder)
        for statement in _statements(page)
        for placeholder in statement.placeholders
        if placeholder.context is not Context.COMMENT
    ]


def _statements(page: Page) -> tuple[Statement, ...]:
    """Return the statements of every block that runs in some procedure of the page, each once."""
    seen: set[int] = set()
    found: list[Statement] = []
    for procedure in page.runbook.procedures:
        for step in procedure.steps:
            for block in step.blocks:
                for statement in block.statements if block.runs else ():
                    if statement.span.start not in seen:
                        seen.add(statement.span.start)
                        found.append(statement)
    return tuple(found)


def text_before(statement: Statement, placeholder: Placeholder) -> str:
    """Return the text before a placeholder, as far back as its command can be."""
    return statement.text[max(0, placeholder.start - _NEAR) : placeholder.start]
