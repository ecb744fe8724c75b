"""Defines the Markdown extension `runbook_exec.site`, which adds a runbook's data.

It has four stages, in the order in which Python-Markdown runs them. The page is read, and marks are inserted,
before white space is normalised. Marks are replaced by blocks before fences are parsed. The card, the states
and the tables are added once headings have their anchors. Finally, harmful elements and attributes are
removed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

from markdown import Extension, Markdown
from markdown.preprocessors import Preprocessor

from ..document.annotations.info_string import read_info
from ..document.markdown.elements import Fence
from ..document.model import Block, Runbook
from ..plan.builder import items_of
from ..plan.model import LOCAL
from ..plan.places import find_places
from ..runs.freshness import BadFreshness
from ..text.source import Source
from .assets import check_assets
from .builders import PageLocation, escape_meta, has_title, locate_page, warn_about_page
from .callouts import Callouts
from .content_tabs import find_enabled_tabs
from .heading_ids import HeadingIds
from .html.block import BlockContext, render_block, render_not_run
from .html.card import name_host
from .page import SitePage, may_run, read_page
from .postprocessor import TABLE, PagePostprocessor
from .preprocessor import PageMarks, is_rendered_language, preprocess_page
from .sanitizer import sanitize_page
from .wikilinks import PRIORITY, WikilinkProcessor

_MARKUP = re.compile(r"[<>\"&]")  # characters that make a title from a heading harmful

_BEFORE_WHITE_SPACE = 35  # `normalize_whitespace` is 30

_BEFORE_FENCES = 27  # and superfences 25

_BEFORE_ANCHORS = 7  # after `attr_list`, which is 8

_AFTER_ANCHORS = 3  # `toc` is 5; links are made relative after all others


class SiteExtension(Extension):
    """The extension with its settings."""

    def __init__(self, **settings: Any) -> None:
        self.config = {
            "runbooks": [["**"], "the pages, below docs_dir, that may be runbooks"],
            "known_links": [[], "wikilinks to pages that are elsewhere"],
        }
        super().__init__(**settings)

    def extendMarkdown(self, md: Markdown) -> None:
        """Register the preprocessors; they register the rest once the page is known."""
        blocks = _BlockPreprocessor(md)
        reader = _PagePreprocessor(md, blocks, self.getConfig("runbooks"), self.getConfig("known_links"))
        md.preprocessors.register(reader, "runbook_read", _BEFORE_WHITE_SPACE)
        md.preprocessors.register(blocks, "runbook_blocks", _BEFORE_FENCES)


class _PagePreprocessor(Preprocessor):
    """Reads the page, inserts marks for its parts, and registers the processors that fill them."""

    def __init__(
        self, md: Markdown, blocks: _BlockPreprocessor, runbooks: Sequence[str], known_links: Sequence[str]
    ) -> None:
        super().__init__(md)
        self._blocks = blocks
        self._runbooks = runbooks
        self._known_links = known_links

    def run(self, lines: list[str]) -> list[str]:
        """Return the page's lines, with a mark in place of each part of ours."""
        location = locate_page(self.md)
        if location is None:
            return lines
        self.md.inlinePatterns.register(
            WikilinkProcessor(self.md, location, self._known_links), "runbook_wikilinks", PRIORITY
        )
        self.md.treeprocessors.register(HeadingIds(self.md), "runbook_ids", _BEFORE_ANCHORS)
        self.md.treeprocessors.register(Callouts(self.md), "runbook_callouts", _AFTER_ANCHORS)
        postprocessor = PagePostprocessor(self.md, location, self._runbooks)
        self.md.treeprocessors.register(postprocessor, "runbook_tree", _AFTER_ANCHORS)
        check_assets(location)
        if not any(fnmatchcase(location.source, pattern) for pattern in self._runbooks):
            return lines
        sanitize_page(self.md, {TABLE})
        return self._mark_page(location, postprocessor, "\n".join(lines)).split("\n")

    def _mark_page(self, location: PageLocation, postprocessor: PagePostprocessor, markdown: str) -> str:
        if not may_run(markdown) and (has_title(self.md) or not _MARKUP.search(markdown)):
            escape_meta(self.md, "")
            return markdown
        try:
            page = read_page(location, markdown)
        except (BadFreshness, OSError) as error:
            escape_meta(self.md, "")
            warn_about_page(location, None, f"this page is shown as it is: {error}")
            return markdown
        escape_meta(self.md, page.runbook.title)
        if not page.runs:
            return markdown
        if page.changed:
            warn_about_page(
                location, None, "something has changed this page's commands: it would not show what runs"
            )
            return markdown
        postprocessor.page = page
        blocks = self._blocks.assign_marks(page)
        marks = PageMarks(
            blocks, postprocessor.assign_marks(), find_enabled_tabs(self.md), self._blocks.mark_in_tab
        )
        return preprocess_page(page.before, markdown, marks)


class _BlockPreprocessor(Preprocessor):
    """Replaces each mark by the HTML of its block."""

    def __init__(self, md: Markdown) -> None:
        super().__init__(md)
        self._ours: dict[str, Block] = {}
        self._tab_html: dict[str, str] = {}  # the HTML of blocks in tabs, by their marks
        self._page: SitePage | None = None

    def assign_marks(self, page: SitePage) -> dict[int, str]:
        """Assign marks to the blocks of the next page; return them by the offset of the block."""
        self._page = page
        self._ours = {
            f"rbblock{page.digest[:16]}n{number}x": block
            for number, block in enumerate(page.runbook.blocks)
            if is_rendered_language(block.language)
        }
        return {block.span.start: mark for mark, block in self._ours.items()}

    def mark_in_tab(self, fence: Fence, body: Source, kind: str) -> str:
        """Return the mark of a fence in a tab; empty if we do not render it."""
        language = read_info(fence.written, body.text, fence.written_at)[0]
        if self._page is None or not is_rendered_language(language):
            return ""
        mark = f"rbinset{self._page.digest[:16]}n{len(self._tab_html)}x"
        self._tab_html[mark] = render_not_run(fence.code.text, fence.info, language, f"inside {kind}")
        return mark

    def run(self, lines: list[str]) -> list[str]:
        """Return the lines with the blocks' HTML in Python-Markdown's stash."""
        page = self._page
        if page is None:
            return lines
        shells = {
            id(block): procedure.shell
            for procedure in page.runbook.procedures
            for step in procedure.steps
            for block in step.blocks
        }
        items = {id(item.statement): item for item in page.items if item.statement}
        steps = Counter(item.step.anchor for item in items.values())
        alone = frozenset(anchor for anchor, count in steps.items() if count == 1)
        context = BlockContext(items, page.secrets, _name_places(page.runbook), alone)
        for index, line in enumerate(lines):
            mark = line.strip(" >")
            if (block := self._ours.get(mark)) is not None:
                html = render_block(block, shells.get(id(block), ""), context)
                lines[index] = line.replace(mark, self.md.htmlStash.store(html))
            elif mark in self._tab_html:
                lines[index] = line.replace(mark, self.md.htmlStash.store(self._tab_html[mark]))
        return lines


def _name_places(runbook: Runbook) -> dict[int, str]:
    """Return where statements run that do not run in the shell of their procedure, by their identity.

    The host of the whole page is on its card.
    """
    found: dict[int, str] = {}
    for procedure in runbook.procedures:
        items = items_of(procedure)
        places = find_places(items, procedure.shell)
        for each in items:
            host = each.annotation.host
            on = "" if host in (None, runbook.settings.host or LOCAL) else f"on {name_host(host)}"
            found[id(each.statement)] = " ".join(filter(None, (places.describe(each.where), on)))
    return {identity: place for identity, place in found.items() if place}
