"""Reads fenced blocks: their scripts, statements and placeholders, and whether they run."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from ..diagnostics.problem import Problem
from ..light_classes import NamedTuple
from ..shells.base import Scan
from ..shells.quoting import Context
from ..shells.registry import CANONICAL_LANGUAGES, CONSOLE, LANGUAGES, NEVER, READS, SHELLS
from ..text.source import MappedText, Source
from ..text.span import Span
from . import placeholders
from .annotations.directives import strip_directive_options
from .annotations.info_string import read_info
from .annotations.parser import merge_annotations
from .block_reasons import explain_console, explain_content, explain_language
from .block_text.suspicious import SuspiciousText, find_suspicious_text
from .console import ConsoleBlock, find_inner_prompt, is_console, strip_prompts
from .flow.comments import Fork, divide_lines, find_forks
from .flow.includes import report_block_include
from .markdown.elements import Fence
from .model import NOTHING, Annotation, Block, Placeholder, RunbookSettings, Statement, Suspicion
from .unfilled import find_unfilled


class BlockDraft(NamedTuple):
    """A fence with its annotation: everything that does not depend on its procedure."""

    fence: Fence
    code: MappedText  # as written, without the options of a directive
    language: str  # a shell's name, `console`, or the word as written
    annotation: Annotation
    problems: tuple[Problem, ...]
    reason_not_run: str  # why it runs in no procedure; empty if it may run
    executable: bool  # whether it is for a shell and nothing keeps it from running
    holds_commands: bool = True  # else output, data, a synopsis or a script


def draft_block(source: Source, fence: Fence, above: Annotation, settings: RunbookSettings) -> BlockDraft:
    """Read a fence's info string; `above` is the annotation on the line above it.

    A block for a shell that holds no commands runs nowhere, unless its annotation names the shell.

    In other languages than a shell's, braces belong to other tools: mistakes in them are not reported.
    """
    languages = {**LANGUAGES, **settings.languages} if settings.languages else LANGUAGES
    word, inside, problems = read_info(fence.written, source.text, fence.written_at, languages)
    annotation = inside if above is NOTHING else merge_annotations(inside, above)
    language = languages.get(word, word)
    if language == NEVER:
        language = word if word not in LANGUAGES else NEVER
    if annotation.shell:
        language = LANGUAGES.get(annotation.shell, annotation.shell)
    ours = language in CANONICAL_LANGUAGES
    if not ours:
        annotation = above
        problems = ()
    if not fence.closed:
        problems = (*problems, _report_unclosed(source, fence))
    code = strip_directive_options(fence.code) if fence.written.lstrip().startswith("{") else fence.code
    other = explain_content(source, code, language, settings) if annotation.shell is None else ""
    put_aside = _reason_not_run(fence, annotation) or other
    executable = language in CANONICAL_LANGUAGES and not put_aside
    return BlockDraft(fence, code, language, annotation, problems, put_aside, executable, not other)


def _reason_not_run(fence: Fence, annotation: Annotation) -> str:
    if fence.quoted:
        return "inside a quote"
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
        f"expected a line {marker} that closes this block, found none before the end of what it is in",
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
    own_shell = shell if language == CONSOLE or language in READS.get(shell, ()) else language
    reason = draft.reason_not_run or why_not or explain_language(language, own_shell, shell)
    if own_shell not in SHELLS:
        block = Block(
            number, fence.info, language, fence.code.text, draft.code, fence.span,
            why_not=reason, annotation=draft.annotation,
        )  # fmt: skip
        return block, ()
    content = ConsoleBlock(draft.code, ())
    holds_commands = draft.holds_commands
    if is_console(draft.code.text, language):
        content = strip_prompts(
            draft.code, language, lambda text: _scan_script(text, own_shell, settings)[0].problem is None
        )
        not_commands = explain_console(source, draft.code, content, own_shell, settings)
        reason = reason or not_commands
        holds_commands = holds_commands and not (content.unprompted and not_commands)
    user = content.users[0][0] if content.users else None
    reader = _ScriptReader(source, content.script)
    statements, forks, problems = reader.read_statements(own_shell, settings, content.expected)
    problems += tuple(_report_broken_line(source, draft, index) for index in content.broken_lines)
    block = Block(
        number, fence.info, language, fence.code.text, content.script, fence.span, statements,
        forks[0].labels if forks else (), runs=not reason, why_not=reason, annotation=draft.annotation,
        forks=tuple(fork.labels for fork in forks[1:]), holds_commands=holds_commands,
        prompt=user.describe() if user and (user.place or user.is_root) else "",
        for_root=user is not None and user.is_root,
    )  # fmt: skip
    include = report_block_include(source, fence.code)
    return block, (include,) if include else problems


def _report_broken_line(source: Source, draft: BlockDraft, index: int) -> Problem:
    """Return the problem of a command that `\\` continues onto a line with a prompt."""
    line = draft.code.text.split("\n")[index].rstrip()
    end = draft.code.origins[index] + max(1, len(line) - draft.code.padding[index])
    message = "`\\` continues the line, and the next line has a prompt"
    return Problem("continuation", message, source.span(end - 1, end), "remove the `\\`")


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
    ) -> tuple[tuple[Statement, ...], tuple[Fork, ...], tuple[Problem, ...]]:
        """Return the statements of a script, its alternatives, and its problems."""
        text = self.script.text
        scan, found = _scan_script(text, shell, settings)
        statements = []
        ends = [end for _, end in scan.statements]
        shown = {bisect_right(ends, end) - 1: output for end, output in expected}
        forks = (
            find_forks(divide_lines(text, scan.statements, scan.comments, shown))
            if "#" in text or shown
            else ()
        )
        numbers = {n: (number, fork) for fork, each in enumerate(forks) for n, number in each.numbers.items()}
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
                    numbers.get(index, (0, 0))[0],
                    shown.get(index),
                    numbers.get(index, (0, 0))[1],
                )
            )
        suspicious = find_suspicious_text(text, scan)
        problems = tuple(
            Problem("continuation", each.message, self._span(each.start, each.end), each.advice)
            for each in suspicious
            if each.is_certain
        )
        if scan.problem is not None and not problems:
            position, message = scan.problem
            span = self._span(position, min(position + 1, len(text)))
            problems = (Problem("syntax", message, span, f"it is read as {shell}"),)
        found_suspicions = self._add_suspicions(statements, suspicious)
        return tuple(map(self._note_inner_prompt, found_suspicions)), forks, problems

    def _note_inner_prompt(self, statement: Statement) -> Statement:
        """Return the statement with a note if the page shows lines typed at another prompt below it."""
        inner = find_inner_prompt(statement.expected) if statement.expected else None
        if inner is None:
            return statement
        message = (
            f"the page continues at the prompt `{inner[1]}` below this command; lines typed there do not run"
        )
        note = Suspicion(message, statement.span, "type those lines yourself", asks=False)
        return statement._replace(suspicions=(*statement.suspicions, note))

    def _add_suspicions(
        self, statements: Sequence[Statement], suspicious: Sequence[SuspiciousText]
    ) -> tuple[Statement, ...]:
        if not suspicious:
            return tuple(statements)
        starts = [statement.start for statement in statements]
        found: dict[int, list[Suspicion]] = {}
        for each in suspicious:
            at = max(0, bisect_right(starts, each.start) - 1)
            span = self._span(each.start, each.end)
            found.setdefault(at, []).append(Suspicion(each.message, span, each.advice, each.asks))
        return tuple(
            statement._replace(suspicions=tuple(found[at])) if at in found else statement
            for at, statement in enumerate(statements)
        )

    def _placeholder(self, found: placeholders.PlaceholderMatch, base: int, scan: Scan) -> Placeholder:
        in_comment = scan.in_comment(found.start)
        context = Context.COMMENT if in_comment else scan.context(found.start, found.end)
        span = self._span(found.start, found.end)
        return Placeholder(
            found.name, found.text, found.start - base, found.end - base, context, span, found.suspected
        )

    def _span(self, start: int, end: int) -> Span:
        return self.source.span(*self.script.offsets(start, end))
