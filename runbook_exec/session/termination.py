"""Ends the program on a terminal: with ^C at first, then with stronger signals."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterable

from ..system.process_tree import Member
from .connections.base import TerminalProcess

_PATIENCE = 3.0  # seconds a program is given after ^C, and again after SIGTERM

_SHORT_PATIENCE = 1.0  # for a program that only waits

_WAYS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)


class Terminator:
    """Ends the program on a terminal at its deadline, or on request.

    `timed_out` is true once the deadline was enforced.
    """

    def __init__(
        self,
        shell: TerminalProcess,
        deadline: float | None,
        spares_shell: bool = False,
        shares_group: bool = False,
    ) -> None:
        """Take the deadline as a moment of the monotonic clock; None means no deadline.

        A shell that is spared is asked repeatedly to stop its work, and never killed. A program that shares
        the shell's process group is signalled by itself.
        """
        self.timed_out = False
        self._attempts = 0
        self._is_told = False  # whether it was told to end, so the deadline is none of the statement
        self._patience = _PATIENCE
        self._spares_shell = spares_shell
        self._shares_group = shares_group
        self._shell = shell
        self._deadline = deadline
        self._stopped: tuple[int, signal.Signals] | None = None  # process group and signal
        self._members: dict[int, Member] = {}  # of that group, when they were signalled

    def enforce_deadline(self, now: float) -> None:
        """Send the signal that is due at this moment, if any."""
        if self._deadline is not None and now >= self._deadline:
            self.timed_out |= not self._is_told
            self._stop(_WAYS[min(self._attempts, len(_WAYS) - 1)])
            self._attempts += 1
            self._deadline = time.monotonic() + self._patience
        elif self._stopped:
            self._stop_next()

    def end(self, *, is_idle: bool = False) -> None:
        """Interrupt the running program, and end it with stronger signals if it continues.

        A program that `is_idle` has nothing to finish, and gets less time.
        """
        if not self._is_told:
            self._is_told = True
            self._patience = _SHORT_PATIENCE if is_idle else _PATIENCE
            self._deadline = time.monotonic()

    def interrupt(self) -> None:
        """Interrupt the running program as ^C does."""
        self._stop(signal.SIGINT)

    def _stop(self, wanted: signal.Signals) -> None:
        with contextlib.suppress(OSError):
            group = self._shell.find_foreground_group()
            self._stopped, self._members = (group, wanted), self._shell.find_members(group)
            self._signal(group, wanted)
            self._add_copies(group)

    def _signal(self, group: int, wanted: signal.Signals) -> None:
        shell = self._shell
        if self._shares_group and group == shell.find_own_group() and self._signal_programs(wanted):
            return
        if wanted == signal.SIGINT or (self._attempts < len(_WAYS) and group != shell.find_own_group()):
            shell.signal_group(group, wanted)
        elif self._spares_shell:
            shell.signal_group(group, signal.SIGINT)
        elif wanted == signal.SIGKILL:
            shell.signal(wanted)  # the shell itself is running, or does not stop

    def _signal_programs(self, wanted: signal.Signals) -> bool:
        """Send a signal to the programs in the shell's own group, and return whether there are any."""
        programs = self._shell.list_programs() if self._attempts <= len(_WAYS) else []
        self._signal_each(programs, wanted)
        return bool(programs)

    def _stop_next(self) -> None:
        """Send the signal to programs that were started after it, as in a loop, or just when it came."""
        if not self._stopped:
            return
        stopped, wanted = self._stopped
        shell = self._shell
        with contextlib.suppress(OSError):
            group = shell.find_foreground_group()
            if group not in (stopped, shell.find_own_group()):
                self._stopped, self._members = (group, wanted), shell.find_members(group)
                shell.signal_group(group, wanted)
                self._add_copies(group)
            else:
                members = shell.find_members(stopped)
                self._signal_each([each for each in members if self._has_missed(each, members[each])], wanted)
                self._members |= members

    def _add_copies(self, group: int) -> None:
        """Note which processes are copies just after the signal.

        Another that is new may have been one, and counts as not signalled.
        """
        self._members |= {
            program: member for program, member in self._shell.find_members(group).items() if member.is_copy
        }

    def _has_missed(self, program: int, member: Member) -> bool:
        """Return whether a program has not received the signal to its group, or its shell discarded it."""
        before = self._members.get(program)
        if before is None:  # a program that a program starts, as to clean up, is not meant
            return member.is_first
        return before.is_copy and not member.is_copy  # bash discards signals until the copy is a program

    def _signal_each(self, programs: Iterable[int], wanted: signal.Signals) -> None:
        for program in programs:
            with contextlib.suppress(ProcessLookupError):
                self._shell.signal_program(program, wanted)
