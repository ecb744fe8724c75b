"""Stores secrets of an unfinished run on a file system in memory, never on a disk."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..system.atomic_write import replace_file

_IN_MEMORY = ("tmpfs", "ramfs")

_MOUNTS = Path("/proc/self/mountinfo")


@dataclass(frozen=True, slots=True)
class SecretStore:
    """The file for one run: mode 0600, in a folder 0700 in the user's runtime folder."""

    path: Path

    def keep(self, values: Mapping[str, str], seen: Iterable[str]) -> None:
        """Replace the file by one with these secret values, and the tokens that output has shown.

        Raises OSError.
        """
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        data = json.dumps({"values": dict(values), "seen": list(seen)}).encode("ascii")
        replace_file(self.path, data, 0o600, durable=False)  # the file system is memory

    def read(self) -> tuple[dict[str, str], tuple[str, ...]]:
        """Return the values by name, and the tokens seen; both empty if no readable file exists."""
        try:
            data = json.loads(self.path.read_bytes())
            return dict(data["values"]), tuple(data["seen"])
        except (OSError, ValueError, TypeError, KeyError):
            return {}, ()

    def forget(self) -> None:
        """Remove the file."""
        with contextlib.suppress(OSError):
            self.path.unlink()


def find_secret_store(run: str, environ: Mapping[str, str]) -> SecretStore | None:
    """Return where a run's secrets may be kept; None if no safe place exists.

    The place is `$XDG_RUNTIME_DIR`, if it is a file system in memory and only this user can access it.
    """
    runtime = Path(environ.get("XDG_RUNTIME_DIR") or "")
    if not runtime.is_absolute() or not _is_ours_alone(runtime) or not _is_memory(runtime):
        return None
    return SecretStore(runtime / "runbook-exec" / f"{run}.json")


def _is_ours_alone(folder: Path) -> bool:
    try:
        found = folder.stat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == os.getuid()
        and not stat.S_IMODE(found.st_mode) & 0o077
    )


def _is_memory(folder: Path) -> bool:
    """Return whether the folder's file system is in memory.

    It is False if that is unknown, as on macOS.
    """
    try:
        device = folder.stat().st_dev
        lines = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return False
    number = f"{os.major(device)}:{os.minor(device)}"
    for line in lines:
        mount, _, kind = line.partition(" - ")
        if mount.split(" ")[2] == number:
            return kind.split(" ")[0] in _IN_MEMORY
    return False
