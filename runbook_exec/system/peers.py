"""Finds which user is at the other end of a Unix socket."""

from __future__ import annotations

import socket
import struct
import sys

_LOCAL_PEERCRED = 1  # of <sys/un.h> on macOS

_XUCRED = 76  # bytes of its `struct xucred`: version, user and groups


def read_peer_user(connection: socket.socket) -> int:
    """Return the number of the user at the other end, as the system knows it; -1 if it does not tell."""
    try:
        if sys.platform == "darwin":
            data = connection.getsockopt(0, _LOCAL_PEERCRED, _XUCRED)
            return int(struct.unpack_from("II", data)[1])
        data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", data)[1])
    except OSError:
        return -1
