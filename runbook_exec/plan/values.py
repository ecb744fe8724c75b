"""Decides which values are secret, and which are allowed."""

from __future__ import annotations

from ..document.model import Input
from ..document.placeholders import is_secret_name
from ..text.regex import compile_pattern


def is_secret(name: str, input: Input | None, annotation_secret: bool = False) -> bool:
    """Return whether the value is a secret, by annotation, front matter, or else by name."""
    if annotation_secret:
        return True
    if input is not None and input.secret is not None:
        return input.secret
    return is_secret_name(name)


def describe_value(text: str, secret: bool) -> str:
    """Return a value as a person is shown it: of a secret its length, and blanks that a reader would miss."""
    if not text:
        return "(empty)"
    size = f"{len(text)} character{'s' * (len(text) != 1)}"
    if secret:
        return f"{'•' * 8}  ({size})"
    if not text.strip():
        return f"“{text}”  ({size}, only blanks)"
    ends = [end for end, bare in (("begins", text.lstrip()), ("ends", text.rstrip())) if bare != text]
    return f"“{text}”  ({' and '.join(ends)} with a blank)" if ends else text


def check_value(input: Input | None, value: str) -> str | None:
    """Return why the value is not allowed, or None; the message has no secret value."""
    if "\0" in value:
        return "a value cannot hold a NUL character; no program could receive it"
    if input is None:
        return None
    got = "" if is_secret(input.name, input) else f", got `{value}`"
    if input.choices and value not in input.choices:
        return f"expected one of {', '.join(f'`{choice}`' for choice in input.choices)}{got}"
    if input.pattern is not None and not compile_pattern(input.pattern).fullmatch(value):
        return f"expected a value that matches `{input.pattern}` as a whole{got}"
    return None
