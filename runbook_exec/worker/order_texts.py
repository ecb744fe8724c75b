"""Keeps the text of an ordered page on its host, and asks before another one replaces it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from difflib import unified_diff
from pathlib import Path

from ..errors import Refused, reason
from ..system.atomic_write import replace_file
from .orders import OpenQuestion, Order

_LONGEST = 60  # lines of a difference that a question shows


def make_change_question(path: Path, order: Order) -> OpenQuestion | None:
    """Return the question about an amended text; None if `path` has it already. Raises Refused."""
    try:
        now = path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else "it is not UTF-8"
        raise Refused(f"cannot read `{path}`: {why}") from None
    if now == order.text:
        return None
    lines = diff_texts(now, order.text)
    if len(lines) > _LONGEST:
        lines = [*lines[:_LONGEST], f"… and {len(lines) - _LONGEST} lines more"]
    identity = f"changed:-:{order.amended}-{hashlib.sha256(order.text.encode()).hexdigest()[:12]}"
    asks = f"{order.by or 'someone'} has amended the page; `run` continues with it, `skip` keeps the old text"
    return OpenQuestion(identity, "changed", ("run", "skip"), "\n".join(lines), asks)


def diff_texts(before: str, after: str) -> Sequence[str]:
    """Return the lines in which two texts differ, with a line around them."""
    return list(unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1))[2:]


def keep_text(path: Path, text: str) -> None:
    """Write the text of a page for the runs of this user alone; raises Refused."""
    try:
        replace_file(path, text.encode(), 0o600)
    except OSError as error:
        raise Refused(f"cannot write `{path}`: {reason(error)}") from None
