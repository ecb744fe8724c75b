"""Leads from wikilinks, links, placeholders and names of steps to the place they mean."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from lsprotocol import types

from ...document.anchors import find_heading
from ...document.assignments import parse_capture
from ...document.front_matter.bounds import find_bounds
from ...document.links import find_links
from ...document.model import Runbook
from ...document.parser import parse_runbook
from ...errors import ValueProblem
from ...lint.facts.link_targets import page_at, path_of_link
from ...plan.builder import find_step, items_of
from ...text.span import Span
from ..feature import Feature, PageView
from ..pages import uri_of
from ..placeholder_uses import UseKind, find_use_at, find_uses
from ..positions import PositionMap

_MOST = 2_000_000  # bytes of a page that is read to find a heading

_LABEL = re.compile(r"\[[^\[\]\n]*\]\($")

_STEP_NAME = re.compile(r"\b[Ss]teps?[ \t]+(?P<label>\d+[a-z]?)\b")

_SETTING = re.compile(
    r"^[ \t]+(?P<quote>['\"]?)(?P<key>[^'\"\n:]+)(?P=quote)[ \t]*:[ \t]+(?P<value>\S[^\n]*)$",
    re.MULTILINE,
)

Finder = Callable[[PageView, int], types.Location | None]


def answer(view: PageView, params: types.DefinitionParams) -> types.Location | None:
    """Return the place that the text at a position means; None if it means none."""
    offset = view.page.positions.offset(params.position)
    found = (find(view, offset) for find in _FINDERS)
    return next((location for location in found if location is not None), None)


def _find_wikilink(view: PageView, offset: int) -> types.Location | None:
    for link in view.runbook.wikilinks:
        if not link.span.start <= offset <= link.span.end:
            continue
        if not link.target:
            return _own_heading(view, link.heading)
        here = view.find_workspace()
        if here is None:
            return None
        workspace, source = here
        folder = source.rpartition("/")[0]
        pages = workspace.resolve_wikilink(link.target, folder) or workspace.resolve_wikilink(
            unquote(link.target), folder
        )
        return _other_page(view, workspace.base / pages[0], link.heading) if pages else None
    return None


def _find_link(view: PageView, offset: int) -> types.Location | None:
    text = view.page.text
    for link in find_links(view.runbook):
        line = text.rfind("\n", 0, link.start) + 1
        label = _LABEL.search(text[max(line, link.start - 350) : link.start])
        start = link.start - (len(label[0]) if label else 0)
        if not start <= offset <= link.end:
            continue
        path, _, anchor = link.destination.partition("#")
        if not path:
            return _own_heading(view, anchor)
        target = _find_page(view, link.destination)
        return _other_page(view, target, anchor) if target is not None else None
    return None


def _find_page(view: PageView, destination: str) -> Path | None:
    here = view.find_workspace()
    if here is not None:
        workspace, source = here
        found = page_at(source, destination, workspace.exists)
        if found is not None:
            return workspace.base / found
    path = path_of_link(destination)
    if path is None or not view.page.path.startswith("/"):
        return None
    beside = Path(os.path.normpath(Path(view.page.path).parent / path))
    return beside if beside.is_file() else None


def _own_heading(view: PageView, heading: str) -> types.Location | None:
    span = find_heading_span(view.runbook, heading)
    return _here(view, span) if span is not None else None


def find_heading_span(runbook: Runbook, written: str) -> Span | None:
    """Return the heading that an anchor or the words of a heading mean."""
    sections = runbook.sections
    index = find_heading([(section.anchor, section.title) for section in sections], written)
    if index is not None:
        return sections[index].span
    wanted = unquote(written).strip().casefold()
    return next((section.span for section in sections if section.title.casefold() == wanted), None)


def _other_page(view: PageView, path: Path, heading: str) -> types.Location | None:
    top = types.Range(types.Position(0, 0), types.Position(0, 0))
    if heading:
        try:
            data = path.read_bytes() if path.stat().st_size <= _MOST else b""
        except OSError:
            return None
        runbook = parse_runbook(data, str(path))
        span = find_heading_span(runbook, heading)
        if span is not None:
            positions = PositionMap(runbook.text, view.page.positions.encoding)
            top = positions.range(span.start, span.end)
    return types.Location(uri_of(path), top)


def _here(view: PageView, span: Span) -> types.Location:
    return types.Location(view.page.uri, view.span_range(span))


def _find_placeholder(view: PageView, offset: int) -> types.Location | None:
    """Return where a placeholder gets its value: its capture, else its input, else its first use."""
    use = find_use_at(view.runbook, offset)
    if use is None:
        return None
    if use.kind is UseKind.CAPTURE_KEY and (step := _find_captured_step(view, use.name)):
        return _here(view, step)
    uses = [each for each in find_uses(view.runbook) if each.name == use.name]
    for kind in (UseKind.CAPTURE, UseKind.CAPTURE_KEY, UseKind.INPUT, UseKind.BRACKETS, UseKind.BARE):
        for each in uses:
            if each.kind is kind:
                return types.Location(view.page.uri, view.range(each.start, each.end))
    return None


def _find_captured_step(view: PageView, name: str) -> Span | None:
    declared = view.runbook.settings.captures.get(name)
    try:
        return _find_step_span(view.runbook, parse_capture(f"{name}={declared}").step) if declared else None
    except ValueProblem:
        return None


def _find_step_span(runbook: Runbook, named: str) -> Span | None:
    chosen = sorted(runbook.procedures, key=lambda each: each.anchor != runbook.chosen)
    for procedure in chosen:
        item = find_step(items_of(procedure), named)
        if item is not None:
            return item.step.span
        for step in procedure.steps:
            if named in (step.label, step.anchor):
                return step.span
    return None


def _find_setting(view: PageView, offset: int) -> types.Location | None:
    """Return the step or section that a value of the front matter names."""
    matter = find_bounds(view.page.text)
    if matter is None or not matter[0] <= offset <= matter[1]:
        return None
    for match in _SETTING.finditer(view.page.text, matter[0], matter[1]):
        if not match.start("value") <= offset <= match.end("value"):
            continue
        value = match["value"].strip("'\" \t\r")
        if match["key"] == "procedure":
            return _own_heading(view, value.removeprefix("#"))
        span = _find_captured_step(view, match["key"].strip().casefold()) or None
        return _here(view, span) if span is not None else None
    return None


def _find_named_step(view: PageView, offset: int) -> types.Location | None:
    """Return the step that prose names: `step 3`."""
    line = view.page.text.rfind("\n", 0, offset) + 1
    end = view.page.text.find("\n", offset)
    for match in _STEP_NAME.finditer(view.page.text, line, end if end >= 0 else len(view.page.text)):
        if match.start() <= offset <= match.end():
            span = _find_step_span(view.runbook, match["label"])
            return _here(view, span) if span is not None else None
    return None


_FINDERS: tuple[Finder, ...] = (
    _find_wikilink,
    _find_link,
    _find_placeholder,
    _find_setting,
    _find_named_step,
)

FEATURES = (Feature(types.TEXT_DOCUMENT_DEFINITION, answer),)
