"""V205–V207: the values that steps capture, and where the page uses them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ...diagnostics.finding import Finding
from ...diagnostics.problem import Severity
from ...diagnostics.rule import RuleInfo
from ...document.assignments import parse_capture
from ...plan.builder import find_step
from ...system.memo import cache_latest
from ...text.source import make_span
from ...text.span import Span
from ..facts.filled_placeholders import filled_placeholders
from ..facts.planned_items import list_items
from ..rule import Example, Page, Rule

_STEP = "## Steps\n\n### 1. One\n\n"

_TWO = "\n### 2. Two\n\n"


@cache_latest
def captures(page: Page) -> Sequence[tuple[str, str, Span | None]]:
    """Return the captures of the page: the name, the step, and the place where each is declared."""
    found = [
        (name, parse_capture(f"{name}={where}").step, _find_in_front_matter(page, name))
        for name, where in page.runbook.settings.captures.items()
    ]
    for procedure in page.runbook.procedures:
        for step in procedure.steps:
            for annotation in (step.annotation, *(block.annotation for block in step.blocks)):
                if annotation.capture:
                    found.append((annotation.capture, step.label, annotation.span))
    return found


def _find_in_front_matter(page: Page, name: str) -> Span | None:
    text = page.runbook.text
    at = text.find("captures:")
    found = re.compile(rf"(?m)^[ \t]+(['\"]?){re.escape(name)}\1[ \t]*:").search(text, max(at, 0))
    return (
        make_span(text, found.start() + len(found[0]) - len(found[0].lstrip()), found.end())
        if found
        else None
    )


def unused_capture(page: Page) -> Iterator[Finding]:
    """Report captured values that nothing uses."""
    used = {placeholder.name for _, placeholder in filled_placeholders(page)}
    for name, _, span in captures(page):
        if name not in used and span is not None:
            yield Finding(
                f"`{name}` is captured, and no block that runs has a `<{name}>`",
                span,
                "remove the capture, or name it as the block does",
            )


def used_before_captured(page: Page) -> Iterator[Finding]:
    """Report values that are used before the step that captures them."""
    if not captures(page):
        return
    for _, items in list_items(page):
        made: dict[str, int] = {}
        for name, where in page.runbook.settings.captures.items():
            item = find_step(items, parse_capture(f"{name}={where}").step)
            if item is not None and item.statement is not None:
                made[name] = item.statement.span.start
        for item in items:
            if item.annotation.capture and item.last and item.statement is not None:
                made.setdefault(item.annotation.capture, item.statement.span.start)
        for item in items:
            for placeholder in item.placeholders:
                if item.statement and made.get(placeholder.name, -1) >= item.statement.span.start:
                    yield Finding(
                        f"`{placeholder.text}` is needed here, and captured only further down",
                        placeholder.span,
                        "swap the steps, or capture it earlier",
                    )


def capture_of_nothing(page: Page) -> Iterator[Finding]:
    """Report captures in the front matter whose step does not exist."""
    declared = page.runbook.settings.captures
    items = [item for _, items in list_items(page) for item in items] if declared else []
    for name, where in declared.items():
        step = parse_capture(f"{name}={where}").step
        item = find_step(tuple(items), step)
        if items and (item is None or item.statement is None) and (span := _find_in_front_matter(page, name)):
            yield Finding(
                f"`{name}` is to be captured in step `{step}`, which is no step that runs a statement",
                span,
                "name a step by its number in the document, its anchor or its id",
            )


RULES = (
    Rule(
        RuleInfo(
            "V205",
            "unused-capture",
            does="Reports a captured value that no command uses.",
            why="Most often the placeholder was renamed where the value is needed. Then the run asks "
            "for a value that it already has.",
        ),
        unused_capture,
        bad=(
            Example(
                f"{_STEP}<!-- runbook: capture=id -->\n```fish\nnew\n```\n\n### 2. Two\n\n"
                "```fish\nuse <the-id>\n```\n",
                at=(5, 1),
            ),
            Example(
                "---\nrunbook:\n  captures:\n    id: '1'\n---\n" + _STEP + "```fish\nnew\n```\n", at=(4, 5)
            ),
        ),
        good=(
            Example(
                f"{_STEP}<!-- runbook: capture=id -->\n```fish\nnew\n```\n{_TWO}```fish\nuse <id>\n```\n"
            ),
            Example(
                "---\nrunbook:\n  captures:\n    id: '1'\n---\n"
                + _STEP
                + "```fish\nnew\n```\n\n### 2. Two\n\n```fish\nuse <ID>\n```\n"
            ),
        ),
    ),
    Rule(
        RuleInfo(
            "V206",
            "used-before-captured",
            does="Reports a placeholder that is used before the step that captures its value.",
            why="The run asks for a value that is not known yet.",
        ),
        used_before_captured,
        bad=(
            Example(
                f"{_STEP}```fish\nuse <id>\n```\n{_TWO}<!-- runbook: capture=id -->\n```fish\nnew\n```\n",
                at=(6, 5),
            ),
            Example(
                "---\nrunbook:\n  captures:\n    id: '2'\n---\n"
                + _STEP
                + "```fish\nuse <id>\n```\n\n### 2. Two\n\n```fish\nnew\n```\n",
                at=(11, 5),
            ),
        ),
        good=(
            Example(
                f"{_STEP}<!-- runbook: capture=id -->\n```fish\nnew\n```\n{_TWO}```fish\nuse <id>\n```\n"
            ),
            Example(f"{_STEP}```fish\nuse <id>\n```\n\n### 2. Two\n\n```fish\nuse <id>\n```\n"),
        ),
    ),
    Rule(
        RuleInfo(
            "V207",
            "capture-of-nothing",
            does="Reports a capture under `runbook:` that names a step the page does not have.",
            why="A run refuses the whole page.",
            severity=Severity.ERROR,
        ),
        capture_of_nothing,
        bad=(
            Example(
                "---\nrunbook:\n  captures:\n    id: '7'\n---\n" + _STEP + "```fish\nnew <id>\n```\n",
                at=(4, 5),
            ),
            Example(
                "---\nrunbook:\n  captures:\n    id: 2:x\n---\n"
                + _STEP
                + "```fish\nnew <id>\n```\n\n### 2. Two\n\nBy hand.\n",
                at=(4, 5),
            ),
        ),
        good=(
            Example(
                "---\nrunbook:\n  captures:\n    id: '1'\n---\n"
                + _STEP
                + "```fish\nnew\n```\n\n### 2. Two\n\n```fish\nuse <id>\n```\n"
            ),
            Example(
                "---\nrunbook:\n  captures:\n    id: 1-one\n---\n"
                + "## Steps\n\n### 1. One\n\n```fish\nnew\n```\n\n### 2. Two\n\n```fish\nuse <id>\n```\n"
            ),
        ),
    ),
)
