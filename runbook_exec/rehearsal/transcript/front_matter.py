"""Reads the settings of a transcript: the mapping below `rehearsal:` in its front matter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ...diagnostics.problem import Problem
from ...document.assignments import parse_capture
from ...document.front_matter.bounds import find_bounds
from ...document.front_matter.settings import is_empty, parse_bool
from ...document.placeholders import parse_placeholder_name
from ...text.durations import positive_duration
from ...text.source import Source
from ...text.suggest import did_you_mean
from ...text.yaml import MappingNode, Node, ScalarNode, SequenceNode, YamlDocument, YamlError, load_yaml
from .model import RehearsalSettings


def read_settings(text: str, page: Source) -> tuple[RehearsalSettings, list[Problem]]:
    """Return the settings of a transcript, and the problems in them, each with its place."""
    found = find_bounds(text)
    problems: list[Problem] = []
    if found is None:
        return RehearsalSettings(), problems

    def refuse(mistake: YamlError) -> None:
        span = page.span(mistake.start, mistake.end)
        problems.append(Problem("transcript", str(mistake), span, mistake.hint))

    try:
        document = load_yaml(text, found[0], found[1])
        root = document.root
        if root is not None and not isinstance(root, MappingNode):
            raise document.make_error(root, "expected front matter of `key: value` lines")
        for key, value in root.value if root else ():
            if key.value == "rehearsal":
                return RehearsalSettings(**_read_members(document, value, refuse)), problems
    except YamlError as mistake:
        refuse(mistake)
    return RehearsalSettings(), problems


def _read_members(document: YamlDocument, node: Node, refuse: Callable[[YamlError], None]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for key, value in _read_pairs(document, node):
        name = key.value
        if name not in _READERS:
            hint = f"known are {', '.join(f'`{known}`' for known in _READERS)}"
            guess = did_you_mean(name, _READERS)
            refuse(document.make_error(key, f"unknown key `{name}`{guess}", "" if guess else hint))
        elif not is_empty(value):
            try:
                given[name.replace("-", "_")] = _READERS[name](document, value)
            except YamlError as mistake:
                refuse(mistake)
    return given


def _read_pairs(document: YamlDocument, node: Node) -> Iterator[tuple[Node, Node]]:
    if is_empty(node):
        return
    if not isinstance(node, MappingNode):
        raise document.make_error(node, "expected `name: value` lines")
    yield from node.value


def _read_text(document: YamlDocument, node: Node) -> str:
    """Return the text as written, even if YAML reads it as a number, a date or a truth value."""
    if not isinstance(node, ScalarNode) or is_empty(node):
        raise document.make_error(node, "expected text")
    return str(node.value)


def _read_mapping(document: YamlDocument, node: Node) -> Mapping[str, str]:
    return {
        _read_text(document, key): _read_text(document, value) for key, value in _read_pairs(document, node)
    }


def _read_by_name(document: YamlDocument, node: Node) -> Mapping[str, str]:
    given = {}
    for key, value in _read_pairs(document, node):
        try:
            given[parse_placeholder_name(_read_text(document, key))] = _read_text(document, value)
        except YamlError:
            raise
        except ValueError as error:
            raise document.make_error(key, str(error)) from None
    return given


def _read_captures(document: YamlDocument, node: Node) -> Mapping[str, str]:
    captures = _read_by_name(document, node)
    for name, where in captures.items():
        try:
            parse_capture(f"{name}={where}")
        except ValueError as error:
            raise document.make_error(node, f"`{name}`: {error}") from None
    return captures


def _read_programs(document: YamlDocument, node: Node) -> Mapping[str, str]:
    """Return a list of names, or of `name: path` mappings, as one mapping."""
    if not isinstance(node, SequenceNode):
        raise document.make_error(
            node, "expected a list of programs", "write `[git]`, or `- mise: PATH` lines"
        )
    programs: dict[str, str] = {}
    for item in node.value:
        if isinstance(item, MappingNode):
            programs |= _read_mapping(document, item)
        else:
            programs[_read_text(document, item)] = ""
    for name in programs:
        if not name or "/" in name:
            raise document.make_error(node, f"expected the name of a program, got `{name}`")
    return programs


def _read_list(document: YamlDocument, node: Node) -> tuple[str, ...]:
    if not isinstance(node, SequenceNode):
        raise document.make_error(node, "expected a list")
    return tuple(_read_text(document, item) for item in node.value)


def _read_bool(document: YamlDocument, node: Node) -> bool:
    if (value := parse_bool(node)) is None:
        raise document.make_error(node, "expected `true` or `false`")
    return value


def _read_duration(document: YamlDocument, node: Node) -> float:
    try:
        return positive_duration(_read_text(document, node))
    except YamlError:
        raise
    except ValueError as error:
        raise document.make_error(node, str(error)) from None


def _read_anchor(document: YamlDocument, node: Node) -> str:
    return _read_text(document, node).removeprefix("#")


_READERS: Mapping[str, Callable[[YamlDocument, Node], Any]] = {
    "procedure": _read_anchor,
    "values": _read_by_name,
    "captures": _read_captures,
    "done": _read_mapping,
    "choose": _read_mapping,
    "programs": _read_programs,
    "stand-ins": _read_text,
    "files": _read_text,
    "services": _read_list,
    "environment": _read_mapping,
    "operator": _read_bool,
    "timeout": _read_duration,
}
