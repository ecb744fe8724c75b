"""Hashes are those of hashlib, with OpenSSL and without it."""

from __future__ import annotations

import hashlib
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from runbook_exec.text.digests import sha256


@given(st.binary(max_size=500), st.sampled_from((1, 50, 1000)))
def test_a_hash_is_that_of_hashlib(data: bytes, times: int) -> None:
    """Few bytes and many bytes have the same hash as in hashlib."""
    made = sha256(data * times)
    assert made.digest() == hashlib.sha256(data * times).digest()
    assert made.hexdigest() == hashlib.sha256(data * times).hexdigest()


USES = """
import sys
from runbook_exec.text.digests import sha256
sizes = map(int, sys.argv[1:])
print([(sha256(b"x" * size).name, "_hashlib" in sys.modules)[1] for size in sizes])
"""


def test_much_data_is_hashed_with_openssl() -> None:
    """OpenSSL is loaded when much was hashed together, and at once for large data."""

    def try_sizes(*sizes: int) -> str:
        done = subprocess.run(
            [sys.executable, "-c", USES, *map(str, sizes)], check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    assert try_sizes(60_000, 40_000, 1, 60_000, 0, 5) == "[False, False, True, True, True, True]"
    assert try_sizes(1_000_000, 10) == "[True, True]"
