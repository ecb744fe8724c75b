"""What the program says when it does not do what was asked for."""

from __future__ import annotations


class Refused(Exception):
    """The command line or the document is refused; the message is whole."""


class ValueProblem(ValueError):
    """A value cannot be had, or an expression cannot be read; the message says why and holds no secret."""


def reason(error: OSError | UnicodeError) -> str:
    """Why the operating system refused something, in its words and in lower case, without the file."""
    words = error.strerror if isinstance(error, OSError) else None
    return (words or str(error)).lower()
