"""Waits until a shell that was interrupted reads whole messages again."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..system.signals import hold_signals
from .link import ShellLink

_PATIENCE = (0.2, 0.4, 0.8, 1.6, 3.2)  # seconds to wait if the shell may have dropped the question


def settle(link: ShellLink, make_question: Callable[[], tuple[int, bytes]]) -> None:
    """Ask the shell for an answer, repeatedly until it answers; a question is a turn and a message.

    A signal that was to interrupt a statement may arrive when the statement has just ended. Then it hits
    the gate or the next message, which would be dropped or reported as interrupted.
    """
    terminal = link.process.terminal
    poll = link.make_poll()
    for patience in _PATIENCE:
        turn, message = make_question()
        pending = memoryview(message)
        until = time.monotonic() + patience
        while (now := time.monotonic()) < until:
            with hold_signals():
                pending = link.send(pending, poll) if pending else pending
            ready = dict(poll.poll((until - now) * 1000))
            if terminal in ready:
                link.output.read()
                link.output.take()
            answered = link.reports.fileno() in ready and link.reports.read_completion(turn)
            if answered and link.reports.settled_turn == turn:
                return
            if link.process.end_descriptor in ready or link.output.hung_up:
                return
