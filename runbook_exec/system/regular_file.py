"""Reads a file at once, unless it is no regular file or too large: nothing waits, and memory stays small."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Protocol

PAGE_LIMIT = 10 << 20  # bytes of a page, or of a file beside it; the largest handwritten ones have below one

_OPEN_PIPES = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")  # what `<(command)` of a shell is

_KINDS = (
    (stat.S_ISFIFO, "a named pipe, not a file"),
    (stat.S_ISSOCK, "a socket, not a file"),
    (stat.S_ISCHR, "a device, not a file"),
    (stat.S_ISBLK, "a device, not a file"),
)


class BinaryReader(Protocol):
    """A stream of bytes, such as standard input."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes; fewer only at the end."""


def read_regular_file(path: str | Path, limit: int = PAGE_LIMIT, *, pipes: bool = False) -> bytes:
    """Return the bytes of a regular file; with `pipes`, also of a pipe that a shell has opened.

    Raises OSError, also if the file is of another kind or has more bytes than `limit`.
    """
    # the name decides before the file is opened: to open some devices has effects
    kind = os.stat(path).st_mode  # noqa: PTH116 - some thousand pages are read
    piped = pipes and str(path).startswith(_OPEN_PIPES) and (stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind))
    if not piped:
        _require_file(kind, path)
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | (0 if piped else os.O_NONBLOCK)
    with open(path, "rb", buffering=0, opener=lambda name, _: os.open(name, flags)) as file:
        state = os.fstat(file.fileno())
        if not piped:
            _require_file(state.st_mode, path)
        parts: list[bytes] = []
        left = limit + 1
        while left > 0 and (part := file.read(min(left, max(state.st_size + 1, 1 << 16)))):
            parts.append(part)
            left -= len(part)
    if left <= 0:
        raise OSError(errno.EFBIG, f"larger than {_format_limit(limit)}", str(path))
    return b"".join(parts)


def read_bounded(stream: BinaryReader, name: str, limit: int = PAGE_LIMIT) -> bytes:
    """Return all that a stream has; raises OSError if that is more than `limit` bytes."""
    data = stream.read(limit + 1)
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"larger than {_format_limit(limit)}", name)
    return data


def _require_file(mode: int, path: str | Path) -> None:
    for is_kind, what in _KINDS:
        if is_kind(mode):
            raise OSError(errno.EINVAL, what, str(path))


def _format_limit(limit: int) -> str:
    return f"{limit >> 20} megabyte{'s' * (limit >> 20 != 1)}"
