"""Parses a Markdown page into a Runbook: its procedures, steps, statements and problems."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath

from ..diagnostics.problem import Problem, Severity
from ..shells.registry import CONSOLE_SHELL, SHELLS
from ..system.gc_pause import pause_gc
from ..text.digests import sha256
from ..text.source import Source, parse_source
from ..text.span import Span
from ..text.suggest import find_near
from .annotations.placement import read_annotations
from .blocks import BlockDraft, read_block
from .flow.regions import read_flow
from .front_matter.bounds import FrontMatter, find_bounds
from .front_matter.overlay import overlay_settings
from .front_matter.plain import read_plain_matter
from .markdown.elements import TEXTS, Element, Fence, Heading
from .markdown.headings import read_title
from .markdown.wikilinks import find_wikilinks
from .model import TRANSCRIPT, Block, Runbook, RunbookSettings, Wikilink
from .outline.builder import Outline, build_outline
from .outline.model import ProcedureOutline
from .reader import PageReader, ReadProcedure
from .sections import build_sections


@pause_gc
def parse_runbook(
    data: bytes,
    path: str,
    overlay: RunbookSettings | None = None,
    shell: str | None = None,
    named: str | None = None,
) -> Runbook:
    """Parse a Markdown file; `overlay` overrides its settings, and `shell` its shell.

    `named` is the anchor of a heading whose section is to be one of the procedures, or "" for the whole page.
    Mistakes in the file are problems of the result, and raise nothing.
    """
    text, problems = _decode(data)
    front_matter = _read_matter(text)
    settings = overlay_settings(front_matter.settings, overlay) if overlay else front_matter.settings
    page = parse_source(text)
    flow = read_flow(page, front_matter.end, mdx=path.endswith(".mdx"))
    found = flow.elements
    texts = tuple([element.span for element in found if type(element) in TEXTS])
    title = _find_title(front_matter.data.get("title"), found, path)
    above = read_annotations(page, found)
    reader = PageReader(page, found, flow, above, settings, shell or settings.shell, front_matter.end)
    drafts = reader.draft_blocks()
    page_outline = build_outline(page, found, _find_executable(drafts), title, flow.tabs)
    outlines, chosen, refused = _find_procedures(page, front_matter.end, page_outline, settings)
    if path.endswith(TRANSCRIPT):
        outlines, chosen, refused, named = [], None, [], None
    wanted = _add_named(outlines, page_outline, named)
    results = [reader.build_procedure(outline, drafts) for outline in outlines]
    blocks, in_blocks = _collect_blocks(reader, drafts, results)
    problems = [
        *problems,
        *front_matter.problems,
        *reader.above.problems,
        *_list_draft_problems(drafts.values()),
        *in_blocks,
        *_report_includes(reader, outlines),
        *_duplicate_ids(reader, drafts),
        *_report_left_out(page_outline.main),
        *refused,
    ]
    return Runbook(
        path=path,
        text=text,
        digest=sha256(data).hexdigest(),
        title=title,
        front_matter=front_matter.data,
        settings=settings,
        procedures=tuple(procedure for procedure, _, _ in results),
        chosen=chosen,
        anchor=page_outline.anchor,
        sections=build_sections(page, page_outline.nodes),
        wikilinks=tuple(_collect_wikilinks(page, texts)),
        blocks=blocks,
        problems=tuple(sorted(problems, key=_position)),
        paragraphs=texts,
        named=wanted,
        why_none=page_outline.default.reason,
        is_sequence=page_outline.is_sequence,
    )


def _find_executable(drafts: Mapping[int, BlockDraft]) -> list[int]:
    return [index for index, draft in drafts.items() if draft.executable]


def _read_matter(text: str) -> FrontMatter:
    bounds = find_bounds(text)
    if bounds is None:
        return FrontMatter()
    plain = read_plain_matter(text, bounds)
    if plain is not None:
        return plain
    from .front_matter.reader import read_front_matter  # with PyYAML, which most pages do not need

    return read_front_matter(text, bounds)


def _position(problem: Problem) -> int:
    return problem.span.start if problem.span else -1


def _decode(data: bytes) -> tuple[str, list[Problem]]:
    try:
        return data.decode("utf-8"), []
    except UnicodeDecodeError as error:
        start = len(data[: error.start].decode("utf-8"))
        text = data.decode("utf-8", "replace")
        wrong = " ".join(f"0x{byte:02x}" for byte in data[error.start : error.end])
        message = f"expected text in UTF-8, found the byte{'s' * (len(wrong) > 4)} {wrong}"
        span = parse_source(text).span(start, start + 1)
        return text, [Problem("not-utf-8", message, span, "save the file as UTF-8")]


def _find_title(given: object, found: Sequence[Element], path: str) -> str:
    if isinstance(given, str) and given.strip():
        return given.strip()
    for element in found:
        if isinstance(element, Heading) and element.level == 1:
            title = read_title(element.text)[0]
            if title:
                return title
    return PurePath(path).stem


def _find_procedures(
    page: Source, body: int, page_outline: Outline, settings: RunbookSettings
) -> tuple[list[ProcedureOutline], str | None, list[Problem]]:
    """Return the procedures, the anchor of the one that runs, and a problem if that is unknown."""
    outlines = list(page_outline.procedures)
    if settings.procedure is None:
        return outlines, page_outline.default.anchor, []
    wanted = settings.procedure.removeprefix("#")
    outline = page_outline.find_procedure(wanted)
    if outline is None:
        known = dict.fromkeys(
            (*(outline.anchor for outline in outlines), *(node.anchor for node in page_outline.nodes))
        )
        near = find_near(wanted, known)
        message = f"expected the anchor of a section of this page, got `{wanted}`"
        message += f"; did you mean `{near}`?" if near else ""
        listed = ", ".join(f"`{outline.anchor}`" for outline in outlines[:8])
        hint = f"its procedures are {listed}" if listed else "nothing on this page runs"
        problem = Problem("unknown-procedure", message, _find_setting(page, body, wanted), hint)
        return outlines, None, [problem]
    if outline not in outlines:
        # it takes the place of the procedures that are parts of it
        steps = {step.anchor for step in outline.steps}
        outlines = [each for each in outlines if not steps >= {step.anchor for step in each.steps}]
        outlines.insert(0, outline)
    return outlines, outline.anchor, []


def _add_named(outlines: list[ProcedureOutline], page_outline: Outline, named: str | None) -> str | None:
    """Add the procedure that the caller names, and return its anchor; None for none."""
    outline = page_outline.find_procedure(named.removeprefix("#")) if named is not None else None
    if outline is not None and outline not in outlines:
        outlines.append(outline)
    return outline.anchor if outline else None


def _find_setting(page: Source, body: int, wanted: str) -> Span | None:
    """Return the span of this procedure's name in the front matter; None if it is not there."""
    match = re.compile(rf"^[ \t]+procedure:[ \t]*['\"]?(#?{re.escape(wanted)})", re.M).search(
        page.text, 0, body
    )
    return page.span(*match.span(1)) if match else None


def _collect_blocks(
    reader: PageReader, drafts: dict[int, BlockDraft], results: Iterable[ReadProcedure]
) -> tuple[tuple[Block, ...], list[Problem]]:
    """Return every block of the page in order, and the problems of those that run."""
    blocks: dict[int, Block] = {}
    problems: dict[int, tuple[Problem, ...]] = {}
    for _, its_blocks, its_problems in results:
        for index, block in its_blocks.items():
            if index not in blocks or (block.runs and not blocks[index].runs):
                blocks[index] = block
                problems[index] = its_problems.get(index, ())
    for index, draft in drafts.items():
        if index not in blocks:
            shell = reader.shell or (draft.language if draft.language in SHELLS else CONSOLE_SHELL)
            outside = "outside every procedure"
            blocks[index], _ = read_block(reader.source, draft, 0, shell, reader.settings, outside)
    ordered = tuple(blocks[index] for index in sorted(blocks))
    return ordered, [problem for index in sorted(problems) for problem in problems[index]]


def _duplicate_ids(reader: PageReader, drafts: dict[int, BlockDraft]) -> Iterator[Problem]:
    """Yield a problem for every id that is used a second time on the page."""
    annotated = (*reader.above.annotations.values(), *(draft.annotation for draft in drafts.values()))
    if not any(annotation.id for annotation in annotated):
        return
    seen: dict[str, Span | None] = {}
    for index, element in enumerate(reader.elements):
        if isinstance(element, Fence):
            annotation = drafts[index].annotation
        elif isinstance(element, Heading):
            annotation = reader.above.find_annotation(element.span)
        else:
            continue
        if annotation.id is None:
            continue
        if annotation.id in seen:
            first = seen[annotation.id]
            where = f" (the first is on line {first.line})" if first else ""
            message = f"expected an id of its own, got `{annotation.id}` a second time{where}"
            yield Problem("duplicate-id", message, annotation.span, "give one of the two another id")
        else:
            seen[annotation.id] = annotation.span


def _list_draft_problems(drafts: Iterable[BlockDraft]) -> Iterator[Problem]:
    """Yield the problems of info strings; that other tools have attributes there is noted once."""
    noted: set[str] = set()
    for draft in drafts:
        for problem in draft.problems:
            if problem.code != "foreign-attribute" or problem.message not in noted:
                yield problem
            if problem.code == "foreign-attribute":
                noted.add(problem.message)


def _report_includes(reader: PageReader, outlines: Iterable[ProcedureOutline]) -> Iterable[Problem]:
    found = (problem for outline in outlines for problem in reader.report_includes(outline))
    return {problem.span: problem for problem in found}.values()


def _report_left_out(outlines: Iterable[ProcedureOutline]) -> Iterator[Problem]:
    for outline in outlines:
        for node in outline.left_out:
            yield Problem(
                "not-a-step",
                f"section `{node.title}` is in the procedure `{outline.title}`, but is not one of its steps",
                node.span,
                "number the heading if it is a step, or move it out of the procedure",
                Severity.WARNING,
            )


def _collect_wikilinks(page: Source, texts: Iterable[Span]) -> Iterator[Wikilink]:
    """Yield the wikilinks in these spans, which must be in order."""
    opening = page.text.find("[[")
    for text in texts:
        if opening < 0:
            return
        if text.end > opening:
            yield from find_wikilinks(page, text.start, text.end)
            opening = page.text.find("[[", text.end)
