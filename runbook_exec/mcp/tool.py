"""Defines a tool: its name, its arguments, and the function that does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from ..light_classes import NamedTuple
from .tool_error import ToolError

ToolResult: TypeAlias = dict[str, object]

_LONGEST = 4096  # characters of an argument

_MOST = 200  # values in one argument


class ToolArgument(NamedTuple):
    """An argument of a tool; `kind` is text, number, values (names and texts) or labels (a list of texts)."""

    name: str
    kind: str
    description: str
    is_required: bool = False
    least: int = 0  # of a number
    most: int = 1 << 53


class CallArguments(NamedTuple):
    """The checked arguments of a call, and the name of the agent that has sent them."""

    given: Mapping[str, object]
    agent: str = ""

    def text(self, name: str) -> str:
        """Return a text; "" if it was not given."""
        value = self.given.get(name, "")
        return value if isinstance(value, str) else ""

    def optional_text(self, name: str) -> str | None:
        """Return a text; None if it was not given."""
        return self.text(name) if name in self.given else None

    def number(self, name: str, default: int = 0) -> int:
        """Return a number."""
        value = self.given.get(name, default)
        return value if isinstance(value, int) else default

    def values(self, name: str) -> Mapping[str, str]:
        """Return names and texts."""
        value = self.given.get(name, {})
        return {str(key): str(text) for key, text in value.items()} if isinstance(value, dict) else {}

    def labels(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self.given.get(name, [])
        return tuple(map(str, value)) if isinstance(value, list) else ()


class AgentTool(NamedTuple):
    """A tool that an agent can call."""

    name: str
    description: str
    arguments: tuple[ToolArgument, ...]
    call: Callable[[CallArguments], ToolResult]  # raises ToolError and Refused
    only_reads: bool = True

    def make_schema(self) -> dict[str, object]:
        """Return the JSON schema of the arguments; no others are allowed."""
        return {
            "type": "object",
            "properties": {each.name: _describe_argument(each) for each in self.arguments},
            "required": [each.name for each in self.arguments if each.is_required],
            "additionalProperties": False,
        }

    def check_arguments(self, given: Mapping[str, object]) -> None:
        """Raise ToolError if an argument is unknown, missing or of another kind."""
        known = {each.name: each for each in self.arguments}
        for name, value in given.items():
            if name not in known:
                listed = ", ".join(f"`{each}`" for each in known) or "none"
                raise ToolError(
                    f"`{self.name}` has no argument `{_quote(name)}`; its arguments are {listed}. "
                    "Only a person in an attached terminal approves commands or writes them."
                )
            if problem := _find_problem(known[name], value):
                raise ToolError(f"`{self.name}`: `{name}`: {problem}")
        for each in self.arguments:
            if each.is_required and each.name not in given:
                raise ToolError(f"`{self.name}` needs `{each.name}`: {each.description}")


def _describe_argument(each: ToolArgument) -> dict[str, object]:
    text: dict[str, object] = {"type": "string", "maxLength": _LONGEST}
    kinds: dict[str, dict[str, object]] = {
        "text": text,
        "number": {"type": "integer", "minimum": each.least, "maximum": each.most},
        "values": {"type": "object", "additionalProperties": text, "maxProperties": _MOST},
        "labels": {"type": "array", "items": text, "maxItems": _MOST},
    }
    return {**kinds[each.kind], "description": each.description}


def _find_problem(each: ToolArgument, value: object) -> str:
    """Return why a value is not of the kind of the argument, or ""."""
    match each.kind:
        case "text":
            return _find_text_problem(value)
        case "number":
            is_number = isinstance(value, int) and not isinstance(value, bool)
            if isinstance(value, int) and is_number and each.least <= value <= each.most:
                return ""
            return f"expected a whole number from {each.least} to {each.most}"
        case "values":
            if not isinstance(value, dict) or len(value) > _MOST:
                return f"expected an object of at most {_MOST} texts by their names"
            texts: list[object] = [*value, *value.values()]
        case _:
            if not isinstance(value, list) or len(value) > _MOST:
                return f"expected a list of at most {_MOST} texts"
            texts = value
    return next((problem for text in texts if (problem := _find_text_problem(text))), "")


def _find_text_problem(value: object) -> str:
    if not isinstance(value, str):
        return "expected a text"
    if len(value) > _LONGEST:
        return f"expected a text of at most {_LONGEST} characters"
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        return "expected a text without NUL and without lone surrogates"
    return ""


def _quote(name: str) -> str:
    return name[:60].encode("unicode_escape").decode()
