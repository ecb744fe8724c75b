"""Reads the settings of a runbook from YAML: the `runbook:` key, or a file for `--inputs`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ...light_classes import NamedTuple
from ...shells.registry import language_target, shell_name
from ...sources.registry import check_source
from ...text.durations import positive_duration
from ...text.host_names import parse_host
from ...text.regex import PatternProblem, compile_pattern
from ...text.span import Span
from ...text.suggest import did_you_mean
from ...text.yaml import MappingNode, Node, ScalarNode, SequenceNode, YamlDocument, YamlError
from ..assignments import parse_capture
from ..model import Input, RunbookSettings
from ..placeholders import parse_placeholder_name

_TAG = "tag:yaml.org,2002:"


class SettingsReader(NamedTuple):
    """A YAML document that is being read; `refuse` receives each mistake."""

    document: YamlDocument
    refuse: Callable[[YamlError], None]
    span: Callable[[int, int], Span]

    def mistake(self, node: Node, message: str, hint: str = "") -> YamlError:
        return self.document.make_error(node, message, hint)


def is_name(node: Node) -> bool:
    """Return whether a key is text; a bare `on`, `2020` or `2026-04-30` is not."""
    return isinstance(node, ScalarNode) and node.tag == f"{_TAG}str"


def is_empty(node: Node) -> bool:
    """Return whether a value is left out, or null."""
    return isinstance(node, ScalarNode) and node.tag == f"{_TAG}null"


def parse_bool(node: Node) -> bool | None:
    """Return the truth value of a node, in any of YAML's spellings; None if it is anything else."""
    if not isinstance(node, ScalarNode) or node.tag != f"{_TAG}bool":
        return None
    return node.value.lower() in ("true", "yes", "on")


def read_settings(reading: SettingsReader, node: Node) -> RunbookSettings:
    """Return the settings in a mapping; an unknown name is a mistake."""
    return RunbookSettings(**_read_fields(reading, node, _SETTINGS))


def _read_fields(reading: SettingsReader, node: Node, readers: Mapping[str, _Reader]) -> dict[str, Any]:
    """Return the members of a mapping, each read by the reader for its name; without empty ones."""
    given: dict[str, Any] = {}
    for key, value in _members(reading, node, tuple(readers)):
        try:
            read = None if is_empty(value) else readers[key.value](reading, value)
        except YamlError as mistake:
            reading.refuse(mistake)
        else:
            if read is not None:
                given[key.value] = read
    return given


def _read_by_name(
    reading: SettingsReader, node: Node, read: Callable[[str, Node, Node], Any]
) -> dict[str, Any]:
    """Return the members of a mapping by normalised placeholder name, each read by `read`."""
    given: dict[str, Any] = {}
    for key, value in _members(reading, node, None):
        try:
            name = _read_name(reading, key)
            if name in given:
                raise reading.mistake(
                    key, f"`{key.value}` is there twice; case, `-`, `_` and blanks do not count"
                )
            given[name] = read(name, key, value)
        except YamlError as mistake:
            reading.refuse(mistake)
    return given


def _members(
    reading: SettingsReader, node: Node, known: tuple[str, ...] | None
) -> Iterator[tuple[ScalarNode, Node]]:
    """Yield the members of a mapping with a known name, or all of them if `known` is None."""
    if is_empty(node):
        return
    if not isinstance(node, MappingNode):
        names = f" of {', '.join(f'`{name}`' for name in known)}" if known else ""
        raise reading.mistake(node, f"expected a mapping{names}, got {_kind(node)}")
    for key, value in node.value:
        if not is_name(key):
            reading.refuse(reading.mistake(key, f"expected a name, got {_kind(key)}", "put it in quotes"))
        elif known is not None and key.value not in known:
            guess = did_you_mean(key.value, known)
            hint = "" if guess else f"known are {', '.join(f'`{name}`' for name in known)}"
            reading.refuse(reading.mistake(key, f"unknown key `{key.value}`{guess}", hint))
        else:
            yield key, value


def _read_text(reading: SettingsReader, node: Node) -> str:
    """Return the text as written, even if YAML reads it as a number, a date or a truth value."""
    if not isinstance(node, ScalarNode) or is_empty(node):
        raise reading.mistake(node, f"expected text, got {_kind(node)}")
    return str(node.value)


def _text_reader(read: Callable[[str], Any]) -> _Reader:
    """Return a reader that passes the text to `read`, which raises ValueError for invalid text."""

    def reader(reading: SettingsReader, node: Node) -> Any:
        try:
            return read(_read_text(reading, node))
        except YamlError:
            raise
        except PatternProblem as problem:
            mistake = reading.mistake(node, str(problem))
            if (
                isinstance(node, ScalarNode) and not node.style
            ):  # written without quotes: offsets in the value are offsets in the file
                mistake.start = min(mistake.start + problem.position, mistake.end - 1)
            raise mistake from None
        except ValueError as error:
            raise reading.mistake(node, str(error)) from None

    return reader


def _check_pattern(text: str) -> str:
    compile_pattern(text)
    return text


def _read_bool(reading: SettingsReader, node: Node) -> bool:
    if (value := parse_bool(node)) is None:
        raise reading.mistake(node, f"expected `true` or `false`, got {_kind(node)}")
    return value


def _list_of(read: Callable[[SettingsReader, Node], str]) -> _Reader:
    def reader(reading: SettingsReader, node: Node) -> tuple[str, ...]:
        if not isinstance(node, SequenceNode):
            raise reading.mistake(node, f"expected a list, got {_kind(node)}")
        return tuple(read(reading, item) for item in node.value)

    return reader


def _read_name(reading: SettingsReader, node: Node) -> str:
    name: str = _text_reader(parse_placeholder_name)(reading, node)
    return name


def _read_inputs(reading: SettingsReader, node: Node) -> dict[str, Input]:
    def read_input(name: str, key: Node, value: Node) -> Input:
        base = reading.document.base
        span = reading.span(base + key.start_mark.index, base + key.end_mark.index)
        if isinstance(value, MappingNode) or is_empty(value):
            return Input(name, span=span, **_read_fields(reading, value, _INPUT))
        return Input(name, span=span, default=_read_text(reading, value))

    return _read_by_name(reading, node, read_input)


def _read_captures(reading: SettingsReader, node: Node) -> dict[str, str]:
    def read_capture(name: str, key: Node, value: Node) -> str:
        _text_reader(lambda text: parse_capture(f"{name}={text}"))(reading, value)
        return _read_text(reading, value)

    return _read_by_name(reading, node, read_capture)


def _read_languages(reading: SettingsReader, node: Node) -> dict[str, str]:
    """Return the mapping of languages after a fence to shells, `console` or `none`."""
    given: dict[str, str] = {}
    for key, value in _members(reading, node, None):
        try:
            given[key.value.strip().casefold()] = _text_reader(language_target)(reading, value)
        except YamlError as mistake:
            reading.refuse(mistake)
    return given


def _kind(node: Node) -> str:
    """Return a description of a node for a message."""
    if is_empty(node):
        return "nothing"
    if isinstance(node, ScalarNode):
        return f"`{node.value}`" if len(node.value) <= 40 else "a longer text"
    return "a mapping" if isinstance(node, MappingNode) else "a list"


_Reader = Callable[[SettingsReader, Node], Any]


_SETTINGS: Mapping[str, _Reader] = {
    "inputs": _read_inputs,
    "captures": _read_captures,
    "literal": _list_of(_read_name),
    "languages": _read_languages,
    "procedure": _text_reader(lambda text: text.removeprefix("#")),
    "shell": _text_reader(shell_name),
    "cwd": _read_text,
    "timeout": _text_reader(positive_duration),
    "cadence": _text_reader(positive_duration),
    "choose": _list_of(_read_text),
    "host": _text_reader(parse_host),
}

_INPUT: Mapping[str, _Reader] = {
    "help": _read_text,
    "default": _read_text,
    "pattern": _text_reader(_check_pattern),
    "choices": _list_of(_read_text),
    "secret": _read_bool,
    "source": _text_reader(check_source),
}

SETTING_NAMES = tuple(_SETTINGS)

INPUT_NAMES = tuple(_INPUT)
