"""Decides whether a line without its container's marker continues a paragraph in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from ...light_classes import dataclass, field
from ...text.lazy_pattern import LazyPattern

LIST_MARKER = LazyPattern(r" {0,3}(?:[-+*]|[0-9]{1,9}[.)])(?=[ \n]|$)")

QUOTE_MARKER = LazyPattern(r" {0,3}> ?")


_DEEPEST = 20  # nested containers that are tracked; mistune treats deeper ones as text


_QUOTE = 0  # in `OpenBlocks.inside`, where any other number is the width of an item's marker and indentation


_TAGS = (
    "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div"
    "|dl|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h1|h2|h3|h4|h5|h6|head|header|hr|html|iframe"
    "|legend|li|link|main|menu|menuitem|nav|noframes|ol|optgroup|option|p|param|search|section|summary|table"
    "|tbody|td|tfoot|th|thead|title|tr|track|ul"
)

_VERBATIM_TAGS = "pre|script|style|textarea"

_BREAK = r"(?:-[ ]*){3,}\n?$|(?:_[ ]*){3,}\n?$|(?:\*[ ]*){3,}\n?$"

_ATX = r"#{1,6}(?:[ \n]|$)"

_OPENING_FENCE = r"`{3,}(?=[^`\n]*\n?$)|~{3,}"


_THEMATIC_BREAK = LazyPattern(r" {0,3}(?:" + _BREAK + ")")

_FENCE = LazyPattern(_OPENING_FENCE)

_ONE_LINE = LazyPattern(f"{_ATX}|{_BREAK}")

_UNDERLINE = LazyPattern(r"(?:=+|-+) *\n?$")

_INTERRUPTS = LazyPattern(
    rf" {{0,3}}(?:{_BREAK}|{_ATX}|{_OPENING_FENCE}|>|(?:[-+*]|[0-9]{{1,9}}[.)])(?:[ \n]|$)"
    rf"|(?i:</?(?:{_TAGS})(?:\s|/?>|$)|<(?:{_VERBATIM_TAGS})(?:[\s>]|$))|<!--|<\?|<!\[CDATA\[|<![A-Za-z])"
)

_HTML_UNTIL = (
    (LazyPattern(rf"<(?:{_VERBATIM_TAGS})(?:[\s>]|$)", re.I), LazyPattern(rf"</(?:{_VERBATIM_TAGS})>", re.I)),
    (LazyPattern(r"<!--"), LazyPattern(r"-->")),
    (LazyPattern(r"<\?"), LazyPattern(r"\?>")),
    (LazyPattern(r"<!\[CDATA\["), LazyPattern(r"\]\]>")),
    (LazyPattern(r"<![A-Za-z]"), LazyPattern(r">")),
)

# the first characters of what interrupts a paragraph; the long pattern is not even compiled for other lines
_INTERRUPTING = frozenset("-_*+#`~><0123456789")

_BLANK = LazyPattern(r"\A\s*\Z")

_BLOCK_TAG = LazyPattern(rf"</?(?:{_TAGS})(?:\s|/?>|$)", re.I)

_LONE_TAG = LazyPattern(r"</?[A-Za-z][^<>]*>\s*$")


@lru_cache(maxsize=64)
def indented_lines(width: int) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return patterns for lines with this indentation, and for the indentation itself.

    The first pattern matches lines of which the last is not blank.
    """
    lines = re.compile(rf"(?>(?:(?>(?: *+\n)*) {{{width}}} *+[^ \n][^\n]*+\n)+)")
    return lines, re.compile(rf"^ {{1,{width}}}", re.MULTILINE)


@lru_cache(maxsize=64)
def closing_fence(character: str, length: int) -> re.Pattern[str]:
    """Return a pattern for the line that closes a fence of so many characters."""
    return re.compile(rf"\n {{0,3}}{character}{{{length},}}[ \t]*\n")


def indent_width(line: str) -> int:
    """Return the number of spaces at the beginning of a line."""
    return len(line) - len(line.lstrip(" "))


@dataclass(slots=True)
class OpenBlocks:
    """The blocks that are open at the end of a container's text.

    Only an open paragraph continues on a line without the container's marker.
    """

    paragraph: bool = False
    fence: str = ""  # the marker of the fence that is open
    html_end: LazyPattern[str] | None = None  # matches the end of the open HTML block
    inside: list[int] = field(default_factory=list)  # the lists and quotes that are open, outermost first
    known: int = 0  # the number of pieces of the text read so far
    bare: bool = False  # whether the innermost container is an item without content so far

    def accepts_lazy_line(self, text: Sequence[str], line: str) -> bool:
        """Return whether a line without its container's marker continues the paragraph.

        `text` is the container's text so far, without markers and in pieces of whole lines. A line that
        continues the paragraph counts as the next piece.
        """
        if not line.strip() or _interrupts_paragraph(line):
            return False
        self.read_up_to(text)
        self.known += self.paragraph
        return self.paragraph

    def read_up_to(self, text: Sequence[str]) -> None:
        """Read the new pieces of the container's text."""
        for piece in text[self.known :]:
            for line in piece.split("\n")[:-1]:
                self._add(f"{line}\n")
        self.known = len(text)

    def _add(self, line: str) -> None:
        if not self.inside:
            if self.fence and self.fence not in line:
                return
            if not self.fence and line[:1].isalpha() and not self.html_end:
                self.paragraph = True
                return
        depth, rest = self._enter(line)
        if depth < len(self.inside):
            if self.paragraph and rest.strip() and not _interrupts_paragraph(rest):
                return
            del self.inside[depth:]
            self._close()
        if self.fence:
            closing = rest.strip(" \n")
            if indent_width(rest) < 4 and closing.startswith(self.fence) and not closing.strip(self.fence[0]):
                self.fence = ""
        elif self.html_end:
            if self.html_end.search(rest):
                self.html_end = None
        else:
            self._add_leaf(self._open(rest))

    def _close(self) -> None:
        self.paragraph, self.fence, self.html_end, self.bare = False, "", None, False

    def _enter(self, line: str) -> tuple[int, str]:
        """Return how many open containers the line stays in, and the line without markers."""
        for depth, width in enumerate(self.inside):
            if width == _QUOTE:
                marker = QUOTE_MARKER.match(line)
                if marker is None:
                    return depth, line
                line = line[marker.end() :]
            elif line.strip():
                if indent_width(line) < width:
                    return depth, line
                line = line[width:]
            elif self.bare and depth == len(self.inside) - 1:
                return depth, line
            else:
                line = line[width:] or "\n"
        return len(self.inside), line

    def _open(self, line: str) -> str:
        """Enter the containers that begin on the line, and return the line without their markers."""
        while len(self.inside) < _DEEPEST:
            if marker := QUOTE_MARKER.match(line):
                self.inside.append(_QUOTE)
                self._close()
                line = line[marker.end() :]
                continue
            marker = LIST_MARKER.match(line)
            if marker is None or _THEMATIC_BREAK.match(line):
                return line
            rest = line[marker.end() :]
            number = marker.group().strip(" ")[:-1]
            bare = not rest.strip()
            if self.paragraph and (bare or (number != "" and int(number) != 1)):
                return line
            width = marker.end() + item_padding(rest)
            self._close()
            self.inside.append(width)
            self.bare = bare
            line = line[width:] or "\n"
        return line

    def _add_leaf(self, line: str) -> None:
        leaf = line.lstrip(" ")
        if not leaf.strip():
            self.paragraph = False
            return
        self.bare = False
        if indent_width(line) >= 4:
            return
        if opening := _FENCE.match(leaf):
            self.fence = opening.group()
            self.paragraph = False
        elif _ONE_LINE.match(leaf) or (self.paragraph and _UNDERLINE.match(leaf)):
            self.paragraph = False
        else:
            self._add_text(leaf)

    def _add_text(self, leaf: str) -> None:
        if leaf[0] != "<":
            self.paragraph = True
            return
        for start, end in _HTML_UNTIL:
            if opening := start.match(leaf):
                self.paragraph = False
                self.html_end = None if end.search(leaf, opening.end()) else end
                return
        if _BLOCK_TAG.match(leaf) or (not self.paragraph and _LONE_TAG.match(leaf)):
            self.paragraph = False
            self.html_end = _BLANK
        else:
            self.paragraph = True


def _interrupts_paragraph(line: str) -> bool:
    """Return whether a line begins a block even if a paragraph is open above it."""
    if line.lstrip(" ")[:1] not in _INTERRUPTING:
        return False
    return (LIST_MARKER.match(line) or _INTERRUPTS.match(line)) is not None


def item_padding(rest: str) -> int:
    """Return the width of the padding after a list marker, given the rest of its line.

    The width is in columns.
    """
    spaces = indent_width(rest)
    return 1 if spaces >= 5 or not rest.strip() else spaces
