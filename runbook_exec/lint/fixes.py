"""Safe changes: applied to a text, shown as a difference, written beside a file and renamed."""

from __future__ import annotations

import difflib
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from .rule import Fix
from .run import Report


class NotWritten(Exception):
    """A file could not be changed; the message says which and why."""


def apply(text: str, fixes: Iterable[Fix]) -> tuple[str, int]:
    """The text with the changes made, and how many were; of those that overlap the first is made."""
    pieces: list[str] = []
    position = made = 0
    wanted = sorted(set(fixes), key=lambda fix: (fix.start, fix.end, fix.replacement))
    for fix in wanted:
        if fix.start < position or (made and fix.start == position == fix.end):
            continue
        pieces += (text[position : fix.start], fix.replacement)
        position = fix.end
        made += 1
    return "".join((*pieces, text[position:])), made


def fixed(report: Report) -> Iterator[tuple[str, str, int]]:
    """The pages that have safe changes: the path, the text with them made, and how many those are."""
    by_path: dict[str, list[Fix]] = {}
    for each in report.found:
        if each.finding.fix is not None:
            by_path.setdefault(each.path, []).append(each.finding.fix)
    for path, fixes in by_path.items():
        text, made = apply(report.texts[path], fixes)
        if text != report.texts[path]:
            yield path, text, made


def difference(path: str, before: str, after: str) -> str:
    """What changes, as `patch` and `git apply` read it; the lines keep their own ends."""
    lines = difflib.unified_diff(_lines(before), _lines(after), f"a/{path}", f"b/{path}", n=3, lineterm="\n")
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _lines(text: str) -> list[str]:
    """The lines as `diff` sees them, which end in a line feed and in nothing else."""
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def replace(path: Path, before: bytes, after: bytes) -> None:
    """Give a file new content if it still has the old one, whole or not at all, and keep its mode.

    A symbolic link stays one: what it points to is changed. Raises NotWritten.
    """
    target = path.resolve()
    try:
        if target.read_bytes() != before:
            raise NotWritten(f"`{path}` has changed in the meantime: it was left as it is; run this again")
        mode = stat.S_IMODE(target.stat().st_mode)
        number, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(after)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(mode)
            Path(name).replace(target)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise NotWritten(f"cannot change `{path}`: {(error.strerror or str(error)).lower()}") from None
