"""Finds the keys of a page's front matter, with their places."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from ...light_classes import NamedTuple
from ...text.source import make_span
from ...text.span import Span
from ...text.yaml import MappingNode, Node, ScalarNode, SequenceNode, YamlError, load_yaml
from .bounds import find_bounds
from .dates import parse_date

_REVIEWED = frozenset(("lastreviewed", "lastreview", "lastreviewedon", "reviewed", "reviewedon"))


class FrontMatterKey(NamedTuple):
    """A top-level key of the front matter, its value, and the items of a list."""

    key: Span
    value: Span
    written: str  # the value as written, if it is no list or mapping
    plain: bool  # whether the value has no quotes
    items: tuple[Span, ...] = ()


def find_keys(text: str) -> dict[str, FrontMatterKey]:
    """Return the keys of the front matter by name; none if it is not valid YAML."""
    if (found := find_bounds(text)) is None:
        return {}
    start, end, _ = found
    try:
        root = load_yaml(text, start, end).root
    except YamlError:
        return {}

    def span(node: Node) -> Span:
        # the span of a list or mapping is its first line, because its node ends only at the next key
        first, last = start + node.start_mark.index, start + node.end_mark.index
        line = text.find("\n", first)
        return make_span(text, first, min(last, line) if line >= first else last)

    keys: dict[str, FrontMatterKey] = {}
    for key, value in root.value if isinstance(root, MappingNode) else ():
        if isinstance(key, ScalarNode):
            scalar = isinstance(value, ScalarNode)
            items = tuple(map(span, value.value)) if isinstance(value, SequenceNode) else ()
            empty = value.start_mark.index == value.end_mark.index
            at = span(key) if empty else span(value)
            keys[key.value] = FrontMatterKey(
                span(key), at, value.value if scalar else "", scalar and not value.style, items
            )
    return keys


def normalise_key(key: str) -> str:
    """Return a key without separators: `last-reviewed` and `last_reviewed` are `lastreviewed`."""
    return key.casefold().replace("-", "").replace("_", "").replace(" ", "")


def find_review_date(matter: Mapping[str, Any]) -> tuple[str, date] | None:
    """Return the key with the date of the last review, and that date; None without such a date."""
    for key, value in matter.items():
        if normalise_key(key) in _REVIEWED and (day := parse_date(value)) is not None:
            return key, day
    return None


def find_value_span(text: str, key: str) -> Span | None:
    """Return the span of the first word after a key on its line.

    Returns None if the key has no such line.
    """
    if (found := find_bounds(text)) is None:
        return None
    line = re.compile(rf"^(['\"]?){re.escape(key)}\1[ \t]*:[ \t]+['\"]?([^\s#'\"]+)", re.MULTILINE)
    match = line.search(text, found[0], found[1])
    return make_span(text, match.start(2), match.end(2)) if match else None
