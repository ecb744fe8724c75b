"""Lays the settings of another file over those of a page."""

from __future__ import annotations

from typing import Any

from ...light_classes import list_defaults, replace
from ..model import Input, RunbookSettings


def overlay_settings(base: RunbookSettings, over: RunbookSettings) -> RunbookSettings:
    """Return both settings as one, where `over` wins.

    An input that both describe gets the details of both.
    """
    inputs = dict(base.inputs)
    for name, theirs in over.inputs.items():
        inputs[name] = replace(inputs.get(name, theirs), **_changed_fields(theirs, Input(theirs.name)))
    given = _changed_fields(over, RunbookSettings())
    given |= {
        "inputs": inputs,
        "captures": {**base.captures, **over.captures},
        "languages": {**base.languages, **over.languages},
        "literal": (*base.literal, *(name for name in over.literal if name not in base.literal)),
    }
    return replace(base, **given)


def _changed_fields(value: Input | RunbookSettings, nothing: Input | RunbookSettings) -> dict[str, Any]:
    pairs = ((name, getattr(value, name)) for name in list_defaults(type(value)))
    return {name: this for name, this in pairs if this != getattr(nothing, name)}
