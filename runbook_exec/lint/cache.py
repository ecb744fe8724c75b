"""Caches results of earlier runs.

Results are valid while the page, the settings, the program and the shells are the same.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from operator import attrgetter
from pathlib import Path
from typing import IO, Any

from .. import __version__
from ..diagnostics.report import from_plain, to_plain
from ..shells.registry import SHELLS, find_command
from ..system.atomic_write import replace_file
from ..text.digests import sha256
from .results import CachedResult, PageResult
from .selection import LintSettings

_KEY = 64  # characters at the beginning of a line

_OLD = 30 * 86400  # seconds after which an unused file is removed

_SPARE = 2  # how many times more lines than pages a file may have


class Cache:
    """The file with the results of the pages checked from one working directory.

    Each line has a digest of everything that a page's findings depend on, a checksum and the findings. Lines
    are only appended, whole and under a lock, so runs at the same time do not disturb each other. A damaged
    line is ignored, and so is an error when the file is read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: dict[bytes, bytes] = {}
        self._stale = 0
        self._torn = b""  # ends a last line that was written only in part
        with suppress(OSError):
            line = b"\n"
            for line in path.read_bytes().splitlines(keepends=True):
                self._stale += line[:_KEY] in self._lines
                self._lines[line[:_KEY]] = line
            self._torn = b"" if line.endswith(b"\n") else b"\n"

    def get(self, key: str, path: str, digest: str) -> CachedResult | None:
        """Return the cached result of a page under this key; None if the cache has none."""
        line = self._lines.get(key.encode())
        if line is None:
            return None
        check, _, text = line[_KEY + 1 : -1].partition(b" ")
        try:
            return _parse_result(json.loads(text), path, digest) if check == _checksum(text) else None
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError):
            return None

    def add(self, lines: dict[bytes, bytes], used: Iterable[str]) -> None:
        """Add these lines, by key; `used` are the keys of all pages of this run."""
        if not lines:
            return
        alive = {key.encode() for key in used} | lines.keys()
        try:
            if len(self._lines) + self._stale + len(lines) > _SPARE * len(alive) + 100:
                self._rewrite(self._lines | lines, alive)
            else:
                with open(self._path, "ab", opener=_open_private) as file:
                    _lock(file)
                    file.write(self._torn + b"".join(lines.values()))
        except OSError:
            return
        _clean(self._path.parent)

    def _rewrite(self, lines: Mapping[bytes, bytes], alive: Iterable[bytes]) -> None:
        """Write the file again with the lines in use.

        Lines that another run adds meanwhile are lost.
        """
        data = b"".join(lines[key] for key in sorted(alive) if key in lines)
        replace_file(self._path, data, 0o600, durable=False)


def open_cache(environ: Mapping[str, str]) -> Cache | None:
    """Return the cache for this working directory; None if no safe folder exists for one."""
    home = environ.get("XDG_CACHE_HOME", "")
    if not home.startswith("/"):
        home = os.path.join(environ.get("HOME", ""), ".cache")  # noqa: PTH118
    if not home.startswith("/"):
        return None
    folder = Path(home, "runbook-exec", "lint")
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        if not all(_is_private(each) for each in (folder.parent, folder)):
            return None
        return Cache(folder / sha256(os.fsencode(Path.cwd())).hexdigest()[:32])
    except OSError:
        return None


class CacheKeys:
    """Makes the keys of cached results."""

    def __init__(self, commands: Iterable[str] = ()) -> None:
        self._program = _digest(["1", *_program(), *_shells(), *commands])
        self._settings: dict[int, bytes] = {}

    def make_key(self, path: str, digest: str, settings: LintSettings) -> str:
        """Return a digest of everything that is known before the page is parsed."""
        settings_digest = self._settings.get(id(settings)) or self._settings.setdefault(
            id(settings), _digest_settings(settings)
        )
        page = os.fsencode(os.path.abspath(path))  # noqa: PTH100
        return sha256(b"\0".join((self._program, settings_digest, digest.encode(), page))).hexdigest()


def _program() -> Iterable[str]:
    """Yield the version of this program and its files, which may be under development."""
    yield __version__
    for file in sorted(_find_modules(str(Path(__file__).parent.parent)), key=attrgetter("path")):
        with suppress(OSError):
            status = file.stat()
            yield f"{file.path} {status.st_size} {status.st_mtime_ns}"


def _find_modules(folder: str) -> Iterator[os.DirEntry[str]]:
    """Yield the files of Python below a folder; pathlib takes three times as long."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                yield entry
            elif entry.name != "__pycache__" and entry.is_dir():
                yield from _find_modules(entry.path)


def _shells() -> Iterable[str]:
    """Yield the installed shells, as the files that would run."""
    for shell in SHELLS:
        command = find_command(shell)
        if command is None:
            yield f"no {shell}"
            continue
        path = command[0]
        with suppress(OSError):
            status = os.stat(path)  # noqa: PTH116
            yield f"{os.path.realpath(path)} {status.st_size} {status.st_mtime_ns}"


def _digest_settings(settings: LintSettings) -> bytes:
    selection = settings.selection
    parts = [
        [*selection.select],
        [*selection.extend_select],
        [*selection.ignore],
        settings.options,
        settings.codes,
    ]
    return _digest([json.dumps(parts, sort_keys=True, default=str)])


def _digest(parts: Iterable[str]) -> bytes:
    return sha256("\0".join(parts).encode("utf-8", "surrogateescape")).digest()


def _checksum(text: bytes) -> bytes:
    return sha256(text).hexdigest()[:16].encode()


def format_line(key: str, cached: CachedResult) -> bytes:
    """Return the line that stores a result; it is much smaller than the result in memory."""
    result = cached.result
    plain = [
        [to_plain(found) for found in result.diagnostics],
        result.unchecked_blocks,
        [[query, answer, guard] for query, (answer, guard) in cached.answers.items()],
        cached.valid_until and cached.valid_until.isoformat(),
    ]
    text = json.dumps(plain, separators=(",", ":")).encode()
    return b"%b %b %b\n" % (key.encode(), _checksum(text), text)


def _parse_result(plain: Any, path: str, digest: str) -> CachedResult:
    found, unchecked, answers, until = plain
    result = PageResult(
        path,
        digest,
        tuple(from_plain(path, each) for each in found),
        {str(shell): int(count) for shell, count in unchecked.items()},
    )
    cached_answers = {
        tuple(query): (answer, guard and (tuple(guard[0]), guard[1])) for query, answer, guard in answers
    }
    return CachedResult(result, cached_answers, None if until is None else date.fromisoformat(until))


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _is_private(folder: Path) -> bool:
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _lock(file: IO[bytes]) -> None:
    """Wait until no other process writes; closing the file releases the lock."""
    fcntl.flock(file, fcntl.LOCK_EX)


def _clean(folder: Path) -> None:
    """Remove the files of working directories in which the linter has not run for long."""
    oldest = time.time() - _OLD
    with suppress(OSError):
        for path in folder.iterdir():
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)
