"""Runs in place of a program: sends its call and its streams to the function of a test."""

from __future__ import annotations

import json
import os
import socket
import sys

SOCKET = "python"  # in the folder of the rehearsal


def main() -> int:
    """Send the call and return the status that comes back."""
    name, *words = sys.argv[1:]
    call = {"name": name, "words": words, "cwd": os.getcwd(), "environment": dict(os.environ)}  # noqa: PTH109
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(os.path.join(os.environ["RUNBOOK_REHEARSAL"], SOCKET))  # noqa: PTH118
        socket.send_fds(line, [b"\n"], [0, 1, 2])
        line.sendall(json.dumps(call).encode())
        line.shutdown(socket.SHUT_WR)
        return int(line.recv(16) or 1)


if __name__ == "__main__":
    sys.exit(main())
