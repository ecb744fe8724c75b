"""Resolves `file:PATH`: the content of a file."""

from __future__ import annotations

from ..errors import ValueProblem
from .base import SourceContext, reason, without_newline

PREFIX, FORM, EAGER = "file:", "file:PATH", True


def check(rest: str) -> bool:
    """Return whether a path is given."""
    return bool(rest)


def is_available(rest: str, context: SourceContext) -> bool:
    """Return True: a missing file is an error."""
    return True


def resolve(source: str, context: SourceContext) -> str:
    """Return the file's text without its final newline."""
    try:
        return without_newline(context.read_file(source.removeprefix(PREFIX)))
    except OSError as error:
        raise ValueProblem(f"`{source}`: cannot read the file: {reason(error)}") from None
    except UnicodeError:
        raise ValueProblem(f"`{source}`: the file is not UTF-8 text") from None
