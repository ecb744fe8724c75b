"""Rewrites a page for Python-Markdown: indents lists by four spaces, and marks blocks.

Python-Markdown requires four spaces before the content of a list item. People write two or three, as
CommonMark and Obsidian allow, and a numbered procedure would be split at its first block. Every line of an
item is indented here to a column on which both agree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from ..document.markdown.elements import (
    Element,
    Fence,
    Heading,
    Html,
    IndentedCode,
    ListItem,
    Paragraph,
    read_elements,
)
from ..light_classes import dataclass, field
from ..text.source import Source, parse_source
from .content_tabs import ContentTab, find_tab

_INDENT = 4

_LEFT_ALONE = frozenset(("mermaid", "math"))  # rendered by other tools

_QUOTE_PREFIX = re.compile(r"[ \t>]*")

_ANNOTATION = re.compile(r"\s*<!--\s*runbook\s*:.*-->\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class PageMarks:
    """The marks to write in place of blocks and steps, by the offset of the block or the step."""

    blocks: Mapping[int, str]  # of fences
    steps: Mapping[int, str]  # of list items
    tabs: Collection[str] = ()  # the kinds of tabs that the site enables
    mark_in_tab: Callable[[Fence, Source, str], str] | None = (
        None  # from a fence, its tab and the tab's kind to a mark
    )


def preprocess_page(before: str, markdown: str, marks: PageMarks) -> str:
    """Return the Markdown with new indentation and marks; the marks' offsets include `before`."""
    page = parse_source(before + markdown)
    first = page.index(len(before)) if before else 0
    by_line = {page.index(offset): mark for offset, mark in marks.blocks.items()}
    return _MarkdownWriter(page, first, marks, by_line).write_elements(read_elements(page, len(before)))


@dataclass(slots=True)
class _MarkdownWriter:
    """Writes a page line by line; all lines of an item move as far as its text."""

    page: Source
    first: int
    marks: PageMarks
    by_line: Mapping[int, str]  # the marks of blocks by the index of their line on the page
    above: int = 0  # the lines of the page above this text
    lines: dict[int, list[str]] = field(default_factory=dict)  # the replacement of a line, by its index
    columns: dict[int, int] = field(default_factory=dict)  # of each item's text, by the item's id
    begun: set[int] = field(default_factory=set)  # lines on which an item begins
    step: tuple[int, ...] = ()  # the list item that is the current step
    done: int = 0  # the index of the line after the last tab

    def write_elements(self, elements: tuple[Element, ...]) -> str:
        before: Element | None = None
        for element in elements:
            if not element.items and not isinstance(element, Fence | ListItem):
                self.step = ()
            match element:
                case ListItem():
                    self._item(element, before)
                case Fence():
                    self._fence(element)
                case Html() if _ANNOTATION.fullmatch(element.text):
                    self._replace(element, [""])
                case Paragraph() if not element.quoted:
                    self._paragraph(element)
                case Heading() | Html() | IndentedCode() if element.items:
                    self._move_element(element)
                case _:
                    pass
            before = element
        count = len(self.page.lines)
        out: list[str] = []
        for index in range(self.first, count):
            out += self.lines.get(index, [self.page.lines[index]])
        return "\n".join(out)

    def _replace(self, element: Element, lines: list[str]) -> None:
        index = element.span.line - 1
        self.lines[index] = lines
        for more in range(index + 1, getattr(element, "last", index + 1)):
            self.lines[more] = []

    def _item(self, item: ListItem, before: Element | None) -> None:
        index = item.span.line - 1
        start = self.page.starts[index]
        line = self.page.lines[index]
        marker = line[item.span.start - start : item.content - start]
        rest = line[item.content - start :]
        text = rest.lstrip(" \t")
        column = len(line[: item.content - start].expandtabs(_INDENT))
        padding = len(rest) - len(text)
        self.columns[item.id] = column + (padding if text and padding < 5 else 1)
        if item.quoted or index in self.begun:
            return
        self.begun.add(index)
        mark = self.marks.steps.get(item.span.start, "")
        if not item.items:
            self.step = (item.id,) if mark else ()
        indent = " " * (_INDENT * len(item.items))
        interrupts = isinstance(before, Paragraph) and not before.items and not item.items
        # Python-Markdown accepts any bullets in one list; in CommonMark another bullet begins a new list
        self.lines[index] = [""] * interrupts + [f"{indent}{marker} {mark}{text}"]

    def _paragraph(self, paragraph: Paragraph) -> None:
        column = self.columns[paragraph.items[-1]] if paragraph.items else 0
        for number in range(paragraph.span.line - 1, paragraph.last):
            if number < self.done or number in self.begun:
                continue
            tab = find_tab(self.page.lines, number, column, self.marks.tabs)
            if tab is not None:
                self._write_tab(tab, _INDENT * len(paragraph.items))
            elif paragraph.items:
                self.lines[number] = [self._move_line(self.page.lines[number], paragraph.items)]

    def _write_tab(self, tab: ContentTab, indent: int) -> None:
        inner = " " * (indent + _INDENT)
        body = self._indent_tab(tab) if tab.body else []
        moved = [" " * indent + tab.head, *(inner + line if line else "" for line in body)]
        # in a list item, Python-Markdown finds it only after a blank line
        self.lines[tab.first] = ["", *moved, ""] if indent else moved
        for number in range(tab.first + 1, tab.end):
            self.lines[number] = []
        self.done = tab.end

    def _indent_tab(self, tab: ContentTab) -> list[str]:
        """Return the lines of a tab's body, with a mark in place of each fence."""
        body, marks = parse_source(tab.body), self.marks
        elements = read_elements(body)
        above = self.above + tab.first + 1
        blocks = {}
        for each in elements:
            if not isinstance(each, Fence):
                continue
            mark = self.by_line.get(above + each.span.line - 1, "")
            if not mark and marks.mark_in_tab:
                mark = marks.mark_in_tab(each, body, tab.kind)
            if mark:
                blocks[each.span.start] = mark
        inner = PageMarks(blocks, {}, marks.tabs, marks.mark_in_tab)
        return _MarkdownWriter(body, 0, inner, self.by_line, above).write_elements(elements).split("\n")

    def _move_element(self, element: Heading | Html | IndentedCode) -> None:
        if element.quoted:
            return
        index = element.span.line - 1
        for number in range(index, element.last):
            if number >= self.done and number not in self.begun:
                self.lines[number] = [self._move_line(self.page.lines[number], element.items)]

    def _move_line(self, line: str, items: tuple[int, ...]) -> str:
        text = line.expandtabs(_INDENT) if line[:1] in "\t " else line
        bare = text.lstrip(" ")
        beyond = max(0, len(text) - len(bare) - self.columns[items[-1]])
        return " " * (_INDENT * len(items) + beyond) + bare if bare else ""

    def _fence(self, fence: Fence) -> None:
        index = fence.span.line - 1
        if index < self.done:
            return
        mark = self.marks.blocks.get(fence.span.start)
        if fence.quoted:
            if mark is not None:
                prefix = _QUOTE_PREFIX.match(self.page.lines[index])
                quote = prefix[0] if prefix else "> "
                self._replace(fence, [quote.rstrip(), f"{quote}{mark}", quote.rstrip()])
            return
        items = fence.items or self.step
        if mark is None:
            if items and index not in self.begun:
                for number in range(index, fence.last):
                    self.lines[number] = [self._move_line(self.page.lines[number], items)]
            return
        indent = " " * (_INDENT * len(items))
        if index in self.begun:  # the block begins on the item's first line
            head = self.lines[index][-1]
            at = head.find(self.page.text[fence.span.start : self.page.end(index)])
            self._replace(fence, [head[:at] if at >= 0 else head, "", f"{indent}{mark}", ""])
            return
        self._replace(fence, ["", f"{indent}{mark}", ""])


def is_rendered_language(language: str) -> bool:
    """Return whether we render blocks of this language."""
    return language not in _LEFT_ALONE
