"""Connects again to a session whose connection was lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator

from ...light_classes import NamedTuple
from ...shells.live_shell import Keyboard, OutputChunk, Silence
from ...system.signals import allow_interrupts
from .far_request import FarRequest
from .host_link import HostLink, HostLost

_BACKOFF = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)  # seconds between attempts

RECONNECT = 600.0  # seconds for which a lost host is tried


class Destination(NamedTuple):
    """Where a far session runs: a name that ssh knows, and the run that it belongs to."""

    host: str
    run: str
    reconnect: float = RECONNECT  # seconds for which a lost connection is tried


def connect_again(
    link: HostLink,
    destination: Destination,
    request: FarRequest,
    keyboard: Keyboard | None,
    notice: Callable[[str], None],
    interrupt: Callable[[FarRequest], None],
) -> Generator[OutputChunk | Silence, None, None]:
    """Connect to the session that is still there, while a request is being done.

    `interrupt` passes ^C on. Raises HostLost if the session is gone, or after too long.
    """
    host, began = destination.host, time.monotonic()
    lost = f"the connection to `{host}` was lost"
    if not link.address:
        raise HostLost(f"{lost} while the shell was starting")
    notice(f"{lost}; trying to connect again")
    attempt = 0
    while not _try_to_connect(link, lost, request, keyboard, interrupt):
        if time.monotonic() - began > destination.reconnect:
            raise HostLost(f"{lost}, and could not be restored")
        yield Silence(time.monotonic() - request.began)
        try:
            with allow_interrupts():
                time.sleep(_BACKOFF[min(attempt, len(_BACKOFF) - 1)])
        except KeyboardInterrupt:
            interrupt(request)
        attempt += 1
    notice(f"connected to `{host}` again")


def _try_to_connect(
    link: HostLink,
    lost: str,
    request: FarRequest,
    keyboard: Keyboard | None,
    interrupt: Callable[[FarRequest], None],
) -> bool:
    """Return whether the connection is restored; raises HostLost if the session is gone."""
    if keyboard:
        keyboard.give_back()  # ssh may ask something
    try:
        for _ in link.connect():
            pass
    except HostLost as why:
        if why.is_final:
            raise HostLost(f"{lost}, and {why}") from None
        return False
    except KeyboardInterrupt:
        interrupt(request)
        return False
    finally:
        if keyboard:
            keyboard.take()
    return True
