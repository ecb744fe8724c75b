"""Keeps a statement of a session running while its caller types into what it has started."""

from __future__ import annotations

from functools import partial

from ...shells.driver import Completion
from ..pty_modes import make_ready
from ..session import Session
from .opener_exchange import OpenerExchange

_ANY_PROGRAM = b"sh -i"  # a statement that needs the job control of its shell


class HoldingSession(Session):
    """A session that can hand over the exchange of a statement."""

    _held = b""  # the statement whose exchange was handed over
    _before_held: Completion

    def __enter__(self) -> HoldingSession:
        return self

    def hold(self, code: bytes) -> OpenerExchange:
        """Begin a statement, and return its exchange for the caller to use up; call `release` after that."""
        before = self._last
        first, _ = self._job_control.prepare(_ANY_PROGRAM, before)
        message = first + self._driver.message(code, before, self._begin_turn())
        make_ready(self._terminal, self._good_modes, self._keyboard is not None)
        self._link.typed.clear()
        gate_line = partial(self._driver.gate_line, self._turn)
        self._held, self._before_held = code, before
        self._is_busy = True
        return OpenerExchange(self._link, self, message, self._turn, gate_line, None, self._keyboard, False)

    def release(self) -> None:
        """Note that the statement that was held has ended."""
        self._is_busy = False
        self._last = self._driver.carry_over(self._before_held, self._held, self._last)
