"""Starts OpenSSH's own client, with the user's own configuration."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from ...light_classes import NamedTuple

if TYPE_CHECKING:
    import subprocess

_IGNORED = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP)  # they are for the run, which passes them on

_TRIED = 15  # seconds in which a host that was lost must answer


class SshProcess(NamedTuple):
    """A running ssh; its standard streams are pipes that do not block."""

    process: subprocess.Popen[bytes]
    given: int  # we write to it
    taken: int  # we read from it
    errors: int

    def close(self, seconds: float) -> None:
        """End ssh; it has so many seconds to end by itself."""
        from subprocess import TimeoutExpired  # large, and most runs are on this machine

        for fd in (self.given, self.taken, self.errors):
            os.close(fd)
        try:
            self.process.wait(seconds)
        except TimeoutExpired:
            self.process.kill()
            self.process.wait()


def find_options(host: str) -> tuple[str, ...]:
    """Return the options that make ssh notice a lost connection, without those that the user has set."""
    import subprocess  # large, and most runs are on this machine

    try:
        done = subprocess.run(
            ("ssh", "-G", "--", host), stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
    except OSError:
        return ()
    known = dict(
        line.split(" ", 1) for line in done.stdout.decode("utf-8", "replace").splitlines() if " " in line
    )
    if known.get("serveraliveinterval", "0") != "0":
        return ()
    return ("-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3")


def start_ssh(
    host: str, options: tuple[str, ...], command: str, *, attended: bool, again: bool
) -> SshProcess:
    """Start ssh with a command for the host; raises OSError.

    If somebody attends, ssh may ask at the terminal. If it is started `again`, it does not wait long.
    """
    import subprocess  # large, and most runs are on this machine

    more: tuple[str, ...] = () if attended else ("-o", "BatchMode=yes")
    if again:
        more += ("-o", f"ConnectTimeout={_TRIED}")

    def ignore_keys() -> None:
        for number in _IGNORED:
            signal.signal(number, signal.SIG_IGN)

    process = subprocess.Popen(
        ("ssh", "-T", "-o", "RemoteCommand=none", *options, *more, "--", host, command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        preexec_fn=ignore_keys if attended else None,
        start_new_session=not attended,
    )
    fds = [os.dup(each.fileno()) for each in (process.stdin, process.stdout, process.stderr) if each]
    for each in (process.stdin, process.stdout, process.stderr):
        if each:
            each.close()
    for fd in fds:
        os.set_blocking(fd, False)
    return SshProcess(process, *fds)
