"""Builds the file system of a rehearsal: that of this machine, without the sockets and FIFOs of others.

A read-only mount does not keep a program from connecting to a socket or from writing to a FIFO. An overlay
does: the sockets and FIFOs that it shows are copies, and nothing listens on them.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

Mount = Callable[
    [str, str, str | None, int, str], None
]  # source, target, kind, flags, options; raises OSError

_BIND, _REC, _NOSUID = 4096, 16384, 2

_OWN = ("/proc", "/sys", "/dev", "/run")  # these are set up by the sandbox itself

_MOST_FILES = 500  # files of one folder, beside others that are mounts, that are shown


def build_root(mount: Mount, root: str) -> None:
    """Fill the empty folder `root` with a view of this machine. Raises OSError."""
    empty = f"{root}/.no-files"
    os.mkdir(empty)  # noqa: PTH102
    _RootBuilder(mount, empty, frozenset(_read_mount_points()) - {root}).show_entries("/", root)
    os.rmdir(empty)  # noqa: PTH106


class _RootBuilder:
    """Shows folders of this machine in another root."""

    def __init__(self, mount: Mount, empty: str, mount_points: frozenset[str]) -> None:
        self._mount = mount
        self._empty = empty
        # an overlay does not show what is mounted below its folder, and may not be made of such a folder
        self._above = {str(each) for point in mount_points for each in Path(point).parents}

    def show_entries(self, source: str, target: str) -> None:
        """Show what is in a folder below which others are mounted."""
        files = 0
        try:
            entries = sorted(os.listdir(source))  # noqa: PTH208
        except OSError:
            return  # a folder that this user may not read
        for name in entries:
            path, beside = os.path.join(source, name), os.path.join(target, name)  # noqa: PTH118
            try:
                kind = os.lstat(path).st_mode
            except OSError:
                continue  # it was removed just now
            if path in _OWN:
                continue
            if stat.S_ISLNK(kind):
                os.symlink(os.readlink(path), beside)  # noqa: PTH115, PTH211
            elif stat.S_ISDIR(kind):
                os.mkdir(beside)  # noqa: PTH102
                self._show_folder(path, beside)
            elif stat.S_ISREG(kind) and files < _MOST_FILES:
                files += 1
                os.close(os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC))
                self._mount(path, beside, None, _BIND, "")

    def _show_folder(self, path: str, target: str) -> None:
        if path in self._above:
            self.show_entries(path, target)
            return
        layers = f"lowerdir={_escape(path)}:{_escape(self._empty)}"
        try:
            self._mount("overlay", target, "overlay", _NOSUID, layers)
        except OSError:  # its file system cannot be a layer
            self._mount(path, target, None, _BIND | _REC, "")


def _escape(path: str) -> str:
    return re.sub(r"([\\:,])", r"\\\1", path)


def _read_mount_points() -> Iterator[str]:
    """Yield where something is mounted, apart from the root."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH123
        for line in file:
            point = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), line.split(" ")[4])
            if point != "/" and not point.startswith(tuple(f"{own}/" for own in _OWN)):
                yield point
