"""Decides for which statements the shell does without job control."""

from __future__ import annotations

from enum import Enum, auto

from ..shells.driver import Completion, Driver
from ..shells.live_shell import Keyboard
from ..shells.small_programs import find_small_program
from .connections.base import TerminalProcess


class _Mode(Enum):
    ON = auto()
    OFF = auto()
    UNKNOWN = auto()  # only the shell knows


class JobControl:
    """Turns the job control of a shell off for a statement that is one small program, and on for others.

    If somebody types, it stays on: ^Z must be able to stop every program. It also stays on if the system does
    not show which programs run.
    """

    def __init__(self, driver: Driver, process: TerminalProcess, keyboard: Keyboard | None) -> None:
        can_do_without = keyboard is None and process.shows_programs
        self._control = driver.control_jobs if can_do_without else None
        self._mode = _Mode.ON

    def prepare(self, code: bytes, before: Completion) -> tuple[bytes, bool]:
        """Return the code to run before a statement, and whether its program may share the shell's group.

        `before` is the report of the last statement.
        """
        if self._control is None:
            return b"", False
        if before.options == "-":  # what was sent with it may not have run
            self._mode = _Mode.UNKNOWN
        if b"job-control" in code:  # from here on the page decides
            control, self._control = self._control, None
            return (b"" if self._mode == _Mode.ON else control(None)), False
        program = find_small_program(code.decode("utf-8", "surrogateescape"))
        # a function can have any name but a path
        wanted = _Mode.ON if program is None else _Mode.OFF if "/" in program else _Mode.UNKNOWN
        if wanted == self._mode != _Mode.UNKNOWN:
            return b"", program is not None
        self._mode = wanted
        return self._control(program), program is not None
