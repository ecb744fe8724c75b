"""Converts callouts of Obsidian and GitHub, `> [!note] Title`, into admonitions of themes."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from markdown.treeprocessors import Treeprocessor

_CALLOUT = re.compile(r"\s*\[!(?P<kind>[A-Za-z-]+)(?:\|[^\]]*)?\][-+]?[ \t]*(?P<title>[^\n]*)\n?")

# kinds of callouts, and the kinds of admonitions that themes have for them
_KINDS = {
    "hint": "tip", "important": "info", "todo": "info", "caution": "warning", "attention": "warning",
    "error": "danger", "faq": "question", "help": "question", "summary": "abstract", "tldr": "abstract",
    "cite": "quote", "check": "success", "done": "success", "fail": "failure", "missing": "failure",
}  # fmt: skip


class Callouts(Treeprocessor):
    """Converts quotes that begin as callouts into admonitions."""

    def run(self, root: Element) -> None:
        """Change the tree in place."""
        for quote in list(root.iter("blockquote")):
            first = next(iter(quote), None)
            if first is None or first.tag != "p" or not (found := _CALLOUT.match(first.text or "")):
                continue
            kind = found["kind"].lower()
            quote.tag = "div"
            quote.set("class", f"admonition {_KINDS.get(kind, kind)}")
            rest = (first.text or "")[found.end() :]
            title = Element("p", {"class": "admonition-title"})
            title.text = found["title"] or kind.capitalize()
            if "\n" not in (first.text or ""):  # the whole paragraph is the title, with its markup
                title.extend(list(first))
                quote.remove(first)
            else:
                first.text = rest
            quote.insert(0, title)
            quote.text = None
