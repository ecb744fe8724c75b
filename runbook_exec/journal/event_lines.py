"""Writes an event as one line of JSON, and reads it again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, lru_cache, partial
from json.encoder import encode_basestring_ascii
from operator import call

from ..engine.events import KINDS, Event, RunStarted
from ..light_classes import NamedTuple
from ..text.lazy_pattern import LazyPattern
from ..text.moments import YEARS

_MOST = 1e15

_RUN = LazyPattern(r"[A-Za-z0-9_][A-Za-z0-9._@-]{0,79}|-[\w-]{0,63}", re.ASCII)

_IS: Mapping[str, Callable[[object], bool]] = {
    "str": lambda value: isinstance(value, str),
    "str | None": lambda value: value is None or isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "int": lambda value: isinstance(value, int),
    "float": lambda value: isinstance(value, int | float) and abs(value) < _MOST,  # neither NaN nor infinite
    "tuple[str, ...]": lambda value: isinstance(value, tuple) and all(isinstance(s, str) for s in value),
    "tuple[int, ...]": lambda value: isinstance(value, tuple) and all(isinstance(n, int) for n in value),
    "Mapping[str, str]": lambda value: (
        isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
    ),
}


def to_line(event: Event) -> str:
    """Return the event as one line of JSON, without the newline.

    Fields that are None are left out.
    """
    # an encoder of the standard library would be made anew for each line, and takes twice as long
    form, encoders = _find_form(type(event))  # type: ignore[arg-type] # a class can be hashed
    return form % tuple(map(call, encoders, event))


@cache
def _find_form(made: type[Event]) -> tuple[str, tuple[Callable[..., object], ...]]:
    """Return the line of a kind of events, with a place for each value; and what encodes each value."""
    kind = next(name for name, each in KINDS.items() if each is made)
    places: list[str] = []
    encoders: list[Callable[..., object]] = []
    for name, type_ in _list_types(kind).items():
        if type_ == "str | None":
            places.append("%s")
            encoders.append(partial(_encode_optional, f',"{name}":'))
        else:
            places.append(f',"{name}":%s')
            encoders.append(_ENCODE.get(type_, _encode_other))
    return f'{{"event":"{kind}"{"".join(places)}}}', tuple(encoders)


def _encode_optional(beginning: str, value: str | None) -> str:
    return "" if value is None else beginning + encode_basestring_ascii(value)


@lru_cache(maxsize=64)
def _encode_numbers(numbers: tuple[int, ...]) -> str:
    return f"[{','.join(map(repr, numbers))}]"


# by the type of a field; the numbers of events are finite
_ENCODE: Mapping[str, Callable[..., object]] = {
    "str": encode_basestring_ascii,
    "int": int,
    "float": repr,
    "bool": {True: "true", False: "false"}.__getitem__,
    "tuple[int, ...]": _encode_numbers,
}

_encode_other = json.JSONEncoder(separators=(",", ":"), default=dict).encode  # other kinds of mappings, too


@cache
def _list_types(kind: str) -> Mapping[str, str]:
    """Return the type of each field of a kind of events, as it is written in its class."""
    written = KINDS[kind].__annotations__.items()  # typing makes a forward reference of each
    return {name: type_ if isinstance(type_, str) else type_.__forward_arg__ for name, type_ in written}


# the types of which a value is right if its class is
_PLAIN = frozenset({"str", "str | None", "bool", "int"})

_MISSING = object()


class _Fields(NamedTuple):
    """The fields of a kind of events in order, to read and check its values."""

    names: tuple[str, ...]
    defaults: tuple[object, ...]
    checks: tuple[Callable[[object], bool], ...]
    others: tuple[int, ...]  # the numbers of those whose values have to be looked at
    right: set[tuple[type, ...]]  # the classes of values that were right before


@cache
def _find_fields(kind: str) -> _Fields:
    types = _list_types(kind)
    defaults = KINDS[kind]._field_defaults
    return _Fields(
        tuple(types),
        tuple(defaults.get(name, _MISSING) for name in types),
        tuple(_IS[type_] for type_ in types.values()),
        tuple(at for at, type_ in enumerate(types.values()) if type_ not in _PLAIN),
        set(),
    )


def _read_values(kind: str, data: Mapping[str, object]) -> list[object]:
    """Return the values of an event in the order of its fields; raises ValueError if one is not right."""
    names, defaults, checks, others, right = _find_fields(kind)
    values = list(map(data.get, names, defaults))
    for at in others:
        value = values[at]
        if isinstance(value, list):
            value = values[at] = tuple(value)
        if value is not defaults[at] and not checks[at](value):
            raise ValueError(f"expected `{names[at]}` of a `{kind}` event to be of another kind")
    classes = tuple(map(type, values))
    if classes not in right:
        for name, value, default, check in zip(names, values, defaults, checks, strict=True):
            if value is _MISSING:
                raise ValueError(f"expected a whole `{kind}` event: it has no `{name}`")
            if value is not default and not check(value):
                raise ValueError(f"expected `{name}` of a `{kind}` event to be of another kind")
        right.add(classes)
    return values


_decode = json.JSONDecoder().raw_decode


def _read_object(line: str) -> object:
    """Return the JSON value of a line, as `json.loads` does, which takes longer to call than to decode."""
    text = line.strip(" \t\n\r")
    try:
        data, end = _decode(text)
    except RecursionError:
        raise ValueError("expected one event of a run, found nesting without end") from None
    if end != len(text):
        raise ValueError("expected the end of the line")
    return data


def from_line(line: str) -> Event:
    """Return the event in a line of JSON; raises ValueError for anything else."""
    data = _read_object(line)
    kind = data.pop("event", None) if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(kind, str) or kind not in KINDS:
        raise ValueError("expected one event of a run as a JSON object")
    make: Callable[..., Event] = KINDS[kind]
    event = make(*_read_values(kind, data))  # with names, Python would compare each with all others
    _check_basics(event)
    return event


def _check_basics(event: Event) -> None:
    """Raise ValueError if an event has an id, a time or a path that no run has."""
    if _RUN.fullmatch(event.run) is None:
        raise ValueError("expected the id of a run")
    moment = datetime.fromisoformat(event.time)
    if moment.tzinfo is None or moment.year not in YEARS:
        raise ValueError(f"expected a time with its zone, got `{event.time}`")
    if isinstance(event, RunStarted):
        path = event.path + event.folder
        if "\0" in path:
            raise ValueError("expected a path without NUL")
        if not path.isascii():
            path.encode("utf-8", "surrogateescape")  # raises ValueError for what no system has
