"""Runs a command on a machine whose kernel refuses some system calls, as an old one or a container does.

Usage: `python without_calls.py ERROR NAME[,NAME…] COMMAND…`, such as `ENOSYS pidfd_open sh`.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys

_NUMBERS = {
    "x86_64": {
        "clone": 56, "clone3": 435, "fork": 57, "vfork": 58, "pidfd_open": 434, "flock": 73, "prctl": 157,
        "fsync": 74, "fdatasync": 75, "unshare": 272,
    },
    "aarch64": {
        "clone": 220, "clone3": 435, "fork": 220, "vfork": 220, "pidfd_open": 434, "flock": 32, "prctl": 167,
        "fsync": 82, "fdatasync": 83, "unshare": 97,
    },
}  # fmt: skip
_NO_NEW_PRIVS, _SECCOMP, _FILTER = 38, 22, 2
_LOAD, _IS, _RETURN = 0x20, 0x15, 0x06  # instructions: load a word of the call; compare; return
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000


def main(error: str, names: str, command: list[str]) -> None:
    """Refuse the calls to this process and its children, and become the command."""
    program = [struct.pack("HBBI", _LOAD, 0, 0, 0)]
    for name in names.split(","):
        program.append(struct.pack("HBBI", _IS, 0, 1, _NUMBERS[platform.machine()][name]))
        program.append(struct.pack("HBBI", _RETURN, 0, 0, _REFUSE | errno.__dict__[error]))
    program.append(struct.pack("HBBI", _RETURN, 0, 0, _ALLOW))
    code = ctypes.create_string_buffer(b"".join(program))
    rules = ctypes.create_string_buffer(struct.pack("HP", len(program), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    for done in (libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0), libc.prctl(_SECCOMP, _FILTER, rules, 0, 0)):
        if done:
            raise OSError(ctypes.get_errno(), "cannot refuse system calls")
    os.execvp(command[0], command)  # noqa: S606 - as any wrapper does


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
