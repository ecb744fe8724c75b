"""Makes the HTML in a runbook harmless.

A tag without attributes that only formats text is kept; every other tag is displayed as text. No element of
the page keeps an attribute that could run or style something, even if another extension made it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from html import unescape
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.inlinepatterns import InlineProcessor
from markdown.treeprocessors import Treeprocessor

_KEPT = "b|br|code|dd|del|details|dl|dt|em|hr|i|ins|kbd|mark|s|samp|small|strong|sub|summary|sup|u|var"

_TAG = rf"(</?(?:{_KEPT})[ ]?/?>)|<!--.*?-->"

_ADDRESSES = frozenset(("href", "src", "action", "formaction", "poster", "background", "cite", "data"))

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)

_HARMLESS = re.compile(r"(?:https?|mailto):", re.IGNORECASE)

_REMOTE = re.compile(r"\s*(?:https?:)?[/\\]{2}", re.IGNORECASE)

_IGNORED_IN_ADDRESSES = re.compile(r"[\x00-\x20\x7f]")

_REFUSED = frozenset(("style", "srcdoc", "srcset", "xlink:href", "is", "slot"))

_ELEMENTS = frozenset(
    ("script", "style", "iframe", "object", "embed", "base", "meta", "link", "form", "svg", "math")
)


class HarmlessTags(InlineProcessor):
    """Keeps tags that only format text, and removes comments without a function."""

    def __init__(self, md: Markdown, comments: Collection[str]) -> None:
        super().__init__(_TAG, md)
        self._comments = comments

    def handleMatch(  # type: ignore[override]
        self, m: re.Match[str], data: str
    ) -> tuple[str, int, int]:
        """Return the stashed tag, unchanged; nothing for most comments."""
        kept = m[1] or m[0] in self._comments
        return (self.md.htmlStash.store(m[0]) if kept else ""), m.start(0), m.end(0)


class HarmlessAttributes(Treeprocessor):
    """Removes elements and attributes that could run or style something, or link to such."""

    def run(self, root: Element) -> None:
        """Change the tree in place."""
        for element in root.iter():
            if not isinstance(element.tag, str):
                continue
            if element.tag.lower() in _ELEMENTS:
                element.tag = "span"
            for name in list(element.attrib):
                if _is_harmful(name.lower(), str(element.attrib[name])):
                    del element.attrib[name]
                    if name.lower() in _ADDRESSES:
                        element.tag = "span"  # a link or a picture needs an address
            if element.tag == "img" and _REMOTE.match(element.get("src", "")):
                _make_link(element)


def _make_link(picture: Element) -> None:
    """Replace a picture of another site by a link: the browser must not fetch it by itself."""
    address = picture.get("src", "")
    text = picture.get("alt") or address
    picture.attrib.clear()
    picture.tag, picture.text = "a", text
    picture.set("href", address)


def _is_harmful(name: str, value: str) -> bool:
    if name.startswith("on") or name in _REFUSED:
        return True
    if name not in _ADDRESSES:
        return False
    address = _IGNORED_IN_ADDRESSES.sub("", unescape(value))
    # Python-Markdown encodes some mail addresses as character references with a prefix of its own
    return bool(_SCHEME.match(address)) and not _HARMLESS.match(address)


def sanitize_page(md: Markdown, comments: Collection[str]) -> None:
    """Display this page's HTML as text, except harmless tags and these comments."""
    if "html_block" in md.preprocessors:
        # the list of preprocessors was copied before the page is read: deregistering would be too late
        md.preprocessors["html_block"].run = _keep_lines  # type: ignore[method-assign]
    if "html" in md.inlinePatterns:
        md.inlinePatterns.deregister("html")
    md.inlinePatterns.register(HarmlessTags(md, comments), "runbook_tags", 90)
    md.treeprocessors.register(HarmlessAttributes(md), "runbook_inert", 1)


def _keep_lines(lines: list[str]) -> list[str]:
    return lines
