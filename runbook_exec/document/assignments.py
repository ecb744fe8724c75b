"""Parses `NAME=VALUE` and `NAME=STEP[:REGEX]`, the values of `--set` and `--capture`."""

from __future__ import annotations

from ..errors import ValueProblem
from ..light_classes import NamedTuple
from ..text.regex import PatternProblem, compile_pattern
from .placeholders import parse_placeholder_name


class Capture(NamedTuple):
    """A placeholder whose value comes from the output of a statement.

    `step` is a step's number or label, an id, an anchor, or `STEP.STATEMENT`. `pattern` is a regular
    expression; its first group, or the whole match, is the value.
    """

    name: str
    step: str
    pattern: str | None = None


def parse_set(text: str) -> tuple[str, str]:
    """Return the normalised name and the value of `NAME=VALUE`.

    Raises ValueProblem for other text.
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueProblem("expected NAME=VALUE, got no `=`")
    return _read_name(name), value


def parse_capture(text: str) -> Capture:
    """Return the capture that `NAME=STEP[:REGEX]` describes. Raises ValueProblem for other text."""
    name, equals, rest = text.partition("=")
    step, colon, pattern = rest.partition(":")
    step = step.strip().removeprefix("#")
    if not equals or not step:
        raise ValueProblem(f"expected NAME=STEP or NAME=STEP:REGEX, such as `new-token=2`, got `{text}`")
    if colon and not pattern:
        raise ValueProblem(f"expected a regular expression after the `:`, got `{text}`")
    if colon:
        try:
            compile_pattern(pattern)
        except PatternProblem as problem:
            raise ValueProblem(str(problem)) from None
    return Capture(_read_name(name), step, pattern if colon else None)


def _read_name(text: str) -> str:
    try:
        return parse_placeholder_name(text)
    except ValueError as error:
        raise ValueProblem(str(error)) from None
