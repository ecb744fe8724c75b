"""Finds the comments of a page that a reader never sees, other than those of HTML."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

from ...light_classes import NamedTuple
from ...text.lazy_pattern import LazyPattern
from ...text.signs import has_any_sign
from ..markdown.elements import CODE, Element, Fence, Html, ListItem

# By their group's name: what ends the comment, and what it is called.
_ENDS = {
    "obsidian": (LazyPattern(r"%%[ \t\r]*$", re.MULTILINE), "`%%`"),
    "mdx": (LazyPattern(r"\*/\s*\}"), "`{/* … */}`"),
    "liquid": (LazyPattern(r"\{%-?\s*endcomment\s*-?%\}"), "`{% comment %}`"),
    "hugo": (LazyPattern(r"\*/\s*-?[>%]?\}\}"), "`{{/* … */}}`"),
    "shortcode": (LazyPattern(r"\{\{[<%]\s*/\s*comment\s*[>%]\}\}"), "`{{< comment >}}`"),
    "jinja": (LazyPattern(r"#\}"), "`{# … #}`"),
    "kramdown": (LazyPattern(r"\{:/(?:comment)?\}"), "`{::comment}`"),
}

# each begins with one character, which is found fast
_IN_BRACES = LazyPattern(
    r"\{(?:(?P<mdx>\s*/\*)|(?P<liquid>%-?\s*comment\s*-?%\})|(?P<hugo>\{[<%]?-?\s*/\*)"
    r"|(?P<shortcode>\{[<%]\s*comment\b[^{}\n]*[%>]\}\})|(?P<jinja>#-?(?=\s))|(?P<kramdown>::comment\}))"
)

_OBSIDIAN = LazyPattern(r"^[ \t>]*(?P<obsidian>%%)(?![^\n]*%%)", re.MULTILINE)

_LONG = 1000  # characters of a line; what is before them is not looked at, which would take quadratic time

_HIDDEN = "<!-- -->"  # the text of an element that nobody sees


class Comment(NamedTuple):
    """A stretch of a page that no reader sees: its offsets, and how it is written."""

    start: int
    end: int
    name: str


def find_comments(text: str, start: int, elements: Sequence[Element]) -> Iterator[Comment]:
    """Yield the comments of a page from the offset `start` on, without those in code.

    A `%%` alone on its line that nothing closes hides the rest of the page, as in Obsidian.
    """
    beginnings = list(_IN_BRACES.finditer(text, start)) if text.find("{", start) >= 0 else []
    if has_any_sign(text, ("%%",)):
        beginnings += _OBSIDIAN.finditer(text, start)
    if not beginnings:
        return
    code = [each.span for each in elements if isinstance(each, CODE)]
    begins = [span.start for span in code]
    unclosed: set[str] = set()  # the kinds that nothing closes from here on
    for opening in sorted(beginnings, key=lambda found: found.end()):
        kind = opening.lastgroup or ""
        begin = opening.start(kind) if kind == "obsidian" else opening.start()
        if begin < start or kind in unclosed:
            continue
        before = bisect_right(begins, begin) - 1
        if (before >= 0 and begin < code[before].end) or _is_in_code_span(text, begin):
            continue
        closes, name = _ENDS[kind]
        closing = closes.search(text, opening.end())
        if closing is not None:
            start = closing.end()
            yield Comment(begin, start, name)
            continue
        unclosed.add(kind)
        if kind == "obsidian" and not text[opening.end() :].split("\n", 1)[0].strip():
            yield Comment(begin, len(text), name)
            return


def _is_in_code_span(text: str, offset: int) -> bool:
    line = text.rfind("\n", max(0, offset - _LONG), offset) + 1 or max(0, offset - _LONG)
    return text.count("`", line, offset) % 2 == 1


def hide_elements(
    elements: Sequence[Element], comments: Iterable[Comment]
) -> tuple[tuple[Element, ...], dict[int, str]]:
    """Return the elements with empty HTML in place of hidden ones, and why each hidden fence does not run.

    Hidden fences stay, because the program reports that they do not run; they are numbered by element.
    """
    found = tuple(comments)
    if not found:
        return tuple(elements), {}
    out = list(elements)
    reasons: dict[int, str] = {}
    starts = [element.span.start for element in elements]
    for comment in found:
        for index in range(bisect_right(starts, comment.start), bisect_left(starts, comment.end)):
            element = out[index]
            if isinstance(element, Fence):
                reasons[index] = f"in a comment, {comment.name}, that no reader sees"
            else:
                last = element.span.line if isinstance(element, ListItem) else element.last
                out[index] = Html(_HIDDEN, element.span, last, element.items, element.quoted)
    return tuple(out), reasons


def is_hidden(element: Element) -> bool:
    """Return whether the element takes the place of a hidden one."""
    return isinstance(element, Html) and element.text == _HIDDEN
