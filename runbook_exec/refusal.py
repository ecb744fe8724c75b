"""What the program says when it does not do what was asked for."""

from __future__ import annotations


class Refused(Exception):
    """The command line or the document is refused; the message is whole."""
