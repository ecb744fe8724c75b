"""Starts a run in a session of its own, behind a server of its terminal.

The program becomes three processes: this one, which shows the run as any other terminal does; the server; and
the run, whose terminal is a pseudo-terminal of the server. The end of this process, or of its window, ends
neither of the others.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sys
import termios
from collections.abc import Callable

from ..errors import Refused, reason
from ..system.core_dumps import forbid_core_dumps
from ..system.temporary_folders import TemporaryFolder
from .client import TerminalClient, connect, wait_for_end
from .run_channel import RunChannel
from .server import RunEnds, TerminalServer

_LEFT = 3  # the exit status of a terminal that leaves a run which goes on


def start_behind_server(run: Callable[[RunChannel], int], hold: float, name: str, *, attended: bool) -> int:
    """Start the run, and return its exit status, or 3 if this terminal leaves it before its end.

    In the process of the run this calls `run` and returns its result, so it returns twice. `hold` is in
    seconds. `name` is the person at this terminal; without `attended` nobody is.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    forbid_core_dumps()  # all three processes see what is typed
    folder, listener = _open_socket()
    address = f"{folder.path}/terminal"
    server = os.fork()
    if server:
        listener.close()
        with connect(address) as connection:
            if not attended:
                return wait_for_end(connection, server)
            status = TerminalClient(connection, name, watch=False).follow()
        if status is None:
            print("\r\nThe run continues; `runbook-exec attach` returns to it.", file=sys.stderr)
        return _LEFT if status is None else status
    os.setsid()
    ours, theirs = socket.socketpair()
    terminal, inner = os.openpty()
    pid = os.fork()
    if not pid:
        os.close(terminal)
        ours.close()
        listener.close()
        output = None if attended else os.dup(1)
        _take_terminal(inner, 3 if attended else 2)  # errors go to a program that has started the run
        return run(RunChannel(theirs, address, output, hold))
    theirs.close()
    os.close(inner)
    _leave_streams()
    try:
        TerminalServer(folder, listener, RunEnds(pid, terminal, ours)).serve()
    finally:
        os._exit(0)  # nothing else of this copy of the program may run


def _open_socket() -> tuple[TemporaryFolder, socket.socket]:
    """Return a new folder that only this user can enter, and a socket that listens in it."""
    try:
        folder = TemporaryFolder("run")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(f"{folder.path}/terminal")
        listener.listen()
    except OSError as error:
        raise Refused(f"`--hold`: cannot make the socket of the run: {reason(error)}") from None
    return folder, listener


def _take_terminal(terminal: int, streams: int) -> None:
    """Make a pseudo-terminal the terminal of this process, in a session of its own.

    So many of the standard streams become the terminal.
    """
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    for number in range(streams):
        os.dup2(terminal, number)
    os.close(terminal)
    os.environ["TERM"] = os.environ.get("TERM", "dumb").replace("dumb", "xterm")
    for name in ("LINES", "COLUMNS"):
        os.environ.pop(name, None)


def _leave_streams() -> None:
    """Let go of the streams and the signals of the window that this process comes from."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    for each in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
        signal.signal(each, signal.SIG_IGN)
