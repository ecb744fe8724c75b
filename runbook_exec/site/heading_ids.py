"""Gives headings the ids that they are written with, on sites without the extension `attr_list`."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from markdown.treeprocessors import Treeprocessor

from ..document.markdown.headings import split_attributes

_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))


class HeadingIds(Treeprocessor):
    """Turns `{#id}` at the end of a heading into its id, as the links of a runbook expect."""

    def run(self, root: Element) -> None:
        """Change the tree in place."""
        for element in root.iter():
            if element.tag in _HEADINGS:
                _set_id(element)


def _set_id(heading: Element) -> None:
    last = heading[-1] if len(heading) else None
    text = (heading.text if last is None else last.tail) or ""
    bare, name = split_attributes(text.rstrip())
    if not name:
        return
    heading.set("id", name)
    if last is None:
        heading.text = bare
    else:
        last.tail = bare
