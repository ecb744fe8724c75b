"""Names the state folder of this host, so that two machines with one name are told apart."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from ..errors import Refused, reason
from ..system.atomic_write import create_file

_BYTES = 16  # of the random id


def read_place(state: Path) -> str:
    """Return the id of a state folder, made at random when it is first asked for; raises Refused."""
    path = state / "place"
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _make_place(path)
        text = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else "it is not text"
        raise Refused(f"cannot read the id of this machine in `{path}`: {why}") from None
    if len(text) != 2 * _BYTES:
        raise Refused(f"`{path}` is damaged; remove it, and runs that wait on this host ask a person")
    return text


def _make_place(path: Path) -> None:
    """Write a new id, unless another process was faster."""
    beside = path.with_name(f".place.{os.urandom(8).hex()}")
    create_file(beside, f"{os.urandom(_BYTES).hex()}\n".encode(), 0o600)
    with contextlib.suppress(FileExistsError):
        os.link(beside, path)
    beside.unlink()
