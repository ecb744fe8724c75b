"""What the practice world remembers between two commands: one JSON file, locked and replaced whole.

The file is `vault/state.json`, 0600 in a 0700 folder. It is the one place where tokens live in clear: what
1Password and Forgejo must be able to give back. Fly keeps only the SHA-256 of each token, like a server
that checks tokens but cannot show them again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict, cast


class Token(TypedDict):
    """A token as Fly knows it; times are ISO 8601 in UTC."""

    id: str
    name: str
    scope: str  # "org", "deploy" or "readonly"
    user: str
    expires_at: str
    revoked_at: str | None
    digest: str


class Login(TypedDict):
    """A browser login under way, as the server would know it."""

    port: int
    state: str


class Deploy(TypedDict):
    """A deploy that went through, and the id of the token that did it (None: the user's own login)."""

    time: str
    token: str | None


class Field(TypedDict):
    """A field of a 1Password item."""

    id: str
    section: str
    label: str
    type: str  # "CONCEALED", "STRING", "URL", "EMAIL"
    value: str


class Item(TypedDict):
    """A 1Password item."""

    id: str
    title: str
    category: str
    created: str
    updated: str
    version: int
    fields: list[Field]


class Vault(TypedDict):
    """A 1Password vault."""

    id: str
    name: str
    items: list[Item]


class Forgejo(TypedDict):
    """The Forgejo that answers on loopback while it is served; `url` is None while it is not."""

    url: str | None
    digest: str  # of the API token it accepts
    repository: str
    secrets: dict[str, str]


class State(TypedDict):
    """Everything that can change in a world."""

    email: str
    session: str | None  # when the user logged in to Fly
    login_code: str
    login_seconds: float
    logins: dict[str, Login]
    app: str
    organization: str
    tokens: list[Token]
    old_token: str  # the id of the token in use when the world began
    release: int
    deploys: list[Deploy]
    certificates: list[str]
    op_signed_in: bool
    vaults: list[Vault]
    forgejo: Forgejo


def digest(token: str) -> str:
    """The SHA-256 of a token, with or without its `FlyV1 ` in front."""
    return hashlib.sha256(token.strip().removeprefix("FlyV1 ").encode()).hexdigest()


def _path(folder: str) -> Path:
    return Path(folder, "vault", "state.json")


def write(folder: str, state: State) -> None:
    """Replace the state whole; the caller holds the lock, or is the only one there."""
    path = _path(folder)
    beside = path.with_name(f"state.json.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(state, stream, indent=1)
    beside.replace(path)


def look(folder: str) -> State:
    """The state as it is now. Raises FileNotFoundError where there is no world."""
    return cast(State, json.loads(_path(folder).read_text(encoding="utf-8")))


@contextmanager
def change(folder: str) -> Iterator[State]:
    """The state, to be changed in place: nobody else changes it meanwhile; an exception changes nothing."""
    descriptor = os.open(f"{_path(folder)}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        state = look(folder)
        yield state
        write(folder, state)
    finally:
        os.close(descriptor)
