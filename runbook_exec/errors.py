"""What the program says when it does not do what was asked for."""

from __future__ import annotations


class Refused(Exception):
    """The command line or the document is refused; the message is whole."""


class ValueProblem(ValueError):
    """A value cannot be had, or an expression cannot be read; the message says why and holds no secret."""
