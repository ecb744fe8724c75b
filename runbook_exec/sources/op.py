"""Resolves `op://vault/item/field`: a secret of 1Password, read by its program `op`."""

from __future__ import annotations

import re

from .base import SourceContext
from .command_output import read_output

PREFIX, FORM, EAGER = "op://", "op://vault/item/field", False


def check(rest: str) -> bool:
    """Return whether a vault, an item and a field are given."""
    return re.fullmatch(r"[^/]+/[^/]+/.+", rest, re.DOTALL) is not None


def is_available(rest: str, context: SourceContext) -> bool:
    """Return True: a field that cannot be read is an error."""
    return True


def resolve(source: str, context: SourceContext) -> str:
    """Return what `op read` prints, without its final newline."""
    return read_output(source, ["op", "read", source], context)
