"""Computes SHA-256 without OpenSSL, as long as little is hashed.

Loading OpenSSL takes 4 MB of memory, and as long as hashing some 200 kB without it.
"""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hashlib import _Hash

_make: Any = None

for _module in ("_sha2", "_sha256", "hashlib"):  # Python's own; its name until 3.11; if it was left out
    with suppress(ImportError):
        _make = import_module(_module).sha256
        break

_left = 100_000  # bytes that are hashed before OpenSSL is loaded


def sha256(data: bytes) -> _Hash:
    """Return the hash of the data, as `hashlib.sha256` does."""
    global _left, _make
    _left -= len(data)
    if _left < 0 <= _left + len(data):
        from hashlib import sha256 as _make
    made: _Hash = _make(data)
    return made
