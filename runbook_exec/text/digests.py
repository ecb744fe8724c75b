"""Computes SHA-256 without OpenSSL, which takes 4 MB of memory and 3 ms to load.

Python's own takes twice as long for a line of a journal, and four times as long for a large text. Of both a
short run has little.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import _Hash

sha256: Callable[[bytes], _Hash]

for _module in ("_sha2", "_sha256", "hashlib"):  # Python's own; its name until 3.11; a build may lack both
    with suppress(ImportError):
        sha256 = import_module(_module).sha256
        break
