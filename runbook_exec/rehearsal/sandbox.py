"""Isolates a rehearsal: it has only its own loopback, and cannot write or signal outside.

A process of ours creates the namespaces and keeps them; shells and services enter them before they start.
Only Linux has namespaces, and some containers forbid them: then `why` has the reason, and the rehearsal runs
without isolation.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from .private_root import build_root

_NEWNS, _NEWUSER, _NEWNET = 0x00020000, 0x10000000, 0x40000000

_MS_NOSUID, _MS_BIND, _MS_REC, _MS_PRIVATE, _MS_MOVE = 2, 4096, 16384, 1 << 18, 8192

_AT_RECURSIVE, _AT_FDCWD, _RDONLY = 0x8000, -100, 1

_MOUNT_SETATTR = 442  # the number of the system call, the same on all architectures

_CAPBSET_DROP, _SET_PDEATHSIG, _SET_NO_NEW_PRIVS = 24, 1, 38

_LANDLOCK_CREATE_RULESET, _LANDLOCK_RESTRICT_SELF = 444, 446

_LANDLOCK_SCOPES, _SCOPED = 6, 3  # the first version with scopes; abstract sockets and signals

# capabilities that could undo it: NET_ADMIN, SYS_MODULE, SYS_RAWIO, SYS_PTRACE, SYS_ADMIN, SYS_BOOT, MKNOD
_DROPPED = (12, 16, 17, 19, 21, 22, 27)

_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")

_LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2", "ptmx": "pts/ptmx"}

_SIOCSIFFLAGS, _UP = 0x8914, 0x41

_AF_INET, _SOCK_DGRAM = 2, 2


class Sandbox:
    """The namespaces of one rehearsal; `why` is the reason that there are none, or empty."""

    def __init__(self, folder: Path, wanted: bool = True) -> None:
        self.why = ""
        self._pid = 0
        self._names: tuple[str, ...] = ()
        if not wanted:
            self.why = "it was not asked for"
        elif sys.platform != "linux":
            self.why = "only Linux has namespaces"
        else:
            self._start_process(folder)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)

    def _start_process(self, folder: Path) -> None:
        """Start the process that creates the namespaces."""
        libc = _libc()
        user = os.geteuid() != 0
        mine, its = os.pipe()
        with warnings.catch_warnings():  # about other threads: the new process makes only system calls
            warnings.simplefilter("ignore", DeprecationWarning)
            self._pid = os.fork()
        if self._pid == 0:
            with contextlib.suppress(BaseException):
                os.write(its, _make_namespaces(libc, folder, user).encode())
                os.close(its)
                while True:
                    signal.pause()
            os._exit(1)
        os.close(its)
        with os.fdopen(mine, "rb") as answer:
            self.why = answer.read().decode() or "the process that makes namespaces has died"
        if self.why == "ready":
            self.why = ""
            self._names = (*(("user",) if user else ()), "net", "mnt")

    def make_entry(self, cwd: str) -> Callable[[], None]:
        """Return a function for a new process: it enters the namespaces and changes to `cwd`.

        The process must call it first.
        """
        paths = [f"/proc/{self._pid}/ns/{name}" for name in self._names]
        libc = _libc() if paths else None

        def enter_namespaces() -> None:
            if libc is None:
                return
            # opened first: inside, other permissions apply
            for fd in [os.open(path, os.O_RDONLY | os.O_CLOEXEC) for path in paths]:
                _check_result(libc, libc.setns(fd, 0), "cannot enter a namespace")
                os.close(fd)
            os.chdir(cwd)
            for capability in _DROPPED:
                libc.prctl(_CAPBSET_DROP, capability, 0, 0, 0)
            _confine_signals(libc)

        return enter_namespaces


def _libc() -> Any:
    import ctypes  # takes a moment, and only a rehearsal needs it

    return ctypes.CDLL(None, use_errno=True)


def _check_result(libc: Any, result: int, what: str) -> None:
    if result:
        import ctypes

        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number).lower()}")


def can_confine_signals() -> bool:
    """Return whether this machine can forbid a process to signal others (Landlock, Linux 6.12)."""
    version = _libc().syscall(_LANDLOCK_CREATE_RULESET, None, 0, 1) if sys.platform == "linux" else 0
    return bool(version >= _LANDLOCK_SCOPES)


def _confine_signals(libc: Any) -> None:
    """Forbid this process and its children to signal other processes or use abstract sockets."""
    import ctypes
    import struct

    if not can_confine_signals():
        return
    wanted = ctypes.create_string_buffer(struct.pack("3Q", 0, 0, _SCOPED), 24)
    ruleset = libc.syscall(_LANDLOCK_CREATE_RULESET, wanted, 24, 0)
    _check_result(libc, min(ruleset, 0), "cannot keep signals inside")
    libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    done = libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
    _check_result(libc, done, "cannot keep signals inside")


def _make_namespaces(libc: Any, folder: Path, user: bool) -> str:
    """Create the namespaces in this process; return `ready`, or the reason that it cannot."""
    try:
        libc.prctl(_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        uid, gid = os.geteuid(), os.getegid()
        flags = _NEWNS | _NEWNET | (_NEWUSER if user else 0)
        _check_result(libc, libc.unshare(flags), "no namespace can be made")
        if user:
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
            Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
        _start_loopback(libc)
        _mount_folders(libc, folder)
    except OSError as error:
        return error.strerror or str(error)
    return "ready"


def _start_loopback(libc: Any) -> None:
    import fcntl
    import struct

    # the module `socket` is large, and each rehearsal would load it anew in this process
    handle = libc.socket(_AF_INET, _SOCK_DGRAM, 0)
    _check_result(libc, min(handle, 0), "no socket can be made")
    fcntl.ioctl(handle, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", _UP))
    os.close(handle)


def _mount_folders(libc: Any, folder: Path) -> None:
    """Make everything except the folder read-only, and hide other programs' sockets, FIFOs and disks."""

    def mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
        encoded = kind.encode() if kind else None
        data = os.fsencode(options or "mode=755") if kind else None
        done = libc.mount(os.fsencode(source), os.fsencode(target), encoded, flags, data)
        _check_result(libc, done, f"cannot mount {target}")

    mount("none", "/", None, _MS_REC | _MS_PRIVATE)
    root = str(folder / "root")
    os.mkdir(root)  # noqa: PTH102
    mount("tmpfs", root, "tmpfs", _MS_NOSUID)
    build_root(mount, root)
    for name in ("proc", "sys"):
        os.mkdir(f"{root}/{name}")  # noqa: PTH102
        mount(f"/{name}", f"{root}/{name}", None, _MS_BIND | _MS_REC)
    _make_devices(mount, f"{root}/dev")
    os.mkdir(f"{root}/run")  # noqa: PTH102
    mount("tmpfs", f"{root}/run", "tmpfs", _MS_NOSUID)
    os.makedirs(f"{root}{folder}", exist_ok=True)  # noqa: PTH103 - it may be below /run or /dev/shm
    mount(str(folder), f"{root}{folder}", None, _MS_BIND)
    _set_read_only(libc, root, _RDONLY, 0, _AT_RECURSIVE)
    _set_read_only(libc, f"{root}{folder}", 0, _RDONLY, 0)
    if not folder.is_relative_to("/dev/shm"):  # noqa: S108
        mount("tmpfs", f"{root}/dev/shm", "tmpfs", _MS_NOSUID)  # noqa: S108 - an empty tmpfs of its own
    mount(root, "/", None, _MS_MOVE)  # a process that enters the namespace gets what is on top as its root


def _make_devices(mount: Callable[[str, str, str | None, int], None], devices: str) -> None:
    """Make a folder of devices that holds no disk."""
    os.mkdir(devices)  # noqa: PTH102
    mount("tmpfs", devices, "tmpfs", _MS_NOSUID)
    for name in _DEVICES:
        os.close(os.open(f"{devices}/{name}", os.O_CREAT | os.O_WRONLY))
        mount(f"/dev/{name}", f"{devices}/{name}", None, _MS_BIND)
    for name in ("pts", "shm"):
        os.mkdir(f"{devices}/{name}")  # noqa: PTH102
    for name, target in _LINKS.items():
        os.symlink(target, f"{devices}/{name}")  # noqa: PTH211
    mount("/dev/pts", f"{devices}/pts", None, _MS_BIND | _MS_REC)


def _set_read_only(libc: Any, path: str, on: int, off: int, flags: int) -> None:
    import ctypes
    import struct

    attributes = ctypes.create_string_buffer(struct.pack("4Q", on, off, 0, 0), 32)
    done = libc.syscall(_MOUNT_SETATTR, _AT_FDCWD, os.fsencode(path), flags, attributes, 32)
    _check_result(libc, done, f"cannot make {path} read-only")
