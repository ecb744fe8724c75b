"""Asks a host how the last statement of a run has ended there, after the near end of its session has died."""

from __future__ import annotations

import json
import select
from collections.abc import Callable
from os import read, write

from ...shells.live_shell import Done
from ...system.signals import allow_interrupts
from .bootstrap import COMMAND, GREETING, build_report_program
from .ssh import SshProcess, find_options, start_ssh

_AT_ONCE = 1 << 16  # bytes read at once

_LONGEST = 1 << 17  # bytes of an answer


def ask_for_end(
    host: str, run: str, seq: int, *, attended: bool, on_running: Callable[[], None]
) -> Done | None:
    """Return how the statement ended that began at this event of the run; None if that is not known.

    If the statement still runs, call `on_running` and wait. An interrupt ends the wait.
    """
    try:
        ssh = start_ssh(host, find_options(host), COMMAND, attended=attended, again=True)
    except OSError:
        return None
    try:
        write(ssh.given, build_report_program(run))
        return _read_answers(ssh, seq, on_running)
    except (KeyboardInterrupt, OSError):
        return None
    finally:
        ssh.close(0.0)


def _read_answers(ssh: SshProcess, seq: int, on_running: Callable[[], None]) -> Done | None:
    """Read lines until one says how the statement has ended."""
    data, is_waiting = b"", False
    while piece := _read_piece(ssh):
        data = (data + piece)[-_LONGEST:]
        _, found, answers = data.partition(GREETING + b"report\n")
        for line in answers.split(b"\n")[:-1] if found else ():
            facts = _parse(line)
            if facts.get("seq") != seq:
                return None
            if facts.get("running") is False:
                return _make_done(facts)
            if not is_waiting:
                is_waiting = True
                on_running()
    return None


def _read_piece(ssh: SshProcess) -> bytes:
    """Wait for output and return it; b"" at its end."""
    poll = select.poll()
    poll.register(ssh.taken, select.POLLIN)
    poll.register(ssh.errors, select.POLLIN)
    while True:
        with allow_interrupts():
            ready = dict(poll.poll())
        if ssh.errors in ready and not read(ssh.errors, _AT_ONCE):
            poll.unregister(ssh.errors)
        if ssh.taken in ready:
            return read(ssh.taken, _AT_ONCE)


def _parse(line: bytes) -> dict[str, object]:
    try:
        facts = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _make_done(facts: dict[str, object]) -> Done | None:
    statuses = facts.get("pipestatus")
    status = facts.get("status")
    if not isinstance(status, int) or not isinstance(statuses, list) or facts.get("killed"):
        return None
    done = Done(status, tuple(each for each in statuses if isinstance(each, int)), "")
    return done._replace(
        timed_out=facts.get("timed_out") is True, interrupted=facts.get("interrupted") is True
    )
