"""Opens sessions on another host, in the way in which tests open sessions here."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runbook_exec.session.connections.base import Connection
from runbook_exec.session.far.far_session import FarSession
from runbook_exec.session.far.reconnection import Destination
from runbook_exec.shells.live_shell import Done
from runbook_exec.system.tty import OperatorTty
from tests.support.live_session import home_environment

HOST = "root@web1"  # sees every file of this machine, except those below /tmp and /home


@contextmanager
def open_far_session(
    shell: str,
    folder: Path,
    *,
    clean: bool = True,
    keyboard: OperatorTty | None = None,
    connection: Connection | None = None,
    reconnect: float = 60.0,
    run: str = "",
) -> Iterator[FarSession]:
    """Start a session on the other host, in a folder that both machines see."""
    assert connection is None
    destination = Destination(HOST, run or secrets.token_hex(4), reconnect)
    environ = home_environment(folder)
    with FarSession(
        shell, destination, clean=clean, cwd=str(folder), environ=environ, alone=True, keyboard=keyboard
    ) as session:
        assert next(item for item in session.start() if isinstance(item, Done)).ended == ""
        yield session
