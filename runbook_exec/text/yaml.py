"""Reads YAML from outside within limits, into nodes and plain data, or refuses it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from ..light_classes import NamedTuple
from .lazy_pattern import LazyPattern
from .plain_scalars import is_iso_date, is_plain_text, make_date

_compile_now = re.compile
re.compile = LazyPattern  # type: ignore[assignment] # yaml compiles a large pattern that we do not use
try:
    import yaml
    from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode
finally:
    re.compile = _compile_now

__all__ = (
    "MappingNode",
    "Node",
    "ScalarNode",
    "SequenceNode",
    "YamlDocument",
    "YamlError",
    "load_yaml",
)

_DEEPEST = 50  # collections within each other; libyaml's composer overflows the stack at some ten thousand

_MOST_ALIASES = 100

_TOO_DEEP = "deeper nesting than anybody would write by hand"

_TOO_MANY = "more aliases than anybody would write by hand"

_LARGEST = 20_000  # nodes, each counted as often as an alias repeats it


_STRING = "tag:yaml.org,2002:str"

_TIMESTAMP = "tag:yaml.org,2002:timestamp"

_MAPPING = "tag:yaml.org,2002:map"

_SEQUENCE = "tag:yaml.org,2002:seq"

_UNPRINTABLE = LazyPattern("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_HINTS = {
    "tab character": "YAML is indented with spaces",
    "\\t": "YAML is indented with spaces",
    "unhashable key": "text that begins with `{` or `[` needs quotes",
    "mapping values are not allowed": "text with `: ` in it needs quotes",
}


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlError(ValueError):
    """A mistake at `text[start:end]`, with the message and a hint."""

    def __init__(self, message: str, start: int, end: int, hint: str = "") -> None:
        super().__init__(message)
        self.start = start
        self.end = end
        self.hint = hint


class YamlDocument(NamedTuple):
    """A YAML document: its root node, None for an empty one, and the same as plain data.

    The marks of nodes count characters from `base` of the text it was read from.
    """

    root: Node | None
    data: Any
    base: int

    def make_error(self, node: Node, message: str, hint: str = "") -> YamlError:
        """Return an error at a node."""
        start, end = self.base + node.start_mark.index, self.base + node.end_mark.index
        return YamlError(message, start, max(end, start + 1), hint)


@lru_cache
def _make_placed_loader(loader: Any) -> Any:
    """Return the loader, with the place of impossible scalars such as 2026-02-30 in its errors."""

    class PlacedLoader(loader):  # type: ignore[misc]
        def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
            """Return the tag of a node; those of text and of dates need none of the patterns of PyYAML."""
            if kind is ScalarNode and implicit[0]:
                if is_plain_text(value):
                    return _STRING
                if is_iso_date(value):
                    return _TIMESTAMP
            return super().resolve(kind, value, implicit)

        def construct_plain(self, node: Node) -> Any:
            """Return the data of a node that contains no anchors, tags or merge keys but the usual."""
            if node.tag == _STRING and isinstance(node, ScalarNode):
                return node.value
            if node.tag == _MAPPING and isinstance(node, MappingNode):
                if all(key.tag == _STRING and isinstance(key, ScalarNode) for key, _ in node.value):
                    return {key.value: self.construct_plain(value) for key, value in node.value}
            elif node.tag == _SEQUENCE and isinstance(node, SequenceNode):
                return [self.construct_plain(value) for value in node.value]
            return self.construct_object(node, deep=True)

        def construct_object(self, node: Node, deep: bool = False) -> Any:
            if node.tag == _STRING and isinstance(node, ScalarNode):
                return node.value  # the usual case; the code below gives the same result
            try:
                if node.tag == _TIMESTAMP and isinstance(node, ScalarNode) and is_iso_date(node.value):
                    return make_date(node.value)
                return super().construct_object(node, deep=deep)
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
                raise _make_unreadable_error(node, error) from None

    return PlacedLoader


def load_yaml(text: str, start: int, end: int) -> YamlDocument:
    """Read the document at `text[start:end]`.

    Raises YamlError if it is invalid or unusually large.
    """
    content = text[start:end]
    try:
        _measure_events(content, start)
        loader = _make_placed_loader(_Loader)(content)
        try:
            root = loader.get_single_node()
            document = YamlDocument(root, None, start)
            if root is None:
                return document
            _check(document, root)
            return YamlDocument(root, loader.construct_plain(root), start)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = start + (mark.index if mark else 0)
        message = (error.problem or "cannot be read").lower()
        if message.startswith("but found") and error.context:
            message = f"{error.context}, {message}"
        if "nesting depth" in message:  # libyaml from 0.2.6 on has a limit of its own
            raise YamlError(_TOO_DEEP, min(at, end), min(at + 1, end)) from None
        hint = next((hint for part, hint in _HINTS.items() if part in message), "")
        raise YamlError(f"not valid YAML: {message}", min(at, end), min(at + 1, end), hint) from None
    except yaml.reader.ReaderError as error:
        bad = _UNPRINTABLE.search(content)  # libyaml counts bytes where it should count characters
        at = start + (bad.start() if bad else 0)
        raise YamlError(f"not valid YAML: {error.reason}", at, at + 1) from None
    except UnicodeEncodeError as error:
        raise YamlError("not valid UTF-8", start + error.start, start + error.end) from None


def _make_unreadable_error(node: Node, error: Exception) -> yaml.MarkedYAMLError:
    short = isinstance(node, ScalarNode) and len(node.value) <= 40
    written = f"`{node.value}`" if short else "this"
    return yaml.constructor.ConstructorError(None, None, f"cannot read {written}: {error}", node.start_mark)


def _measure_events(content: str, base: int) -> None:
    """Refuse a document that is nested too deeply or repeats too much, before nodes are built."""
    if sum(map(content.count, "[{-:?")) <= _DEEPEST and content.count("*") <= _MOST_ALIASES:
        return  # every collection has one of these characters, and every alias a `*`
    depth = aliases = 0
    for event in yaml.parse(content, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent):
            aliases += 1
        if depth > _DEEPEST or aliases > _MOST_ALIASES:
            at = base + (event.start_mark.index if event.start_mark else 0)
            raise YamlError(_TOO_DEEP if depth > _DEEPEST else _TOO_MANY, at, at + 1)


def _check(document: YamlDocument, root: Node) -> None:
    """Refuse duplicate keys, collections that contain themselves, and aliases that multiply."""
    measured: dict[int, tuple[int, int]] = {}  # nodes and depth, by the identity of the node

    def measure(node: Node) -> tuple[int, int]:
        if not isinstance(node, CollectionNode):
            return 1, 1
        if id(node) in measured:
            size, depth = measured[id(node)]
            if not size:
                raise document.make_error(node, "a collection that contains itself")
            return size, depth
        measured[id(node)] = (0, 0)
        size, depth = 1, 0
        for child in _children(document, node):
            if isinstance(child, ScalarNode):
                size += 1
                depth = depth or 1
                continue
            child_size, child_depth = measure(child)
            size, depth = size + child_size, max(depth, child_depth)
        if size > _LARGEST or depth >= _DEEPEST:
            raise document.make_error(node, "more data than anybody would write by hand")
        measured[id(node)] = (size, depth + 1)
        return size, depth + 1

    measure(root)


def _children(document: YamlDocument, node: CollectionNode) -> list[Node]:
    if isinstance(node, SequenceNode):
        return list(node.value)
    seen: dict[tuple[str, str], Node] = {}
    children: list[Node] = []
    for key, value in node.value:
        children += (key, value)
        if isinstance(key, ScalarNode):
            first = seen.setdefault((key.tag, key.value), key)
            if first is not key:
                line = first.start_mark.line - key.start_mark.line
                above = f"{-line} lines above" if line < -1 else "just before"
                raise document.make_error(key, f"`{key.value}` is there twice, the other one is {above}")
    return children
