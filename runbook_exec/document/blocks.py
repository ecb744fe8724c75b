"""Reads fenced blocks: their scripts, statements and placeholders, and whether they run."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from ..diagnostics.problem import Problem
from ..shells.base import Scan
from ..shells.quoting import Context
from ..shells.registry import CANONICAL_LANGUAGES, CONSOLE, LANGUAGES, READS, SHELLS
from ..text.source import MappedText, Source
from ..text.span import Span
from . import placeholders
from .annotations.parser import merge_annotations, read_info
from .console import ConsoleBlock, is_console, strip_prompts
from .markdown.elements import Fence
from .model import NOTHING, Annotation, Block, Placeholder, RunbookSettings, Statement
from .unfilled import find_unfilled

_OR = re.compile(r"#+\s*(?:or|alternatively)\b(?:[^\n]*:)?\s*", re.IGNORECASE)

_HEADING_COMMENT = re.compile(r"\s*#(?!!)[^\n]*")


class BlockDraft(NamedTuple):
    """A fence with its annotation: everything that does not depend on its procedure."""

    fence: Fence
    language: str  # a shell's name, `console`, or the word as written
    annotation: Annotation
    problems: tuple[Problem, ...]
    reason_not_run: str  # why it runs in no procedure; empty if it may run
    executable: bool  # whether it is for a shell and nothing keeps it from running


def draft_block(source: Source, fence: Fence, above: Annotation, shell: str | None = None) -> BlockDraft:
    """Read a fence's info string; `above` is the annotation on the line above it.

    In other languages than a shell's, braces belong to other tools: mistakes in them are not reported.
    """
    word, inside, problems = read_info(fence.written, source.text, fence.written_at)
    annotation = inside if above is NOTHING else merge_annotations(inside, above)
    language = LANGUAGES.get(word, word)
    if annotation.shell:
        language = LANGUAGES.get(annotation.shell, annotation.shell)
    ours = language in CANONICAL_LANGUAGES
    if not ours:
        annotation = above
        problems = ()
    if not fence.closed:
        problems = (*problems, _report_unclosed(source, fence))
    put_aside = _reason_not_run(fence, annotation)
    return BlockDraft(
        fence, language, annotation, problems, put_aside, language in CANONICAL_LANGUAGES and not put_aside
    )


def _reason_not_run(fence: Fence, annotation: Annotation) -> str:
    if fence.quoted:
        return "inside a quote: an alternative"
    if not fence.closed:
        return "its fence is never closed"
    if annotation.skip:
        return "annotated skip"
    return "annotated manual: a person does this" if annotation.manual else ""


def _report_unclosed(source: Source, fence: Fence) -> Problem:
    marker = source.text[fence.span.start : fence.written_at].strip() or "```"
    span = source.span(fence.span.start, source.end(fence.span.line - 1))
    return Problem(
        "unclosed-fence",
        f"expected a line {marker} that closes this block, found none before the end of what it stands in",
        span,
        f"write {marker} on a line of its own below the block, indented like this one",
    )


def read_block(
    source: Source, draft: BlockDraft, number: int, shell: str, settings: RunbookSettings, why_not: str = ""
) -> tuple[Block, tuple[Problem, ...]]:
    """Return the block as part of a procedure that runs in `shell`, and its problems.

    `why_not` is the reason that no block here runs. The problems matter only if the block runs.
    """
    fence = draft.fence
    language = draft.language
    console = language == CONSOLE or (language in SHELLS and is_console(fence.code.text))
    own_shell = shell if language == CONSOLE or language in READS.get(shell, ()) else language
    reason = draft.reason_not_run or why_not or _explain_language(language, own_shell, shell)
    if own_shell not in SHELLS:
        block = Block(
            number, fence.info, language, fence.code.text, fence.code, fence.span,
            why_not=reason, annotation=draft.annotation,
        )  # fmt: skip
        return block, ()
    content = ConsoleBlock(fence.code, ())
    if console:
        content = strip_prompts(
            fence.code, lambda text: _scan_script(text, own_shell, settings)[0].problem is None
        )
        if not reason and not content.script.text.strip():
            reason = "no line in it begins with the prompt `$ `"
    reader = _ScriptReader(source, content.script)
    statements, labels, problems = reader.read_statements(own_shell, settings, content.expected)
    block = Block(
        number, fence.info, language, fence.code.text, content.script, fence.span, statements, labels,
        runs=not reason, why_not=reason, annotation=draft.annotation,
    )  # fmt: skip
    return block, problems


def _explain_language(language: str, own_shell: str, shell: str) -> str:
    if language not in CANONICAL_LANGUAGES:
        return "not a shell" if language else "no language is named after its fence"
    if own_shell == shell:
        return ""
    return f"in {language}; this procedure runs in {shell}" if shell else f"in {language}; nothing runs here"


def _scan_script(
    script: str, shell: str, settings: RunbookSettings
) -> tuple[Scan, tuple[placeholders.PlaceholderMatch, ...]]:
    found = placeholders.find_placeholders(script, settings.literal)
    scan: Scan = SHELLS[shell].scan(placeholders.replace_placeholders(script, found))
    if more := find_unfilled(script, scan, settings.literal, found):
        found = tuple(sorted((*found, *more)))
        scan = SHELLS[shell].scan(placeholders.replace_placeholders(script, found))
    return scan, found


class _ScriptReader(NamedTuple):
    """Reads a script, and maps its offsets to the file."""

    source: Source
    script: MappedText

    def read_statements(
        self, shell: str, settings: RunbookSettings, expected: Sequence[tuple[int, str]]
    ) -> tuple[tuple[Statement, ...], tuple[str, ...], tuple[Problem, ...]]:
        """Return the statements of a script, the labels of its alternatives, and its problems."""
        text = self.script.text
        scan, found = _scan_script(text, shell, settings)
        borders, labels = _alternatives(text, scan)
        statements = []
        ends = [end for _, end in scan.statements]
        shown = {bisect_right(ends, end) - 1: output for end, output in expected}
        upcoming = iter((*found, None))
        placeholder = next(upcoming)
        for index, (start, end) in enumerate(scan.statements):
            inside = []
            while placeholder is not None and placeholder.start < end:
                if placeholder.start >= start:
                    inside.append(self._placeholder(placeholder, start, scan))
                placeholder = next(upcoming)
            statements.append(
                Statement(
                    text[start:end],
                    start,
                    end,
                    self._span(start, end),
                    tuple(inside),
                    bisect_right(borders, start) + 1 if borders else 0,
                    shown.get(index),
                )
            )
        problems: tuple[Problem, ...] = ()
        if scan.problem is not None:
            position, message = scan.problem
            span = self._span(position, min(position + 1, len(text)))
            problems = (Problem("syntax", message, span, f"it is read as {shell}"),)
        return tuple(statements), labels, problems

    def _placeholder(self, found: placeholders.PlaceholderMatch, base: int, scan: Scan) -> Placeholder:
        in_comment = scan.in_comment(found.start)
        context = Context.COMMENT if in_comment else scan.context(found.start, found.end)
        span = self._span(found.start, found.end)
        return Placeholder(
            found.name, found.text, found.start - base, found.end - base, context, span, found.suspected
        )

    def _span(self, start: int, end: int) -> Span:
        return self.source.span(*self.script.offsets(start, end))


def _alternatives(text: str, scan: Scan) -> tuple[list[int], tuple[str, ...]]:
    """Return the offsets of all alternatives except the first, and the labels of all of them."""
    borders: list[int] = []
    labels: list[str] = []
    ends = [end for _, end in scan.statements]
    for start, end in scan.comments:
        line = text.rfind("\n", 0, start) + 1
        after = bisect_right(ends, start)
        inside = after < len(ends) and scan.statements[after][0] < start
        if not inside and not text[line:start].strip() and _OR.fullmatch(text, start, end):
            borders.append(start)
            labels.append(text[start:end].strip("# \t"))
    if not borders or not scan.statements:
        return [], ()
    first_start, first_end = scan.statements[0]
    heading = _HEADING_COMMENT.match(text, 0, first_start)
    first = heading[0].strip("# \t\n") if heading else ""
    if not first or borders[0] < first_start:
        first = text[first_start:first_end].split("\n", 1)[0]
    return borders, (first, *labels)
