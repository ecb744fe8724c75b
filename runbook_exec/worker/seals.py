"""Seals secrets to one host: nobody on their way can read them, whoever has the keys of the server."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ..errors import Refused, reason
from ..system.atomic_write import create_file, replace_file

_KEY, _NONCE = 32, 12  # bytes

_PURPOSE = b"runbook-exec seal 1"


def obtain_host_key(state: Path) -> X25519PrivateKey:
    """Return the key of this host, made when it is first asked for; raises Refused."""
    path = state / "seal-key"
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            beside = path.with_name(f".seal-key.{os.urandom(8).hex()}")
            create_file(beside, os.urandom(_KEY), 0o600)
            try:
                os.link(beside, path)
            except FileExistsError:
                pass  # another process was faster
            finally:
                beside.unlink()
        return X25519PrivateKey.from_private_bytes(path.read_bytes())
    except OSError as error:
        raise Refused(f"cannot read the key of this host in `{path}`: {reason(error)}") from None
    except ValueError:
        raise Refused(
            f"`{path}` is damaged: expected {_KEY} bytes; remove it, and a new key is made"
        ) from None


def format_public_key(key: X25519PrivateKey) -> str:
    """Return the public half of a key as text."""
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def seal_text(text: str, public: str, purpose: str) -> str:
    """Return a text that only the host with this public key can read, and only for the same purpose.

    Raises Refused if that is no key.
    """
    try:
        host = X25519PublicKey.from_public_bytes(base64.b64decode(public, validate=True))
    except ValueError:
        raise Refused(f"expected the public key of a host, got `{public}`") from None
    once = X25519PrivateKey.generate()
    nonce = os.urandom(_NONCE)
    data = _derive(once.exchange(host)).encrypt(
        nonce, text.encode("utf-8", "surrogateescape"), purpose.encode()
    )
    return base64.b64encode(once.public_key().public_bytes_raw() + nonce + data).decode()


def open_seal(sealed: str, key: X25519PrivateKey, purpose: str) -> str:
    """Return the text that was sealed to this host; raises Refused."""
    try:
        data = base64.b64decode(sealed, validate=True)
        once = X25519PublicKey.from_public_bytes(data[:_KEY])
        nonce, hidden = data[_KEY : _KEY + _NONCE], data[_KEY + _NONCE :]
        text = _derive(key.exchange(once)).decrypt(nonce, hidden, purpose.encode())
    except (ValueError, InvalidTag):
        raise Refused("the value was not sealed to this host, or for another question") from None
    return text.decode("utf-8", "surrogateescape")


def _derive(shared: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), _KEY, salt=None, info=_PURPOSE).derive(shared))


def check_pin(host: str, public: str, environ: Mapping[str, str]) -> bool:
    """Return whether the key of a host was noted now for the first time.

    Raises Refused if it is another one than before.
    """
    named = environ.get("XDG_CONFIG_HOME") or ""
    folder = Path(named) if named.startswith("/") else Path(environ.get("HOME") or "/") / ".config"
    path = folder / "runbook-exec" / "hosts.keys"
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        known = dict(line.split() for line in text.splitlines() if line)
        if host not in known:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(path, f"{text}{host} {public}\n".encode(), 0o600)
            return True
    except OSError as error:
        raise Refused(f"cannot keep the keys of hosts in `{path}`: {reason(error)}") from None
    except ValueError:
        raise Refused(f"`{path}`: expected lines `HOST KEY`") from None
    if known[host] != public:
        raise Refused(
            f"host {host} has another key than before: it was installed anew, or someone answers in its "
            f"place; the secret was not sent. If you know why, remove its line in `{path}`"
        )
    return False
