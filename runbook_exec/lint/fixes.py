"""Safe changes: applied to a text, shown as a difference, written beside a file and renamed."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..diagnostics.report import Report, TextEdit
from ..errors import Refused, reason
from ..system.atomic_write import replace_file


class NotWritten(Refused):
    """A page that could not be changed: the others still are, so it is reported with its path."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(why)
        self.path = path


@dataclass(frozen=True, slots=True)
class FixedPage:
    """A page with its safe changes made."""

    path: str
    before: bytes
    after: bytes
    fix_count: int  # how many changes


def apply_fixes(report: Report, content: Callable[[str], bytes]) -> Iterator[FixedPage | NotWritten]:
    """The pages that have safe changes, with those made; `content` gives a page's bytes, or raises OSError.

    NotWritten is given for one that cannot be read, or is not what the linter looked at any more.
    """
    by_path: dict[str, list[TextEdit]] = {}
    for each in report.diagnostics:
        if each.fix is not None:
            by_path.setdefault(each.path, []).append(each.fix)
    for path, changes in by_path.items():
        try:
            before = content(path)
        except OSError as error:
            yield _change_error(path, error)
            continue
        if hashlib.sha256(before).hexdigest() != report.pages[path]:
            yield _stale_page_error(path)
            continue
        try:
            text = before.decode("utf-8")
        except UnicodeDecodeError:
            continue  # whatever else is changed, bytes that are not text must stay
        after, made = _apply_edits(text, changes)
        if after != text:
            yield FixedPage(path, before, after.encode(), made)


def _apply_edits(text: str, changes: Iterable[TextEdit]) -> tuple[str, int]:
    """The text with the changes made, and how many were; of those that overlap the first is made."""
    pieces: list[str] = []
    position = made = 0
    latest: TextEdit | None = None
    for change in sorted(changes, key=lambda change: (change.location.start, change.location.end)):
        start, end = change.location.start, change.location.end
        if change == latest:
            made += 1  # it mends several problems
            continue
        if start < position or (made and start == position == end):
            continue
        latest = change
        pieces += (text[position:start], change.replacement)
        position = end
        made += 1
    return "".join((*pieces, text[position:])), made


def format_diff(change: FixedPage) -> str:
    """What changes, as `patch` and `git apply` read it; the lines keep their own ends."""
    before, after = _lines(change.before.decode()), _lines(change.after.decode())
    lines = difflib.unified_diff(before, after, f"a/{change.path}", f"b/{change.path}", n=3, lineterm="\n")
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _lines(text: str) -> list[str]:
    """The lines as `diff` sees them, which end in a line feed and in nothing else."""
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def write_page(change: FixedPage) -> None:
    """Give a file its new content if it still has the old one, whole or not at all, and keep its mode.

    A symbolic link stays one: what it points to is changed. Raises NotWritten.
    """
    target = Path(change.path).resolve()
    try:
        if target.read_bytes() != change.before:
            raise _stale_page_error(change.path)
        replace_file(target, change.after)
    except OSError as error:
        raise _change_error(change.path, error) from None


def _stale_page_error(path: str) -> NotWritten:
    return NotWritten(path, f"`{path}` has changed in the meantime: it was left as it is; run this again")


def _change_error(path: str, error: OSError) -> NotWritten:
    return NotWritten(path, f"cannot change `{path}`: {reason(error)}")
