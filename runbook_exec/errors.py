"""Errors that end a command with a message, and the words of an OSError."""

from __future__ import annotations


class Refused(Exception):
    """The program does not do what was asked; the message is complete and is printed without a traceback."""


class ValueProblem(ValueError):
    """A value cannot be resolved, or an expression not parsed; the message has the reason and no secret."""


def reason(error: OSError | UnicodeError) -> str:
    """Return why the operating system refused something, in its words, in lower case, without the file."""
    words = error.strerror if isinstance(error, OSError) else None
    return (words or str(error)).lower()
