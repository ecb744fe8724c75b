"""Finds the last changes of pages after their review, in one pass over the git history.

One pass covers all pages.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from ...document.discovery import SUFFIXES
from ...document.front_matter.bounds import find_bounds
from ...document.front_matter.dates import parse_date
from ...light_classes import NamedTuple
from ...system.git import make_command, make_environment_without_filters, run_git
from ...system.regular_file import read_regular_file
from ...text.lazy_pattern import LazyPattern
from ..rule import LintContext, Page
from .prefetch import run_in_background
from .workspace import Workspace, find_given_pages
from .workspace_finder import find_root, find_workspace, get_workspace

# Additions are left out: a page that still has the review it was added with was reviewed on that day. A file
# that was removed is listed without its text: an earlier file of that name is not the present one.
_DIFF = (
    "--diff-filter=a", "-D", "-w", "-M", "-U0", "--inter-hunk-context=0", "--no-color", "--no-ext-diff",
    "--no-textconv", "--ignore-submodules=all", "--submodule=short", "--src-prefix=a/", "--dst-prefix=b/",
)  # fmt: skip

_UNQUOTED = ("-c", "core.quotePath=false")

_HUNK = LazyPattern(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")

_KEY = r"['\"]?(?:last[-_ ]?review(?:ed)?|reviewed)(?:[-_ ]?on)?['\"]?[ \t]*:"

_REVIEW = LazyPattern(rb"^\+" + _KEY.encode(), re.IGNORECASE | re.MULTILINE)

_REVIEW_LINE = LazyPattern(rf"^{_KEY}[ \t]+['\"]?([^\s'\"#]+)", re.IGNORECASE | re.MULTILINE)

_FIRST = date(1971, 1, 1)  # git has no dates that are much older

_FILE = b"diff --git "

_REMOVED = b"deleted file mode "

_COMMIT = b"\0"  # begins a line of our format: no line of a patch begins so


class LastChange(NamedTuple):
    """The last change of a page after its review: the day, and whether it is committed."""

    day: date
    committed: bool = True


class _FileChange(NamedTuple):
    """The change of one file by one commit, or in the work tree; paths as git writes them."""

    day: date | None  # of the commit's author; None: not committed
    old: bytes
    new: bytes
    begins: (
        bool  # whether older changes do not count: this one set the day of the review, or removed the file
    )
    last_line: int  # the last line it changed, from 1, in the file as it was then; 0 for none


def last_change(page: Page) -> LastChange | None:
    """Return the last change after the page's review.

    Returns None without a change, or if git does not know the page.
    """
    workspace, path = find_workspace(page) or (None, "")
    if workspace is None or not workspace.in_repository:
        return None
    # the history need not be read again while its newest commit is the same
    answer = workspace.ask(query_last_change, path, unless=newest_commit)
    if answer is None:
        return None
    change = LastChange(date.fromisoformat(answer[0]), bool(answer[1]))
    if not change.committed:
        page.context.query_log.expire_on(page.context.today + timedelta(days=1))
    return change


def query_last_change(workspace: Workspace, path: str) -> list[Any] | None:
    """Return the day of a page's last change, and whether that is committed."""
    # with only few pages, reading the history of one ends soon
    return _known_changes(workspace.context, workspace.base, path if workspace.context.few_pages else "").get(
        path
    )


def newest_commit(workspace: Workspace) -> str:
    """Return the commit of the work tree; empty if there is none."""
    return _newest_commit(workspace.context, workspace.base)


QUERIES = (query_last_change, newest_commit)


@contextmanager
def prefetch_history(context: LintContext, folders: Iterable[str]) -> Iterator[None]:
    """Read the history of the pages in these folders while other processes check the pages."""
    known = [
        get_workspace(context, root) for folder in folders if (root := find_root(context, folder)) is not None
    ]
    bases = {each.base for each in known if each.in_repository}
    if not bases:
        yield
        return
    with run_in_background(
        lambda: {str(base): _to_json(_last_changes(context, base, "")) for base in bases}
    ) as context.history:
        yield
    context.history = None


@lru_cache(maxsize=4)
def _newest_commit(_: LintContext, base: Path) -> str:
    return os.fsdecode(run_git(base, "rev-parse", "HEAD") or b"").strip()


@lru_cache(maxsize=16)
def _known_changes(context: LintContext, base: Path, only: str) -> Mapping[str, list[Any]]:
    """Return the last changes in the types of JSON, from the background process or read now."""
    begun: Mapping[str, Mapping[str, list[Any]]] = (context.history and context.history.value) or {}
    known = begun.get(str(base))
    return _to_json(_last_changes(context, base, only)) if known is None else known


def _to_json(changes: Mapping[str, LastChange]) -> dict[str, list[Any]]:
    return {path: [change.day.isoformat(), change.committed] for path, change in changes.items()}


def _last_changes(context: LintContext, base: Path, only: str) -> Mapping[str, LastChange]:
    """Return the last changes of all pages in the folder of a repository, or of one page.

    The one page is `only`.
    """
    wanted: dict[str, date] = {}  # the day of each page's review
    matter: dict[str, int] = {}  # how many lines of front matter it has
    for path in (only,) if only else find_given_pages(context, base):
        reviewed = _read_review(base / path)
        if reviewed is not None:
            wanted[path], matter[path] = reviewed
    now: dict[bytes, str] = {
        os.fsencode(path): path for path in wanted
    }  # the present path by each name that a file has had
    open_pages = set(wanted)  # pages whose commit that set the date is not reached yet
    found: dict[str, LastChange] = {}
    for touch in _file_changes(base, wanted) if wanted else ():
        path = now.get(touch.new, "")
        if path not in open_pages:
            continue
        if touch.old != touch.new and touch.old:
            now.setdefault(touch.old, path)
        if touch.begins:
            open_pages.discard(path)
            if not open_pages:
                break
        elif touch.last_line > matter[path]:
            change = LastChange(touch.day or context.today, touch.day is not None)
            if path not in found or change.day > found[path].day:
                found[path] = change
    return found


def _read_review(page: Path) -> tuple[date, int] | None:
    """Return the day of a page's review and the number of lines of its front matter.

    Returns None without either.
    """
    try:
        text = read_regular_file(page).decode("utf-8", "replace")
    except OSError:
        return None
    matter = find_bounds(text)
    found = _REVIEW_LINE.search(text, 0, matter[1]) if matter else None
    day = parse_date(found[1]) if found else None
    return (day, text.count("\n", 0, matter[2])) if matter and day else None


def _file_changes(base: Path, wanted: Mapping[str, date]) -> Iterator[_FileChange]:
    """Yield the changes of the pages, from the work tree back to the oldest of the reviews."""
    since = max(min(wanted.values()), _FIRST) - timedelta(days=2)
    paths = [f":(glob)**/*{suffix}" for suffix in SUFFIXES]
    paths += [f":(literal){path}" for path in wanted if not path.endswith(SUFFIXES)]
    environment = make_environment_without_filters(base, os.environ)
    yield from _run_git(base, environment, *_UNQUOTED, "diff", *_DIFF, "HEAD", "--", *paths)
    form = ("--format=%x00%ad", "--date=short", f"--since={since}T00:00:00", "--no-show-signature", "-p")
    yield from _run_git(base, environment, *_UNQUOTED, "log", *form, *_DIFF, "HEAD", "--", *paths)


def _run_git(base: Path, environment: Mapping[str, str], *words: str) -> Iterator[_FileChange]:
    try:
        process = subprocess.Popen(
            make_command(base, *words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
    except OSError:
        return
    with process:
        try:
            yield from _parse_log(iter(process.stdout or ()))
        finally:
            process.kill()


def _parse_log(lines: Iterator[bytes]) -> Iterator[_FileChange]:
    day: date | None = None
    same = old = new = b""
    begins = False
    last = 0
    for line in lines:
        if line.startswith((_FILE, _COMMIT)):
            if new:
                yield _FileChange(day, old, new, begins, last)
            old = new = b""
            begins, last = False, 0
            if line.startswith(_COMMIT):
                day = parse_date(line[1:].strip().decode("ascii", "replace")) or date.min
            else:
                same = line[len(_FILE) :].rstrip(b"\n")
        elif line.startswith(_REMOVED):
            new, begins = same[len(same) // 2 + len(b" b/") :], True  # `a/NAME b/NAME`
        elif line.startswith((b"--- a/", b"rename from ")):
            old = _name(line)
        elif line.startswith((b"+++ b/", b"rename to ")):
            new = _name(line)
        elif hunk := _HUNK.match(line):
            removed, start, added = (1 if count is None else int(count) for count in hunk.groups())
            begins = _sets_review(lines, removed + added) or begins
            last = max(last, start + added - 1 if added else start + 1)
    if new:
        yield _FileChange(day, old, new, begins, last)


def _sets_review(lines: Iterator[bytes], count: int) -> bool:
    """Read the `count` lines of a hunk.

    Return whether an added line sets the date of the review.
    """
    found = False
    while count and (hunk := b"".join(islice(lines, count))):
        found = found or (b"review" in hunk.lower() and _REVIEW.search(hunk) is not None)
        # "\ No newline at end of file" is not one of the counted lines: one more follows for each
        count = hunk.startswith(b"\\") + hunk.count(b"\n\\")
    return found


def _name(line: bytes) -> bytes:
    written = line.rstrip(b"\n").rstrip(b"\t")
    for opening in (b"--- a/", b"+++ b/", b"rename from ", b"rename to "):
        written = written.removeprefix(opening)
    return written
