"""Finds out quickly whether a statement can have places whose text is read again."""

from __future__ import annotations

from .builtins import names_reader
from .programs import may_take_code


def may_read_again(text: str) -> bool:
    """Return whether a statement names a program, a builtin or a variable that reads text again."""
    return may_take_code(text) or names_reader(text)
