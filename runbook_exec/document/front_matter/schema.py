"""Writes the JSON Schema of the front matter's `runbook:` key, for editors and checks of YAML.

Usage: `python -m runbook_exec.document.front_matter.schema docs/front-matter.schema.json`.

The keys, shells, sources and durations are those of the code that reads the settings; a test compares both.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...shells.registry import CONSOLE, NEVER, SHELLS
from ...sources.registry import KINDS
from ...text.durations import DURATION_FORM
from .settings import INPUT_NAMES, SETTING_NAMES

Schema = Mapping[str, Any]

_TEXT = {"type": ["string", "number", "boolean"]}  # read as written
_TEXTS = {"type": "array", "items": _TEXT}
_DURATION = {
    "type": "string",
    "pattern": rf"^\s*{DURATION_FORM}\s*$",
    "examples": ["30s", "5m", "1h30m", "75d"],
}
_SOURCE = {
    "type": "string",
    "pattern": f"^(?:{'|'.join(re.escape(kind.PREFIX) for kind in KINDS)})",
    "examples": [kind.FORM for kind in KINDS],
}

_INPUT: Mapping[str, tuple[str, Schema]] = {
    "help": ("What the value is, and where the operator finds it.", _TEXT),
    "default": ("A default: a Jinja2 template, such as `deploy {{ today }}`.", _TEXT),
    "pattern": (
        "A regular expression of Python that the whole value must match.",
        {"type": "string"},
    ),
    "choices": ("The only values that are allowed.", _TEXTS),
    "secret": ("Whether the value is a secret. By default, the name decides.", {"type": "boolean"}),
    "source": ("Where the value comes from if it is not given.", _SOURCE),
}

_SETTINGS: Mapping[str, tuple[str, Schema]] = {
    "inputs": (
        "The values of placeholders, by name: a default, or a mapping.",
        {
            "type": "object",
            "additionalProperties": {"anyOf": [{"$ref": "#/$defs/input"}, _TEXT, {"type": "null"}]},
        },
    ),
    "captures": (
        "Values that are taken from output: STEP, or STEP:REGEX.",
        {"type": "object", "additionalProperties": _TEXT},
    ),
    "literal": ("Names in angle brackets that are not placeholders.", _TEXTS),
    "languages": (
        "What the languages after a fence are: a shell, `console`, or `none`.",
        {"type": "object", "additionalProperties": {"enum": [*SHELLS, CONSOLE, NEVER]}},
    ),
    "procedure": ("The anchor of the section that runs unless you name another.", _TEXT),
    "shell": ("The shell whose blocks run.", {"enum": list(SHELLS)}),
    "cwd": ("The folder where the shell starts.", _TEXT),
    "timeout": ("The longest time that a statement may take.", _DURATION),
    "cadence": ("How often the runbook has to run, for `runbook-exec due`.", _DURATION),
    "choose": ("Labels of the alternatives that run, such as tabs.", _TEXTS),
    "host": ("The host where every statement runs, as `ssh` reaches it.", {"type": "string"}),
}


def make_schema() -> dict[str, Any]:
    """Return the schema of a page's front matter; `#/$defs/settings` is that of a file for `--inputs`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Front matter of a runbook",
        "type": "object",
        "properties": {"runbook": {"anyOf": [{"$ref": "#/$defs/settings"}, {"type": "null"}]}},
        "$defs": {
            "settings": _make_object("The settings of runbook-exec for this page.", _SETTINGS, SETTING_NAMES),
            "input": _make_object("A value of a placeholder.", _INPUT, INPUT_NAMES),
        },
    }


def _make_object(
    about: str, known: Mapping[str, tuple[str, Schema]], names: tuple[str, ...]
) -> dict[str, Any]:
    """Return the schema of a mapping with these keys and no others; each can be left empty."""
    properties = {
        name: {"description": known[name][0], "anyOf": [known[name][1], {"type": "null"}]} for name in names
    }
    return {"description": about, "type": "object", "properties": properties, "additionalProperties": False}


def format_schema() -> str:
    """Return the schema as JSON."""
    return json.dumps(make_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("expected the file to write, such as docs/front-matter.schema.json")
    Path(sys.argv[1]).write_text(format_schema(), encoding="utf-8")
