"""Keeps a key of this user on this machine, with which the lines of journals are signed."""

from __future__ import annotations

import contextlib
import os
import stat
from functools import cache
from pathlib import Path

from ..light_classes import NamedTuple
from ..system.atomic_write import create_file
from ..text.digests import sha256
from ..text.lazy_pattern import LazyPattern

_SIZE = 32  # bytes of a key

_BLOCK = 64  # bytes of a block of SHA-256; a key must not be longer

_MARK = LazyPattern(rb',"mark":"([0-9a-f]{32})"(?:,"seal":"[0-9a-f]{64}")?\}')

OF_LINE = b"line "  # the beginning of the data of which a line's `mark` is the signature

_MARK_SIZE = len(',"mark":""') + 32 + len(',"seal":""}') + 64  # at most


class UserKey(NamedTuple):
    """A key that only this user can read."""

    data: bytes

    def __repr__(self) -> str:
        """Return no byte of the key: a traceback could show it."""
        return "UserKey()"

    def sign_text(self, run: str, text: str) -> str:
        """Return a digest of a text for the journal of a run; nobody without the key can guess from it."""
        return self.sign(f"text {run}\0{text}".encode("utf-8", "surrogatepass"))[:20]

    def has_signed(self, line: bytes) -> bool:
        """Return whether a line has the signature of this key."""
        found = _MARK.search(line, max(0, len(line) - _MARK_SIZE))
        if found is None or found.end() != len(line):
            return False
        from hmac import compare_digest  # loads OpenSSL

        return compare_digest(self.sign(OF_LINE + line[: found.start()] + b"}"), found[1].decode())

    def sign(self, data: bytes) -> str:
        """Return the HMAC with SHA-256 (RFC 2104), the first half of it in hexadecimal.

        `data` begins with what it is, such as `OF_LINE`: the signature of one kind counts for no other.
        """
        inner, outer = _pad_key(self.data)
        return sha256(outer + sha256(inner + data).digest()).hexdigest()[:32]


@cache
def _pad_key(key: bytes) -> tuple[bytes, bytes]:
    """Return the blocks that the two hashes of an HMAC begin with."""
    padded = key.ljust(_BLOCK, b"\0")
    first, second = (bytes(code ^ mask for code in padded) for mask in (0x36, 0x5C))
    return first, second


def is_signed(line: bytes) -> bool:
    """Return whether a line of a journal has a signature, of this user or another."""
    found = _MARK.search(line, max(0, len(line) - _MARK_SIZE))
    return found is not None and found.end() == len(line)


def is_private_file(path: Path, folder: Path) -> bool:
    """Return whether a file lies in the folder of journals, is this user's, and nobody else can write it."""
    try:
        found = path.lstat()
        return (
            path.parent.samefile(folder)
            and stat.S_ISREG(found.st_mode)
            and found.st_uid == os.getuid()
            and not found.st_mode & 0o022
        )
    except OSError:
        return False


def read_user_key(runs: Path) -> UserKey | None:
    """Return this user's key, which lies beside the folder of journals; None if it cannot be used."""
    path = runs.parent / f"key-{os.getuid()}"
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        found = os.fstat(file)
        if found.st_uid != os.getuid() or found.st_mode & 0o077:
            return None  # somebody else may have read or written it
        data = os.read(file, _SIZE + 1)
    except OSError:
        return None
    finally:
        os.close(file)
    return UserKey(data) if len(data) == _SIZE else None


def _place_key(beside: Path, path: Path) -> None:
    """Give a new key its name, unless another program was faster: both use the first key."""
    try:
        os.link(beside, path)
    except FileExistsError:
        pass
    except OSError:
        beside.replace(path)  # the file system has no links
        return
    beside.unlink()


def obtain_user_key(runs: Path) -> UserKey | None:
    """Return this user's key, made now if there is none; None if that is impossible."""
    if key := read_user_key(runs):
        return key
    path = runs.parent / f"key-{os.getuid()}"
    beside = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        create_file(beside, os.urandom(_SIZE), 0o600)
        _place_key(beside, path)
    if (key := read_user_key(runs)) is None:
        with contextlib.suppress(OSError):  # a file that cannot be a key: a power cut has emptied it
            path.unlink()
    return key
