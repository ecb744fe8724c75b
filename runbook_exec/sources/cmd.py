"""Resolves `cmd:…`: the output of a command line of sh."""

from __future__ import annotations

from .base import SourceContext
from .command_output import read_output

PREFIX, FORM, EAGER = "cmd:", "cmd:…", False


def check(rest: str) -> bool:
    """Return whether a command is given."""
    return bool(rest.strip())


def is_available(rest: str, context: SourceContext) -> bool:
    """Return True: a command that fails is an error."""
    return True


def resolve(source: str, context: SourceContext) -> str:
    """Return the command's output without its final newline."""
    return read_output(source, ["sh", "-c", source.removeprefix(PREFIX)], context)
