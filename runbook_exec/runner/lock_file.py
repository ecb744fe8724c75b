"""Reads and writes lock files, which say for everybody what commands of pages may run unseen."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..errors import Refused, reason
from ..light_classes import NamedTuple
from ..system.atomic_write import replace_file
from ..system.git import in_repository, read_commit
from ..system.permissions import find_foreign_writer
from ..system.regular_file import read_regular_file
from .plan_digest import VERSION, PageDigest

LOCK_FILE = "runbooks.lock"  # the name of the file, in the folder of its pages

_HEAD = "# Commands that may run unattended; made by `runbook-exec trust --lock`.\n"

_DEFAULT = "default"  # marks the procedure that runs if none is named


class LockEntry(NamedTuple):
    """What a lock file says about a procedure."""

    path: Path
    digest: PageDigest | None  # None: another version of the program has written it

    def find_doubt(self, document: Path) -> str:
        """Return why the file does not count, or "": others can write it, or it is not committed."""
        try:
            allowed = {os.getuid(), document.stat().st_uid}
            doubt = find_foreign_writer(self.path, allowed)
        except OSError as error:
            return f"`{self.path}` cannot be looked at: {reason(error)}"
        if doubt or not in_repository(self.path):
            return doubt
        commit = read_commit(self.path)
        if not commit.id:
            return f"`{self.path}` is not committed: git reports no commit here (see `git status`)"
        return f"`{self.path}` is not committed" if commit.dirty else ""


def read_lock(document: Path, anchor: str) -> LockEntry | None:
    """Return what the lock file beside a page says about one of its procedures, or None."""
    path = document.parent / LOCK_FILE
    try:
        held = dict(_parse_lock(read_regular_file(path).decode())).get(_address(document, anchor))
    except (OSError, UnicodeDecodeError):
        return None
    return None if held is None else LockEntry(path, _parse_digest(held))


def write_locks(known: Iterable[tuple[Path, str, PageDigest]]) -> list[Path]:
    """Write the lock files beside pages; returns their paths.

    Each procedure is given by its page, its anchor and its digests. Raises Refused.
    """
    by_folder: dict[Path, dict[str, str]] = {}
    for document, anchor, digest in known:
        address = _address(document, anchor)
        if not address.isprintable():
            raise Refused(f"`{document.name!a}` cannot be in a lock file: rename the page")
        by_folder.setdefault(document.parent, {})[address] = _format_digest(digest)
    written = []
    for folder, fresh in by_folder.items():
        path = folder / LOCK_FILE
        try:
            held = dict(_parse_lock(read_regular_file(path).decode())) if path.exists() else {}
            lines = (f"{value}  {address}\n" for address, value in sorted((held | fresh).items()))
            replace_file(path, (_HEAD + "".join(lines)).encode(), None if path.exists() else 0o644)
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(f"cannot write `{path}`: {reason(error)}") from error
        written.append(path)
    return written


def _format_digest(digest: PageDigest) -> str:
    parts = (str(VERSION), digest.commands, digest.steps, *([_DEFAULT] * digest.is_default))
    return ":".join(parts)


def _parse_digest(text: str) -> PageDigest | None:
    version, *parts = text.split(":")
    if version != str(VERSION) or len(parts) not in (2, 3):
        return None
    return PageDigest(parts[0], parts[1], parts[2:] == [_DEFAULT])


def _parse_lock(text: str) -> Iterator[tuple[str, str]]:
    for line in text.split("\n"):
        value, _, address = line.partition("  ")
        if address and not line.startswith("#"):
            yield address, value


def _address(document: Path, anchor: str) -> str:
    return f"{document.name}#{anchor}"
