"""Extracts the prose between the blocks of a step, as Markdown of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..text.lazy_pattern import LazyPattern
from ..text.source import TAB_STOP, Source
from ..text.span import Span
from .markdown.elements import Element, Fence, Html, ListItem
from .model import Prose

_ONLY_SPACES = LazyPattern(r"^ +$", re.MULTILINE)

_COMMENTS = LazyPattern(r"<!--.*-->\s*", re.DOTALL)


def extract_prose(
    source: Source, elements: Sequence[Element], first: int, last: int, step: Span | None = None
) -> Iterator[Prose | int]:
    """Yield the prose in the elements `first:last`, and the index of every fence, in order.

    The marker of a list item with the span `step` is left out.
    """
    lines: list[int] = []
    marked = None
    for index in range(first, last):
        element = elements[index]
        if type(element) is Fence:
            yield from _join_prose(source, lines, marked)
            lines = []
            yield index
        elif isinstance(element, ListItem):
            marked = element if element.span == step else marked
        elif not (type(element) is Html and _COMMENTS.fullmatch(element.text)):
            lines += range(element.span.line - 1, element.last)
    yield from _join_prose(source, lines, marked)


def _join_prose(source: Source, lines: Sequence[int], marked: ListItem | None) -> Iterator[Prose]:
    """Yield these lines as one piece of prose, with a blank line for each gap between them."""
    if not lines:
        return
    texts: list[str] = []
    before = lines[0] - 1
    for index in lines:
        if index > before + 1:
            texts.append("")
        text = source.lines[index]
        if marked is not None and index == marked.span.line - 1:
            start = marked.content - source.starts[index]
            text = " " * len(text[:start].expandtabs(TAB_STOP)) + text[start:]
        texts.append(text.expandtabs(TAB_STOP) if text[:1] in "\t " else text)
        before = index
    text = _dedent_text("\n".join(texts)).strip("\n")
    start = source.starts[lines[0]]
    if marked is not None and lines[0] == marked.span.line - 1:
        start = marked.content
    while start < len(source.text) and source.text[start] in " \t":
        start += 1
    yield Prose(text, source.span(start, source.end(lines[-1])))


def _dedent_text(text: str) -> str:
    """Return the text without the common indentation of its lines.

    The text is unchanged if its first line is not indented.
    """
    if text[:1] in (" ", "\n"):
        lines = [line if line.strip(" \t") else "" for line in text.split("\n")]
        indents = [line[: len(line) - len(line.lstrip(" \t"))] for line in lines if line]
        least, most = min(indents, default=""), max(indents, default="")  # all others are between them
        common = next((at for at, each in enumerate(least) if most[at] != each), len(least))
        return "\n".join([line[common:] for line in lines])
    return _ONLY_SPACES.sub("", text) if "\n " in text else text
