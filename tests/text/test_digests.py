"""Hashes are those of hashlib, without OpenSSL."""

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


def test_openssl_is_not_loaded() -> None:
    """Its library would take more memory than all else that a short run needs for its journal."""
    code = "import sys, runbook_exec.text.digests as d; d.sha256(b''); print('_hashlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
