"""Encrypts what a server keeps of runs, so that it and its backups have nothing to read."""

from __future__ import annotations

import base64
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from ..errors import Refused, reason
from ..system.atomic_write import replace_file

_ENCODING = b"binary/encrypted"

_NONCE = 12  # bytes, random for each payload

_KEY = 32  # bytes: AES-256

_ID = 8  # hexadecimal digits of the name of a key


def find_key_file(environ: Mapping[str, str]) -> Path:
    """Return the path of the file of keys, beside the settings of the server."""
    named = environ.get("XDG_CONFIG_HOME") or ""
    folder = Path(named) if named.startswith("/") else Path(environ.get("HOME") or "/") / ".config"
    return folder / "runbook-exec" / "codec.keys"


def read_keys(path: Path) -> dict[str, bytes]:
    """Return the keys of a file by their names, none if there is no file: the first encrypts, all decrypt.

    Raises Refused if the file is damaged, or if others can read it.
    """
    try:
        facts = path.stat()
        if facts.st_mode & (stat.S_IRWXG | stat.S_IRWXO) or facts.st_uid != os.geteuid():
            raise Refused(f"`{path}`: others can read this file of keys; `chmod 600` it, and make a new key")
        lines = path.read_text(encoding="ascii").split("\n")
        keys = {
            name: base64.b64decode(key, validate=True) for name, key in map(str.split, filter(None, lines))
        }
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise Refused(f"cannot read `{path}`: {reason(error)}") from None
    except ValueError:
        raise Refused(
            f"`{path}`: expected lines `NAME KEY`, as `runbook-exec codec --new-key` makes"
        ) from None
    if not keys or any(len(key) != _KEY for key in keys.values()):
        raise Refused(f"`{path}`: expected keys of {_KEY} bytes, as `runbook-exec codec --new-key` makes")
    return keys


def add_key(path: Path) -> str:
    """Add a key to the file, which encrypts from now on, and return its name; raises Refused."""
    keys = read_keys(path)
    name = os.urandom(_ID // 2).hex()
    all_keys = {name: os.urandom(_KEY), **keys}
    text = "".join(f"{each} {base64.b64encode(key).decode()}\n" for each, key in all_keys.items())
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, text.encode(), 0o600)
    except OSError as error:
        raise Refused(f"cannot write `{path}`: {reason(error)}") from None
    return name


class AesCodec(PayloadCodec):
    """Encrypts each payload with AES-256-GCM, under the name of its key."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """Encrypt with the first of the keys."""
        self._keys = {name: AESGCM(key) for name, key in keys.items()}
        self._name = next(iter(keys))

    async def encode(self, payloads: Iterable[Payload]) -> list[Payload]:
        """Return the payloads encrypted."""
        return [self._encrypt(payload) for payload in payloads]

    async def decode(self, payloads: Iterable[Payload]) -> list[Payload]:
        """Return the payloads as they were; those that were not encrypted stay as they are.

        Raises ValueError for one whose key is not here, or that was changed.
        """
        return [self._decrypt(payload) for payload in payloads]

    def _encrypt(self, payload: Payload) -> Payload:
        nonce, name = os.urandom(_NONCE), self._name.encode()
        data = self._keys[self._name].encrypt(nonce, payload.SerializeToString(), name)
        return Payload(metadata={"encoding": _ENCODING, "key-id": name}, data=nonce + data)

    def _decrypt(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != _ENCODING:
            return payload
        name = payload.metadata.get("key-id", b"")
        key = self._keys.get(name.decode("ascii", "replace"))
        if key is None:
            raise ValueError(f"this was encrypted with key `{name!r}`, which is not on this machine")
        try:
            data = key.decrypt(payload.data[:_NONCE], payload.data[_NONCE:], name)
        except InvalidTag:
            raise ValueError("this was changed after it was encrypted") from None
        return Payload.FromString(data)
