"""What a page is read as: documents and the outlines expected of them, side by side in tests/documents.

`python tests/test_parse.py` writes the outlines anew, for review.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook_exec.model import Block, Context, Problem, Procedure, Prose, Runbook, Settings, Severity, Step
from runbook_exec.parse import parse

DOCUMENTS = Path(__file__).parent / "documents"


def _outline(runbook: Runbook) -> Iterator[str]:
    yield f"{runbook.title} · runs {runbook.chosen or 'nothing unless named'}"
    for procedure in runbook.procedures:
        yield from _procedure(procedure)
    yield ""
    for section in runbook.sections:
        yield f"section {section.level} #{section.anchor} {section.title} ({section.span.start}–{section.end})"
    for link in runbook.wikilinks:
        yield f"link {link.span.line}:{link.span.column} {link.target!r} {link.heading!r} {link.label!r}"
    for block in runbook.blocks:
        if block.why_not:
            yield f"block on line {block.span.line} does not run: {block.why_not}"
    yield from map(_problem, runbook.problems)


def _procedure(procedure: Procedure) -> Iterator[str]:
    yield ""
    danger = ", dangerous" if procedure.dangerous else ""
    yield f"procedure #{procedure.anchor} {procedure.title} in {procedure.shell or 'no shell'}{danger}"
    for prose in procedure.prose:
        yield f"    | {prose.text!r}"
    for step in procedure.steps:
        yield from _step(step)


def _step(step: Step) -> Iterator[str]:
    by_hand = " (by hand)" if step.manual else ""
    yield f"  {step.number}. [{step.label}] {step.title} #{step.anchor}{by_hand}"
    for part in step.parts:
        if isinstance(part, Prose):
            yield f"    | {part.text!r}"
        else:
            yield from _block(part)


def _block(block: Block) -> Iterator[str]:
    language = block.language or "no language"
    yield f"    block {block.number}, {language}, {'runs' if block.runs else block.why_not}"
    for number, label in enumerate(block.alternatives, 1):
        yield f"      alternative {number}: {label}"
    for statement in block.statements:
        at = f"{statement.span.line}:{statement.span.column}"
        choice = f" ({statement.alternative})" if statement.alternative else ""
        yield f"      {at}{choice} {statement.text!r}"
        for placeholder in statement.placeholders:
            yield f"        {placeholder.text} is {placeholder.name}, {placeholder.context.value}"
        if statement.expected is not None:
            yield f"        shows {statement.expected!r}"


def _problem(problem: Problem) -> str:
    at = f"{problem.span.line}:{problem.span.column}" if problem.span else "-"
    return f"{problem.severity.value} {at} {problem.code}: {problem.message} ({problem.hint})"


def _expected(document: Path) -> Path:
    return document.with_suffix(".outline.txt")


def _read(document: Path) -> str:
    runbook = parse(document.read_bytes(), document.name)
    return "\n".join(_outline(runbook)) + "\n"


@pytest.mark.parametrize("document", sorted(DOCUMENTS.glob("*.md")), ids=lambda path: str(path.stem))
def test_the_outline_of_a_document(document: Path) -> None:
    """Each document is read exactly as the outline beside it says."""
    assert _read(document) == _expected(document).read_text(encoding="utf-8")


if __name__ == "__main__":
    for path in sorted(DOCUMENTS.glob("*.md")):
        _expected(path).write_text(_read(path), encoding="utf-8")
