"""Finds every place where a page names a placeholder: blocks, prose, front matter and annotations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

from ..document.annotations.parser import ANNOTATION_COMMENT
from ..document.front_matter.bounds import find_bounds
from ..document.links import TextRanges
from ..document.model import Annotation, Runbook
from ..document.placeholders import normalise_literal, normalise_name
from ..light_classes import NamedTuple

_BRACKETS = re.compile(r"<(?P<name>[^\W\d_][^<>\n]{0,200}?)[ \t]*>")

_CLOSING_TAG = re.compile(r"</([^\W\d_][\w.:-]{0,200})>")

_ODD_BRACKETS = " \t\r\n[]<>{}%"

_KEY = re.compile(
    r"^(?P<indent>[ \t]*)(?P<quote>['\"]?)(?P<key>[^\s'\"#:][^'\"\n:]*?)(?P=quote)[ \t]*:(?=\s|$)",
    re.MULTILINE,
)

_CAPTURE = re.compile(
    r"(?<![\w-])\"?capture\"?\s{0,9}[=:]\s{0,9}(?P<quote>[\"']?)(?P<name>[^\"'=}\s][^\"'=}\n]*)"
)

_EXPRESSION = re.compile(
    r"\{\{(?P<code>[^{}\n]*)\}\}|\bwhen\s{0,9}=\s{0,9}(?:\"(?P<double>[^\"\n]{0,2000})\"|'(?P<single>[^'\n]{0,2000})')"
)

_STRING = re.compile(r"'[^']*'|\"[^\"]*\"|\\\"[^\"]*\\\"")


class UseKind(Enum):
    """How a placeholder is named at a place."""

    BRACKETS = "brackets"  # `<name>`
    BARE = "bare"  # `YOUR_APP`, which means a value although it has no brackets
    INPUT = "input"  # a key below `inputs:`
    CAPTURE_KEY = "capture key"  # a key below `captures:`
    CAPTURE = "capture"  # `capture=name` in an annotation
    EXPRESSION = "expression"  # `{{ name }}` and `when="name == 'x'"`, with `_` for other characters


class PlaceholderUse(NamedTuple):
    """A place that names a placeholder: `text[start:end]` is the name without brackets and quotes."""

    name: str  # in compared form
    start: int
    end: int
    kind: UseKind
    quoted: bool = False


def find_uses(runbook: Runbook) -> list[PlaceholderUse]:
    """Return the places where the page names a placeholder, in order, each once."""
    found = {(use.start, use.end): use for use in _list_uses(runbook)}
    return sorted(found.values(), key=lambda use: use.start)


def find_use_at(runbook: Runbook, offset: int) -> PlaceholderUse | None:
    """Return the place that holds an offset, its brackets included."""
    for use in find_uses(runbook):
        beside = use.kind is UseKind.BRACKETS
        if use.start - beside <= offset <= use.end + beside:
            return use
    return None


def list_names(runbook: Runbook) -> dict[str, str]:
    """Return the placeholders of a page in compared form, each as it is written first."""
    names: dict[str, str] = {}
    for use in find_uses(runbook):
        if use.kind is not UseKind.EXPRESSION:
            names.setdefault(use.name, runbook.text[use.start : use.end])
    return names


def _list_uses(runbook: Runbook) -> Iterator[PlaceholderUse]:
    text = runbook.text
    matter = find_bounds(text)
    keys = list(_front_matter_uses(runbook, matter[0], matter[1])) if matter else []
    yield from keys
    in_blocks = list(_statement_uses(runbook))
    yield from in_blocks
    captures = list(_annotation_uses(runbook))
    yield from captures
    known = {use.name for use in (*keys, *in_blocks, *captures)}
    # names in `literal` are as written, and `<b>` is a tag where `</b>` closes it
    others = {normalise_literal(name) for name in runbook.settings.literal}
    others |= {normalise_name(name) for name in _CLOSING_TAG.findall(text)}
    for match in _BRACKETS.finditer(text):
        name = normalise_name(match["name"])
        if name in known and name not in others:
            yield PlaceholderUse(name, *match.span("name"), UseKind.BRACKETS)
    yield from _expression_uses(text, known, 0, len(text))


def _statement_uses(runbook: Runbook) -> Iterator[PlaceholderUse]:
    for block in runbook.blocks:
        for statement in block.statements:
            for each in statement.placeholders:
                written = runbook.text[each.span.start : each.span.end]
                inner = written.strip(_ODD_BRACKETS)
                start = each.span.start + written.find(inner)
                kind = UseKind.BARE if inner == written else UseKind.BRACKETS
                if inner:
                    yield PlaceholderUse(each.name, start, start + len(inner), kind)


def _front_matter_uses(runbook: Runbook, start: int, end: int) -> Iterator[PlaceholderUse]:
    """Yield the keys below `inputs:` and `captures:` of the front matter."""
    path: list[tuple[int, str]] = []
    for match in _KEY.finditer(runbook.text, start, end):
        indent = len(match["indent"])
        while path and path[-1][0] >= indent:
            path.pop()
        parents = [key for _, key in path]
        name = normalise_name(match["key"])
        kinds = {"inputs": UseKind.INPUT, "captures": UseKind.CAPTURE_KEY}
        if len(parents) == 2 and parents[0] == "runbook" and parents[1] in kinds:
            yield PlaceholderUse(name, *match.span("key"), kinds[parents[1]], bool(match["quote"]))
        path.append((indent, match["key"]))


def _annotation_uses(runbook: Runbook) -> Iterator[PlaceholderUse]:
    captures = {each.capture for each in list_annotations(runbook) if each.capture}
    for start, end in _annotation_ranges(runbook) if captures else ():
        for match in _CAPTURE.finditer(runbook.text, start, end):
            written = match["name"] if match["quote"] else match["name"].split()[0]
            written = written.removesuffix("-->").rstrip()
            name = normalise_name(written)
            if name in captures:
                first = match.start("name")
                yield PlaceholderUse(name, first, first + len(written), UseKind.CAPTURE, bool(match["quote"]))


def _annotation_ranges(runbook: Runbook) -> Iterator[tuple[int, int]]:
    """Yield the ranges of the comments with annotations, and of the first line of each block."""
    text = runbook.text
    inside = TextRanges((block.span.start, block.span.end) for block in runbook.blocks)
    for comment in ANNOTATION_COMMENT.finditer(text):
        end = text.find("-->", comment.end())
        if end >= 0 and comment.start() not in inside:
            yield comment.end(), end
    for block in runbook.blocks:
        end = text.find("\n", block.span.start)
        yield block.span.start, end if 0 <= end < block.span.end else block.span.end


def list_annotations(runbook: Runbook) -> Iterator[Annotation]:
    """Yield the annotations of the steps and blocks of a page."""
    for procedure in runbook.procedures:
        yield from (step.annotation for step in procedure.steps)
    yield from (block.annotation for block in runbook.blocks)


def _expression_uses(text: str, known: set[str], start: int, end: int) -> Iterator[PlaceholderUse]:
    by_variable = {re.sub(r"\W", "_", name): name for name in known}
    if not by_variable:
        return
    words = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, by_variable))})(?!\w)")
    for match in _EXPRESSION.finditer(text, start, end):
        first, last = match.span(match.lastgroup or 0)
        strings = [each.span() for each in _STRING.finditer(text, first, last)]
        for word in words.finditer(text, first, last):
            if not any(begin <= word.start() < stop for begin, stop in strings):
                yield PlaceholderUse(by_variable[word[0]], *word.span(), UseKind.EXPRESSION)
