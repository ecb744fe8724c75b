"""Reads the procedures of a page from their outlines: steps, blocks, statements and problems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ..diagnostics.problem import Problem
from ..light_classes import NamedTuple
from ..shells.registry import CONSOLE, CONSOLE_SHELL, READS, SHELLS
from ..text.lazy_pattern import LazyPattern
from ..text.source import Source
from ..text.span import Span
from .annotations.parser import merge_annotations
from .annotations.placement import PlacedAnnotations
from .blocks import BlockDraft, draft_block, read_block
from .flow.branches import join_branches
from .flow.conditions import find_condition, find_last_heading
from .flow.includes import report_flow_includes
from .flow.regions import PageFlow
from .markdown.elements import Element, Fence, Heading, Html
from .markdown.headings import strip_markup
from .model import NOTHING, Annotation, Block, LeftOut, Procedure, Prose, RunbookSettings, Step
from .outline.model import ProcedureOutline, StepOutline
from .prose import extract_prose


class ReadProcedure(NamedTuple):
    """A procedure, with its blocks and their problems by the index of their elements."""

    procedure: Procedure
    blocks: dict[int, Block]
    problems: dict[int, tuple[Problem, ...]]


# the marker of a heading or an item, and nothing but `~~text~~`
_STRUCK_OUT = LazyPattern(
    r"[ \t>]*(?:#{1,6}[ \t]+)?(?:(?:[-*+]|\d{1,9}[.):])[ \t]+)?(?:\[[ xX]\][ \t]+)?"
    r"\*{0,2}~~[^~\n]+~~\*{0,2}[.:]?[ \t]*(?:\n|\Z)"
)

_LONGEST_CONDITION = 100  # characters of it in a question


class PageReader(NamedTuple):
    """Reads the procedures and blocks of a page from its elements."""

    source: Source
    elements: Sequence[Element]
    flow: PageFlow
    above: PlacedAnnotations
    settings: RunbookSettings
    shell: str | None
    body: int  # the offset where the front matter ends

    def draft_blocks(self) -> dict[int, BlockDraft]:
        """Return a draft for every fence, by the index of its element."""
        drafts = {
            index: draft_block(self.source, element, self.above.find_annotation(element.span), self.settings)
            for index, element in enumerate(self.elements)
            if type(element) is Fence
        }
        for index, reason in self.flow.reasons.items():
            drafts[index] = drafts[index]._replace(problems=(), reason_not_run=reason, executable=False)
        return drafts

    def build_procedure(self, outline: ProcedureOutline, drafts: dict[int, BlockDraft]) -> ReadProcedure:
        """Return a procedure, with its blocks and their problems by the index of their elements."""
        shell = self._choose_shell(outline, drafts)
        blocks: dict[int, Block] = {}
        problems: dict[int, tuple[Problem, ...]] = {}
        steps = []
        for number, part in enumerate(outline.steps, 1):
            steps.append(self._build_step(number, part, shell, drafts, blocks, problems))
        tabs = {self.elements[index].span.start: places for index, places in self.flow.tabs.items()}
        joined = join_branches(steps, tabs)
        blocks |= dict(_match_blocks(joined, blocks))
        before = extract_prose(self.source, self.elements, *outline.preface)
        blocks_before = {
            index: read_block(self.source, drafts[index], 0, shell, self.settings, "before the first step")
            for index in range(*outline.preface)
            if index in drafts
        }
        blocks |= {index: block for index, (block, _) in blocks_before.items()}
        procedure = Procedure(
            outline.title,
            outline.anchor,
            outline.span,
            shell,
            joined,
            outline.dangerous,
            tuple(text for text in before if isinstance(text, Prose)),
            tuple(LeftOut(node.title, node.anchor, node.span) for node in outline.left_out),
            self._find_ranges(outline),
        )
        return ReadProcedure(procedure, blocks, problems)

    def _choose_shell(self, outline: ProcedureOutline, drafts: dict[int, BlockDraft]) -> str:
        """Return the shell that runs a procedure (rule 3); empty if no block in it is for a shell.

        It is the shell that most blocks are for, fish on a tie.
        """
        annotated = self.above.find_annotation(outline.span).shell
        if self.shell or annotated:
            return self.shell or annotated or ""
        languages = Counter(
            drafts[index].language
            for part in outline.steps
            for index in range(part.first, part.last)
            if index in drafts and drafts[index].executable
        )
        for shell, others in READS.items():
            for other in others if languages[shell] else ():
                languages[shell] += languages.pop(other, 0)
        shells = [(count, name == "fish", name) for name, count in languages.items() if name in SHELLS]
        if shells:
            most = max((count, fish) for count, fish, _ in shells)
            return next(name for count, fish, name in shells if (count, fish) == most)
        return CONSOLE_SHELL if languages[CONSOLE] else ""

    def report_includes(self, outline: ProcedureOutline) -> Iterator[Problem]:
        """Yield a problem for each other file that the steps of a procedure include."""
        for part in outline.steps:
            yield from report_flow_includes(self.source, self.elements[part.first : part.last])

    def _build_step(
        self,
        number: int,
        part: StepOutline,
        shell: str,
        drafts: dict[int, BlockDraft],
        blocks: dict[int, Block],
        problems: dict[int, tuple[Problem, ...]],
    ) -> Step:
        annotation = self.above.find_annotation(part.heading) if part.heading else NOTHING
        around = [self.above.find_annotation(span) for span in part.around] if self.above.annotations else []
        annotation = merge_annotations(*map(_keep_inherited, around), annotation)
        why_not = "its step is annotated skip" if annotation.skip else ""
        if _STRUCK_OUT.match(self.source.text, part.span.start):
            annotation, why_not = annotation._replace(skip=True), "its step is struck out"
        parts: list[Prose | Block] = []
        headings = [part.title, *map(self._read_title, part.around)]  # of the next block
        above = ""  # the text directly above it
        count = 0
        for piece in extract_prose(self.source, self.elements, part.first, part.last, part.span):
            if isinstance(piece, Prose):
                parts.append(piece)
                headings[0], above = find_last_heading(piece.text) or headings[0], piece.text
                continue
            count += 1
            block, wrong = read_block(self.source, drafts[piece], count, shell, self.settings, why_not)
            says = merge_annotations(annotation, block.annotation)
            if block.runs and says.confirm is None and says.when is None:
                block = _confirm_condition(block, find_condition(above, headings))
            above = ""
            blocks[piece] = block
            problems[piece] = wrong if block.runs else ()
            parts.append(block)
        return Step(number, part.label, part.title, part.anchor, part.span, tuple(parts), annotation)

    def _read_title(self, heading: Span) -> str:
        return strip_markup(self.source.text[heading.start : heading.end].strip("# \n"))

    def _find_ranges(self, outline: ProcedureOutline) -> tuple[tuple[int, int], ...]:
        """Return the offsets of the front matter and of the text of a procedure."""
        ranges = [(0, self.body)]
        for first, last in (outline.preface, *((step.first, step.last) for step in outline.steps)):
            begin, end = self._find_start(first), self._find_start(last)
            if begin <= ranges[-1][1] and len(ranges) > 1:
                ranges[-1] = (ranges[-1][0], max(end, ranges[-1][1]))
            else:
                ranges.append((begin, end))
        return tuple(ranges)

    def _find_start(self, index: int) -> int:
        """Return the offset of an element, or of the heading or the annotations directly above it."""
        while index > 0 and isinstance(self.elements[index - 1], (Heading, Html)):
            index -= 1
        return self.elements[index].span.start if index < len(self.elements) else len(self.source.text) + 1


def _confirm_condition(block: Block, condition: str) -> Block:
    """Return a block that a person is asked about if the page says in which case it runs."""
    if not condition:
        return block
    said = condition if len(condition) <= _LONGEST_CONDITION else f"{condition[: _LONGEST_CONDITION - 1]}…"
    asked = f"The page says “{said}”. Run this now?"
    return block._replace(annotation=block.annotation._replace(confirm=asked))


def _match_blocks(steps: Iterable[Step], blocks: dict[int, Block]) -> Iterator[tuple[int, Block]]:
    """Yield the blocks of steps by the index of their elements."""
    by_offset = {block.span.start: block for step in steps for block in step.blocks}
    for index, block in blocks.items():
        yield index, by_offset[block.span.start]


def _keep_inherited(annotation: Annotation) -> Annotation:
    """Return what an annotation of a section says about all of its steps."""
    return annotation._replace(
        id=None,
        capture=None,
        capture_pattern=None,
        expect=(),
        expect_not=(),
        expect_status=None,
        confirm=None,
        choose=None,
    )
