"""Describes how a statement, or the shell itself, has ended."""

from __future__ import annotations

import signal

from ..shells.driver import Completion
from ..shells.live_shell import Done
from .connections.base import TerminalProcess
from .exchange import Exchange


def describe_end(report: Completion, exchange: Exchange, folder: str) -> Done:
    """Return how a statement ended that the shell has reported on; `folder` is that of the report."""
    wait = exchange.key_wait
    return Done(
        report.status,
        report.pipestatus,
        report.cwd,
        timed_out=exchange.timed_out,
        interrupted=exchange.interrupted,
        suspended=exchange.typed_stop,
        waited_for_key=wait.program if wait else "",
        last_line=wait.last_line if wait else "",
        folder=folder,
    )


def describe_death(process: TerminalProcess, cwd: str, exchange: Exchange) -> Done:
    """Return how a statement ended with which the shell has ended; `cwd` is the last that is known."""
    status, by = process.wait()
    status = 128 + by if by else status
    name = f"was killed by {signal.Signals(by).name}" if by else f"ended with status {status}"
    done = describe_end(Completion(status, (status,), cwd), exchange, "")
    return done._replace(ended=f"the shell {name}", killed=bool(by), suspended=False)
