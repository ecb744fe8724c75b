"""Prepares the text of a page's shell blocks for rules."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate

from ...document.annotations.parser import merge_annotations
from ...document.model import Annotation, Block
from ...light_classes import dataclass
from ...shells.base import Scan
from ...shells.quoting import Context
from ...shells.registry import SHELLS
from ...system.memo import cache_latest
from ...text.lazy_pattern import LazyPattern
from ...text.source import make_span
from ...text.span import Span
from ..rule import Page
from .shell_check import blank_placeholders, shell_blocks

# The place before a command's name, in text whose quotes and comments are blanked. The pattern never
# backtracks, so no text takes long.
COMMAND = (
    r"(?:(?<=^)|(?<=[\n;|&(`{]))[ \t]*+"
    r"(?>(?:(?:and|or|not|if|while|until|then|do|else|begin|command|builtin|exec|time|sudo|doas|env|nohup|!)"
    r"[ \t]++(?>(?:-\w++[ \t]++)*)|\w++=[^\s;|&(`{]*+[ \t]++)*)"
)

_LETTER = LazyPattern(r"[^\n]")

_NAME = LazyPattern(COMMAND + r"([A-Za-z_][\w.+-]*+)")


@dataclass(frozen=True, eq=False)
class ShellCode:
    """A shell block with its script, twice blanked.

    One copy has its placeholders blanked, the other also its quotes and comments.
    """

    page: Page
    block: Block
    shell: str
    script: str
    bare: str
    scan: Scan

    def span(self, start: int, end: int) -> Span:
        """Return the span of `script[start:end]` in the file."""
        return make_span(self.page.runbook.text, self._offset(start), self._offset(max(start, end - 1)) + 1)

    @cached_property
    def _starts(self) -> Sequence[int]:
        return list(accumulate((len(line) + 1 for line in self.script.split("\n")), initial=0))[:-1]

    def _offset(self, position: int) -> int:
        """Return `MappedText.offset`, without counting the lines before the position each time."""
        excerpt = self.block.script
        line = min(bisect_right(self._starts, position), len(excerpt.origins)) - 1
        return excerpt.origins[line] + max(0, position - self._starts[line] - excerpt.padding[line])

    def regions(self, *contexts: Context) -> Iterator[tuple[int, int]]:
        """Return the ranges of the script in these contexts."""
        return ((start, end) for start, end, context in self.scan.regions if context in contexts)

    def statements(self) -> Iterator[tuple[int, int]]:
        """Return the start and end of each statement."""
        return iter(self.scan.statements)


def find_shell_code(page: Page, *shells: str) -> Iterator[ShellCode]:
    """Return the page's blocks for these shells, or for any."""
    return (code for code in _all_shell_code(page) if not shells or code.shell in shells)


@cache_latest
def _all_shell_code(page: Page) -> tuple[ShellCode, ...]:
    """Return all shell blocks of a page; one rule after the other asks for them."""
    found: list[ShellCode] = []
    for block, shell in shell_blocks(page.runbook):
        blank = blank_placeholders(page.runbook, block)
        scan: Scan = SHELLS[shell].scan(blank)
        found.append(ShellCode(page, block, shell, blank, _blank_quoted(blank, scan), scan))
    return tuple(found)


def _blank_quoted(script: str, scan: Scan) -> str:
    """Return the script with quoted text, here-documents and comments replaced by blanks."""
    blanked = [(start, end) for start, end, context in scan.regions if context is not Context.UNSAFE]
    pieces: list[str] = []
    position = 0
    for begin, end in sorted((*blanked, *scan.comments)):
        if end > (start := max(begin, position)):
            pieces += (script[position:start], _blank(script[start:end]))
            position = end
    return "".join((*pieces, script[position:])) if pieces else script


def _blank(text: str) -> str:
    return _LETTER.sub(" ", text) if "\n" in text else " " * len(text)


def find_command_names(code: ShellCode) -> Iterator[tuple[int, str]]:
    """Yield the names of the commands of a block, with their offsets.

    This is an approximation that misses some names.
    """
    for match in _NAME.finditer(code.bare):
        yield match.start(1), match[1]


def annotation_of(page: Page, block: Block) -> Annotation:
    """Return the annotation of a block, merged with that of its step."""
    for procedure in page.runbook.procedures:
        for step in procedure.steps:
            if any(each.span == block.span for each in step.blocks):
                return merge_annotations(step.annotation, block.annotation)
    return block.annotation
