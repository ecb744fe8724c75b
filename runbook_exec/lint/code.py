"""The text of a page's shell blocks, as rules look at it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .. import placeholders
from ..model import Annotation, Block, Context, Span
from ..shells import SHELLS
from ..shells.base import Scan
from .lines import span_in
from .rule import Page
from .syntax import shell_blocks

# where a command's name may stand, in text whose quotes and comments are blanked
COMMAND = (
    r"(?:(?<=^)|(?<=[\n;|&(`{]))[ \t]*"
    r"(?:(?:and|or|not|if|while|until|then|do|else|begin|command|builtin|exec|time|sudo|doas|env|nohup|!)"
    r"[ \t]+"
    r"(?:-\w+[ \t]+)*|\w+=\S*[ \t]+)*"
)


@dataclass(frozen=True, slots=True)
class Code:
    """A shell block: its script with placeholders blanked, and that with quotes and comments blanked too."""

    page: Page
    block: Block
    shell: str
    script: str
    bare: str
    scan: Scan

    def span(self, start: int, end: int) -> Span:
        """The stretch of the file that `script[start:end]` is."""
        first, last = self.block.script.offset(start), self.block.script.offset(max(start, end - 1)) + 1
        return span_in(self.page.runbook.text, first, last)

    def regions(self, *contexts: Context) -> Iterator[tuple[int, int]]:
        """The stretches of the script in these contexts."""
        return ((start, end) for start, end, context in self.scan.regions if context in contexts)

    def statements(self) -> Iterator[tuple[int, int]]:
        """Where its statements begin and end."""
        return iter(self.scan.statements)


def codes(page: Page, *shells: str) -> Iterator[Code]:
    """The page's blocks for these shells (or for any) that split into statements."""
    for block, shell in shell_blocks(page.runbook):
        if shells and shell not in shells:
            continue
        script = block.script.text
        blank = placeholders.blank(script, placeholders.find(script, page.runbook.settings.literal))
        scan: Scan = SHELLS[shell].scan(blank)
        yield Code(page, block, shell, blank, _bare(blank, scan), scan)


def _bare(script: str, scan: Scan) -> str:
    """The script with what is quoted, in a here-document or in a comment replaced by blanks."""
    pieces = list(script)
    blanked = [(start, end) for start, end, context in scan.regions if context is not Context.UNSAFE]
    for start, end in (*blanked, *scan.comments):
        for index in range(start, end):
            if pieces[index] != "\n":
                pieces[index] = " "
    return "".join(pieces)


def commands(code: Code) -> Iterator[tuple[int, str]]:
    """The names of the commands of a block, with where they stand; an approximation that misses some."""
    for match in re.finditer(COMMAND + r"([A-Za-z_][\w.+-]*)", code.bare):
        yield match.start(1), match[1]


def annotation_of(page: Page, block: Block) -> Annotation:
    """What is annotated for a block, by its step too."""
    from ..annotations import merge

    for procedure in page.runbook.procedures:
        for step in procedure.steps:
            if any(each.span == block.span for each in step.blocks):
                return merge(step.annotation, block.annotation)
    return block.annotation
