"""Adds the card, the state of each step and the table of runbooks to a converted page."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.treeprocessors import Treeprocessor

from ..document.model import Step
from .builders import PageLocation, list_site_files
from .html.card import render_card, render_command, render_state
from .html.runbook_table import find_runbooks, render_table
from .page import SitePage

TABLE = "<!-- runbooks -->"

_MARK = re.compile(r"\s*(rbstep[0-9a-f]+n[0-9]+x)")

_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))


class PagePostprocessor(Treeprocessor):
    """Adds a runbook's data to the element tree of its page."""

    page: SitePage | None = None

    def __init__(self, md: Markdown, location: PageLocation, runbooks: Sequence[str]) -> None:
        super().__init__(md)
        self._location = location
        self._runbooks = runbooks
        self._steps: dict[str, Step] = {}
        self._shells: dict[int, str] = {}  # of the procedures, by the identity of their steps

    def assign_marks(self) -> dict[int, str]:
        """Assign marks to the steps that are list items; return them by the offset of the item."""
        if self.page is None:
            return {}
        self._shells = {id(step): each.shell for each in self.page.runbook.procedures for step in each.steps}
        headings = {section.span.start for section in self.page.runbook.sections}
        marks = {}
        for number, step in enumerate(
            step for procedure in self.page.runbook.procedures for step in procedure.steps
        ):
            if step.span.start not in headings:
                mark = f"rbstep{self.page.digest[:16]}n{number}x"
                self._steps[mark] = step
                marks[step.span.start] = mark
        return marks

    def run(self, root: Element) -> None:
        """Change the tree in place."""
        self._fill_tables(root)
        if self.page is not None:
            self._mark_links(root)
            self._fill_items(root)
            self._fill_headings(root)

    def _fill_tables(self, root: Element) -> None:
        comments = self._find_comments()
        for parent in list(root.iter()) if comments else ():
            for index, child in enumerate(list(parent)):
                if child.tag == "p" and not len(child) and (child.text or "").strip() in comments:
                    found = find_runbooks(self._location.docs, self._find_pages())
                    parent[index] = ElementTree.fromstring(render_table(found, self._location.source))  # noqa: S314

    def _mark_links(self, root: Element) -> None:
        """Show links to files outside the site as text: a script beside the notes is not published."""
        folder = posixpath.dirname(self._location.source)
        for link in root.iter("a"):
            path = link.get("href", "").partition("#")[0]
            if path.startswith(".") and posixpath.normpath(posixpath.join(folder, path)).startswith("../"):
                link.tag = "span"
                link.attrib.clear()
                link.set("class", "rb-elsewhere")
                link.set("title", "a file that is not on this site")

    def _find_pages(self) -> list[str]:
        """Return the pages below this one's folder that may be runbooks."""
        folder = posixpath.dirname(self._location.source)
        start = f"{folder}/" if folder else ""
        return [
            source
            for source in list_site_files(self._location.docs)
            if source.startswith(start)
            and source.endswith(".md")
            and any(fnmatchcase(source, pattern) for pattern in self._runbooks)
        ]

    def _find_comments(self) -> frozenset[str]:
        """Return what stands for the stashed comments that tables replace."""
        stash = self.md.htmlStash
        kept = enumerate(stash.rawHtmlBlocks)
        return frozenset(stash.get_placeholder(number) for number, text in kept if str(text).strip() == TABLE)

    def _fill_items(self, root: Element) -> None:
        """Add the state to the list items that are steps, found by their marks."""
        for element in root.iter("li"):
            holder = element if (element.text or "").strip() or not len(element) else element[0]
            text = holder.text or ""
            mark = _MARK.match(text)
            if mark is not None and (step := self._steps.get(mark[1])) is not None:
                holder.text = text[mark.end() :]
                element.set("id", step.anchor)
                element.set("class", "rb-step")
                at = 1 if holder is not element else _first_block(element)
                element[at:at] = self._state(step)

    def _fill_headings(self, root: Element) -> None:
        page = self.page
        if page is None:
            return
        procedures = {
            each.anchor: each for each in page.runbook.procedures if each is not page.main_procedure
        }
        items = {id(step) for step in self._steps.values()}
        steps = {
            step.anchor: step
            for procedure in page.runbook.procedures
            for step in procedure.steps
            if id(step) not in items
        }
        title = next((child for child in root if child.tag == "h1"), None)
        for parent, index, heading in list(_headings_of(root)):
            anchor = heading.get("id", "")
            if (step := steps.get(anchor)) is not None:
                heading.set("class", "rb-step")
                parent[index + 1 : index + 1] = self._state(step)
            if (procedure := procedures.get(anchor)) is not None and heading is not title:
                kind = "rb-procedure rb-dangerous" if procedure.dangerous else "rb-procedure"
                parent.insert(
                    index + 1, _element(f'<div class="{kind}">{render_command(page, procedure)}</div>')
                )
        # below the title: MkDocs recognises a title only if nothing precedes it
        at = list(root).index(title) + 1 if title is not None else 0
        root.insert(at, _element(render_card(page)))
        root.insert(at, _element(f'<div class="rb-page" data-digest="{page.digest}" hidden="hidden"></div>'))

    def _state(self, step: Step) -> list[Element]:
        """Return the element with the state of a step; none if the step has no state."""
        page = self.page
        if page is None:
            return []
        shell = self._shells.get(id(step), "")
        html = render_state(step, page.freshness.of_step(step, shell) if page.has_export else None)
        return [_element(html)] if html else []


def _headings_of(root: Element) -> Iterator[tuple[Element, int, Element]]:
    """Yield the headings with their parents and indices, the last first.

    In this order, insertions do not move the headings that follow.
    """
    for parent in root.iter():
        for index, child in reversed(list(enumerate(parent))):
            if child.tag in _HEADINGS:
                yield parent, index, child


def _first_block(item: Element) -> int:
    """Return the index in a tight list item at which its own line of text ends."""
    blocks = ("ul", "ol", "p", "div", "pre", "table", "blockquote")
    return next((index for index, child in enumerate(item) if child.tag in blocks), len(item))


def _element(text: str) -> Element:
    return ElementTree.fromstring(text)  # noqa: S314 - our own, escaped HTML
