"""Finds the tags and comments of HTML in a page, and those whose content no reader sees."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from ...light_classes import NamedTuple
from ...text.lazy_pattern import LazyPattern
from ..markdown.elements import Element, Html
from ..markdown.wikilinks import find_code_spans

# elements whose content a browser does not show as a part of the page
_UNSEEN = frozenset({
    "audio", "canvas", "datalist", "head", "iframe", "noembed", "noframes", "noscript", "object", "script",
    "select", "style", "template", "textarea", "title", "video", "xmp",
})  # fmt: skip

# an end tag within one of these ends no element around it
SCOPES = _UNSEEN | frozenset(["table", "td", "th", "caption", "marquee", "applet"])

_VOID = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr",
})  # fmt: skip

_BEGINNING = LazyPattern(r"<(?:!--|/?(?P<name>[A-Za-z][^\s/<>]*))")

_BEGINNING_IN_BLOCK = LazyPattern(r"<(?:!--|/?(?P<name>[A-Za-z][^\s/>]*))|-->")

_ATTRIBUTES = r"(?>(?:[^{}]|=\s*(?:\"[^\"]*\"|'[^']*')?)*)"

_REST = LazyPattern(_ATTRIBUTES.format("<>="))

# in a block of HTML, a browser takes everything up to the `>` for attributes
_REST_IN_BLOCK = LazyPattern(_ATTRIBUTES.format(">="))

_LONG = 100  # backslashes before a tag

_VALUE = LazyPattern(r"=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>\"']+)")

_HIDDEN = LazyPattern(r"(?:^|[\s/])hidden(?=[\s/=]|$)", re.IGNORECASE)

_OPEN = LazyPattern(r"(?:^|[\s/])open(?=[\s/=]|$)", re.IGNORECASE)

_CSS_COMMENT = LazyPattern(r"/\*.*?(?:\*/|\Z)", re.DOTALL)

_CSS_ESCAPE = LazyPattern(r"\\(?:([0-9A-Fa-f]{1,6})\s?|(.))", re.DOTALL)

_NOT_SHOWN = LazyPattern(
    r"\bdisplay\s*:\s*[\"']?none|\bvisibility\s*:\s*[\"']?(?:hidden|collapse)|\bopacity\s*:\s*[\"']?[0.]+(?![\d.])"
    r"|\bfont-?size\s*:\s*[\"']?[0.]+(?![\d.])",
    re.IGNORECASE,
)


class HtmlTag(NamedTuple):
    """A tag with its name in small letters, or one end of a comment, whose name is `!--`."""

    name: str
    rest: str  # after the name, without the `>`
    start: int  # its offset in the text
    end: int
    closes: bool


def find_tags(text: str, *, is_block: bool) -> Iterator[HtmlTag]:
    """Yield the tags in a text, without those in comments, and what begins or ends a comment in a block.

    `is_block` is whether it is a block of HTML, and not a paragraph. A tag without its `>` is none.
    """
    beginning, attributes = (_BEGINNING_IN_BLOCK, _REST_IN_BLOCK) if is_block else (_BEGINNING, _REST)
    at, last_end = 0, text.rfind("-->")
    while found := beginning.search(text, at):
        start, at = found.span()
        if found[0] == "-->":
            yield HtmlTag("!--", "", start, at, True)
        elif not found["name"]:
            end = text.find("-->", at) if at <= last_end else -1
            if end < 0 and is_block:
                yield HtmlTag("!--", "", start, at, False)
                return
            at = end + 3 if end >= 0 else at
        elif rest := attributes.match(text, at):
            if text.startswith(">", rest.end()):
                at = rest.end() + 1
                yield HtmlTag(_fold(found["name"]), rest[0], start, at, text.startswith("/", start + 1))
            elif is_block:
                return


def _fold(name: str) -> str:
    return name.lower() if name.isascii() else name


def find_inline_tags(text: str) -> Iterator[HtmlTag]:
    """Yield the tags in a paragraph, without those in code and others that Markdown takes for text."""
    code = find_code_spans(text, 0, len(text)) if "`" in text else []
    ends = [end for _, end in code]
    for tag in find_tags(text, is_block=False):
        number = bisect_right(ends, tag.start)
        before = text[max(0, tag.start - _LONG) : tag.start]
        is_escaped = (len(before) - len(before.rstrip("\\"))) % 2 == 1
        is_in_code = number < len(code) and code[number][0] <= tag.start
        if not (is_escaped or is_in_code or (tag.closes and tag.rest.strip())):
            yield tag


def find_unseen_names(text: str) -> frozenset[str]:
    """Return the names of the elements of which one at least is hidden somewhere in a text.

    They include elements in code, which are none.
    """
    if "<" not in text:
        return frozenset()
    words = text.lower()
    if not any(word in words for word in ("hidden", "style", "<dialog", *_UNSEEN_TAGS)):
        return frozenset()
    tags = (tag for is_block in (False, True) for tag in find_tags(text, is_block=is_block))
    return frozenset(tag.name for tag in tags if not tag.closes and is_unseen(tag.name, tag.rest))


def find_open_comments(elements: Iterable[Element]) -> frozenset[str]:
    """Return the name of a comment if a block of HTML begins one that it does not end."""
    texts = (each.text for each in elements if isinstance(each, Html) and "<!--" in each.text)
    is_open = any(tag.name == "!--" for text in texts for tag in find_tags(text, is_block=True))
    return frozenset({"!--"} if is_open else ())


_UNSEEN_TAGS = tuple(f"<{name}" for name in sorted(_UNSEEN))


def is_unseen(name: str, rest: str) -> bool:
    """Return whether no reader sees what is in an element, by its name and its attributes."""
    if name in _UNSEEN or name == "!--":
        return True
    if name in _VOID:
        return False
    bare = _VALUE.sub("= ", rest)
    if _HIDDEN.search(bare) or (name == "dialog" and not _OPEN.search(bare)):
        return True
    return "style" in rest.lower() and _NOT_SHOWN.search(_read_style(rest)) is not None


def _read_style(rest: str) -> str:
    """Return attributes with what a browser reads of entities, comments and escapes of CSS in them."""
    return _CSS_ESCAPE.sub(_read_escape, _CSS_COMMENT.sub(" ", html.unescape(rest)))


def _read_escape(found: re.Match[str]) -> str:
    number = int(found[1], 16) if found[1] else 0
    return chr(number) if 0 < number < 0x110000 else found[2] or ""
