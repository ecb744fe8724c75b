"""Runs the services of a rehearsal, such as a local server that replaces a remote one."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import Refused

if TYPE_CHECKING:
    import subprocess

_PATIENCE = 10.0  # seconds in which a service must be ready

_END_SECONDS = 2.0  # seconds in which a service must end after a signal

_READY = "ready"


@contextmanager
def run_services(
    commands: Sequence[str], folder: Path, environment: Mapping[str, str], enter_sandbox: Callable[[], None]
) -> Iterator[Mapping[str, str]]:
    """Start services in `folder`, one after the other; yield their variables; end them on exit.

    A service prints lines `NAME=VALUE`, and `ready` as the last one. Raises Refused if one does not.
    """
    variables: dict[str, str] = {}
    if not commands:
        yield variables
        return
    import subprocess  # large, and most rehearsals have no services

    with ExitStack() as stack:
        for command in commands:
            service = subprocess.Popen(
                ["/bin/sh", "-c", command],
                cwd=folder,
                env={**environment, **variables},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                start_new_session=True,
                preexec_fn=enter_sandbox,
            )
            stack.callback(_end_service, service)
            variables |= _read_variables(command, service)
        yield variables


def _read_variables(command: str, service: subprocess.Popen[bytes]) -> dict[str, str]:
    if service.stdout is None:
        raise Refused(f"`services: {command}` has no output")
    until = time.monotonic() + _PATIENCE
    text = b""
    while True:
        *lines, _ = text.decode("utf-8", "replace").split("\n")
        if _READY in lines:
            pairs = (line.partition("=") for line in lines[: lines.index(_READY)])
            return {name: value for name, equals, value in pairs if equals}
        ready, _, _ = select.select([service.stdout], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            raise Refused(f"`services: {command}`: expected the line `{_READY}` within {_PATIENCE:g} s")
        got = os.read(service.stdout.fileno(), 65536)
        if not got:
            status = service.wait()
            raise Refused(f"`services: {command}` ended with {status} before it said `{_READY}`")
        text += got


def _end_service(service: subprocess.Popen[bytes]) -> None:
    """End a service and the processes that it has started, which all have its output open."""
    for wanted in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(service.pid, wanted)
        if service.stdout is None or _is_closed(service.stdout.fileno()):
            break
    service.wait()
    if service.stdout:
        service.stdout.close()


def _is_closed(output: int) -> bool:
    """Return whether all writers of an output close it before a service must have ended."""
    until = time.monotonic() + _END_SECONDS
    while (left := until - time.monotonic()) > 0:
        ready, _, _ = select.select([output], [], [], left)
        if ready and not os.read(output, 65536):
            return True
    return False
