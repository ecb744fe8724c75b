"""Describes how a statement, or the shell itself, has ended."""

from __future__ import annotations

import signal

from ..shells.driver import Completion
from ..shells.live_shell import Done
from .connections.base import TerminalProcess
from .exchange import Exchange


def describe_end(report: Completion, exchange: Exchange) -> Done:
    """Return how a statement ended that the shell has reported on."""
    done = Done(report.status, report.pipestatus, report.cwd, suspended=exchange.typed_stop)
    return _add_reasons(done, exchange)


def describe_death(process: TerminalProcess, cwd: str, exchange: Exchange) -> Done:
    """Return how a statement ended with which the shell has ended; `cwd` is the last that is known."""
    status, by = process.wait()
    status = 128 + by if by else status
    name = f"was killed by {signal.Signals(by).name}" if by else f"ended with status {status}"
    done = Done(status, (status,), cwd, ended=f"the shell {name}", killed=bool(by))
    return _add_reasons(done, exchange)


def _add_reasons(done: Done, exchange: Exchange) -> Done:
    done = done._replace(timed_out=exchange.timed_out, interrupted=exchange.interrupted)
    wait = exchange.key_wait
    return done._replace(waited_for_key=wait.program, last_line=wait.last_line) if wait else done
