"""Defines errors that end a command with a message, and formats the text of an OSError."""

from __future__ import annotations


class Refused(Exception):
    """Raised if the program refuses to do what was asked.

    The message is complete and is printed without a traceback.
    """


class ValueProblem(ValueError):
    """Raised if a value cannot be resolved, or an expression cannot be parsed.

    The message has the reason and no secret.
    """


def describe_lost_folder(error: OSError) -> str:
    """Return the message for a working directory that was removed or cannot be reached."""
    return f"cannot use the working directory: {reason(error)}; change to another folder first"


def reason(error: OSError | UnicodeError) -> str:
    """Return the reason of the operating system, in lower case, without the name of the file."""
    words = error.strerror if isinstance(error, OSError) else None
    return (words or str(error)).lower()
