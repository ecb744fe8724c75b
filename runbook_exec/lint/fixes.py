"""Applies safe changes to a text, shows them as a diff, and writes them to files."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ..diagnostics.report import Report, TextEdit
from ..errors import Refused, reason
from ..light_classes import dataclass
from ..system.atomic_write import replace_file
from ..text.digests import sha256


class NotWritten(Refused):
    """A page could not be changed; the others still are, so it is reported with its path."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(why)
        self.path = path


@dataclass(frozen=True, slots=True)
class FixedPage:
    """A page with its safe changes applied."""

    path: str
    before: bytes
    after: bytes
    fix_count: int  # how many changes


def apply_fixes(report: Report, content: Callable[[str], bytes]) -> Iterator[FixedPage | NotWritten]:
    """Yield the pages with safe changes, applied.

    `content` returns a page's bytes, or raises OSError. Yields NotWritten for a page that cannot be read, or
    that has changed since it was checked.
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
        if sha256(before).hexdigest() != report.pages[path]:
            yield _stale_page_error(path)
            continue
        try:
            text = before.decode("utf-8")
        except UnicodeDecodeError:
            continue  # bytes that are not text must stay as they are
        after, made = _apply_edits(text, changes)
        if after != text:
            yield FixedPage(path, before, after.encode(), made)


def _apply_edits(text: str, changes: Iterable[TextEdit]) -> tuple[str, int]:
    """Return the text with the changes, and their number.

    Of overlapping changes only the first is applied.
    """
    pieces: list[str] = []
    position = made = 0
    for change, fixed in select_edits(changes):
        pieces += (text[position : change.location.start], change.replacement)
        position = change.location.end
        made += fixed
    return "".join((*pieces, text[position:])), made


def select_edits(changes: Iterable[TextEdit]) -> list[tuple[TextEdit, int]]:
    """Return the changes that can be applied together, in order, each with the number of its problems.

    Of overlapping changes only the first is returned.
    """
    selected: list[tuple[TextEdit, int]] = []
    position = 0
    for change in sorted(changes, key=lambda change: (change.location.start, change.location.end)):
        start, end = change.location.start, change.location.end
        if selected and change == selected[-1][0]:
            selected[-1] = change, selected[-1][1] + 1  # it fixes several problems
            continue
        if start < position or (selected and start == position == end):
            continue
        selected.append((change, 1))
        position = end
    return selected


def format_diff(change: FixedPage) -> str:
    """Return the change as a diff for `patch` and `git apply`; lines keep their own line ends."""
    before, after = _lines(change.before.decode()), _lines(change.after.decode())
    lines = difflib.unified_diff(before, after, f"a/{change.path}", f"b/{change.path}", n=3, lineterm="\n")
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _lines(text: str) -> list[str]:
    """Return the lines as in `diff`: only a line feed ends a line."""
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def write_page(change: FixedPage) -> None:
    """Replace a file's content atomically if it still is the old one, and keep its mode.

    A symbolic link stays: its target is changed. Raises NotWritten if that fails.
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
