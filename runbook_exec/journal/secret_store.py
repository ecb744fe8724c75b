"""Stores secrets and shell state of an unfinished run on a file system in memory, never on a disk."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ..engine.ports import KeptShell
from ..light_classes import dataclass, field
from ..system.atomic_write import replace_file
from ..text.lazy_pattern import LazyPattern

_IN_MEMORY = ("tmpfs", "ramfs")

_MOUNTS = Path("/proc/self/mountinfo")

_SHARED = Path("/dev/shm")  # noqa: S108 (only a folder in it that is ours alone is used)

_JOURNAL = LazyPattern(rb'\{"journal": ("(?:[^"\\]|\\.)*")')

_HEAD = 8192  # bytes of a file in which the path of its journal is

_LEAST_ROOM = 1 << 14  # bytes of changes before the file is written anew

_ABANDONED = 60.0  # seconds after which a temporary file belongs to no living process


@dataclass(slots=True)
class SecretStore:
    """The file for one run: mode 0600, in a folder 0700 of its own.

    Its first line has all that is kept, and each further line what has changed since. A line that was cut off
    is ignored.
    """

    path: Path
    journal: str = ""  # the path of the run's journal; the file is removed with it
    takes_values: bool = True  # whether the secret values of placeholders may be kept here
    key: bytes = field(default_factory=lambda: os.urandom(16), repr=False)
    _data: dict[str, object] = field(default_factory=dict, repr=False)
    _file: int = field(default=-1, repr=False)  # open to append lines to it
    _room: int = field(default=0, repr=False)  # bytes that may be appended before it is written anew

    def keep(self, values: Mapping[str, str], seen: Iterable[str]) -> None:
        """Keep these secret values, and the tokens that output has shown, in place of earlier ones.

        Raises OSError.
        """
        self._change({"values": dict(values), "seen": list(seen)})

    def keep_shell(self, shell: KeptShell) -> None:
        """Keep the state of the shell. What it replaces is kept, too, until the state changes again.

        A run can be killed before its journal has the digests of the new state. Raises OSError.
        """
        suffix = f"@{shell.host}" if shell.host else ""
        known = self._data.get(f"definitions{suffix}")
        old, new = known if isinstance(known, dict) else {}, shell.definitions
        changes: dict[str, object] = {}
        written: dict[str, object] = {}
        if new != old:
            replaced = {key: code for key, code in old.items() if new.get(key) != code}
            changes[f"replaced{suffix}"] = written[f"replaced{suffix}"] = replaced
            changes[f"definitions{suffix}"] = dict(new)
            # not all of them, or the time that a run takes would grow with the square of their number
            written[f"made{suffix}"] = {key: code for key, code in new.items() if old.get(key) != code}
            written[f"gone{suffix}"] = [key for key in replaced if key not in new]
        before = [*_read_places(self._data.get(f"cwds{suffix}")), ["", ""]][0]
        if [shell.cwd, shell.folder] != before:
            changes[f"cwds{suffix}"] = written[f"cwds{suffix}"] = [[shell.cwd, shell.folder], before]
        self._change(changes, written)

    def _change(self, changes: Mapping[str, object], written: Mapping[str, object] | None = None) -> None:
        """Write the file, unless nothing changes in it; `written` is what its next line has of that."""
        if all(self._data.get(name) == data for name, data in changes.items()):
            return
        self._data |= changes
        line = json.dumps(written or changes).encode("ascii") + b"\n"
        if len(line) > self._room or not self._append(line):
            self._write_anew()

    def _append(self, line: bytes) -> bool:
        """Append a line to the file, and return whether that was possible."""
        self._room -= len(line)
        try:
            return os.write(self._file, line) == len(line)
        except OSError:
            return False

    def _write_anew(self) -> None:
        self._close()
        data = {"journal": self.journal, "key": self.key.hex(), **self._data}
        whole = json.dumps(data).encode("ascii") + b"\n"
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # the file system is memory
        replace_file(self.path, whole, 0o600, durable=False)
        self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW)
        self._room = max(len(whole), _LEAST_ROOM)

    def _close(self) -> None:
        self._room = 0
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def load(self) -> None:
        """Read the file of an earlier process, if one exists and is readable."""
        with contextlib.suppress(OSError, ValueError, TypeError, AttributeError, RecursionError):
            first, *rest = self.path.read_bytes().splitlines()
            data = json.loads(first)
            self.key = bytes.fromhex(data.pop("key", "")) or self.key
            data.pop("journal", None)
            self._data = dict(data)
            for line in rest:
                _apply_change(self._data, json.loads(line))

    def read(self) -> tuple[dict[str, str], tuple[str, ...]]:
        """Return the values by name, and the tokens seen; both empty if no readable file exists."""
        self.load()
        values, seen = self._data.get("values"), self._data.get("seen")
        return _read_texts(values), tuple(map(str, seen)) if isinstance(seen, list) else ()

    def read_shell(self, host: str = "") -> tuple[KeptShell, KeptShell]:
        """Return the state of the shell on a host, and what it replaced, as far as they are loaded."""
        suffix = f"@{host}" if host else ""
        places = _read_places(self._data.get(f"cwds{suffix}"))
        (cwd, folder), (old_cwd, old_folder) = (*places, ("", ""), ("", ""))[:2]
        return (
            KeptShell(_read_texts(self._data.get(f"definitions{suffix}")), cwd, folder, host),
            KeptShell(_read_texts(self._data.get(f"replaced{suffix}")), old_cwd, old_folder, host),
        )

    def forget(self) -> None:
        """Remove the file."""
        self._close()
        with contextlib.suppress(OSError):
            self.path.unlink()


def _apply_change(data: dict[str, object], change: dict[str, object]) -> None:
    """Apply a further line of the file to what the lines before it have said."""
    for name, value in change.items():
        kind, _, host = name.partition("@")
        whole = f"definitions@{host}" if host else "definitions"
        known = _read_texts(data.get(whole)) if kind in ("made", "gone") else {}
        if kind == "made" and isinstance(value, dict):
            data[whole] = known | value
        elif kind == "gone" and isinstance(value, list):
            data[whole] = {key: code for key, code in known.items() if key not in value}
        else:
            data[name] = value


def _read_texts(data: object) -> dict[str, str]:
    return {str(key): str(text) for key, text in data.items()} if isinstance(data, dict) else {}


def _read_places(data: object) -> list[list[str]]:
    """Return pairs of a working directory and its folder."""
    pairs = data if isinstance(data, list) else []
    return [[str(text) for text in pair] for pair in pairs if isinstance(pair, list) and len(pair) == 2]


def find_secret_store(run: str, environ: Mapping[str, str], journal: str = "") -> SecretStore | None:
    """Return where a run's secrets and shell state may be kept; None if no safe place exists.

    The place is `$XDG_RUNTIME_DIR`, if it is a file system in memory and only this user can access it. Else
    it is a folder of the user in `/dev/shm`, for shell state only: values can be given again.
    """
    stores = list(_list_stores(run, environ, journal))
    # a run may have been begun in another environment
    return next((store for store in stores if store.path.exists()), stores[0] if stores else None)


def forget_secrets(run: str, environ: Mapping[str, str]) -> None:
    """Remove the secrets and the shell state of a run, wherever they may be."""
    for store in _list_stores(run, environ, ""):
        store.forget()


def _list_stores(run: str, environ: Mapping[str, str], journal: str) -> Iterator[SecretStore]:
    if (runtime := _find_runtime_folder(environ)) is not None:
        yield SecretStore(runtime / "runbook-exec" / f"{run}.json", journal)
    if (shared := _find_shared_folder()) is not None:
        yield SecretStore(shared / f"{run}.json", journal, takes_values=False)


def find_memory_folder(environ: Mapping[str, str]) -> Path | None:
    """Return a folder in memory that only this user can access, for files of one process; None without."""
    return _find_runtime_folder(environ) or _find_shared_folder()


def _find_runtime_folder(environ: Mapping[str, str]) -> Path | None:
    runtime = Path(environ.get("XDG_RUNTIME_DIR") or "")
    is_safe = runtime.is_absolute() and _is_ours_alone(runtime, links=True) and _is_memory(runtime)
    return runtime if is_safe else None


def _find_shared_folder() -> Path | None:
    """Return a folder of this user in the memory that all users share, and make it if need be."""
    if not _is_memory(_SHARED):
        return None
    shared = _SHARED / f"runbook-exec-{os.getuid()}"
    with contextlib.suppress(OSError):
        shared.mkdir(mode=0o700)
    return shared if _is_ours_alone(shared) else None


def remove_abandoned(folder: Path) -> None:
    """Remove the files of runs whose journal was removed, and what killed processes have left."""
    with contextlib.suppress(OSError):
        for entry in list(os.scandir(folder)):
            with contextlib.suppress(OSError, ValueError):
                if _is_abandoned(entry):
                    Path(entry.path).unlink()


def _is_abandoned(entry: os.DirEntry[str]) -> bool:
    if not entry.is_file(follow_symlinks=False):
        return False
    if entry.name.startswith("."):
        return time.time() - entry.stat().st_mtime > _ABANDONED
    if not entry.name.endswith(".json"):
        return False
    with Path(entry.path).open("rb") as file:
        found = _JOURNAL.match(file.read(_HEAD))
    journal = json.loads(found[1]) if found else ""
    return bool(journal) and not os.path.lexists(journal)


def _is_ours_alone(folder: Path, links: bool = False) -> bool:
    try:
        found = folder.stat(follow_symlinks=links)
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
